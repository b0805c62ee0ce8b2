"""The native engine: load loops in processes of their own, merged exactly.

A loop is one program of the standard library only. It runs on this machine, or on
others that ssh reaches and that have a Python: it is sent there by standard input.
"""

import json
import resource
import shlex
import socket
import sys
from urllib.parse import urlsplit

from tuner.errors import ProbeError, UsageError
from tuner.probe.context import is_loopback
from tuner.probe.guard import Guard, no_guard
from tuner.probe.loop import program
from tuner.probe.merge import merge
from tuner.probe.plan import ProbePlan, Request
from tuner.probe.result import ProbeResult
from tuner.probe.shards import Document, Shard, part, process_count, run_shards

NAME = "native"

_SPARE_DESCRIPTORS = 64


def run(plan: ProbePlan, guard: Guard = no_guard) -> ProbeResult:
    """Run the probe; blocks for its duration. Errors of the target are counted, not raised.

    Raises:
        UsageError: the plan asks for what only other engines can.
        ProbeError: the target's name does not resolve, the limit of open
            descriptors is too low, or a worker host cannot be used.
    """
    if plan.http2 or plan.follow_redirects or plan.cookies:
        raise UsageError(
            "the native engine has no HTTP/2, redirects or cookies", hint="use --engine httpx"
        )
    shards = _remote_shards(plan) if plan.workers else _local_shards(plan)
    documents, stopped = run_shards(shards, plan, guard)
    return merge(NAME, plan, documents).model_copy(update={"stopped": stopped})


def _local_shards(plan: ProbePlan) -> list[Shard]:
    processes = process_count(plan)
    _demand_descriptors(part(plan.concurrency, processes, 0))
    return [
        # -I -S: no site-packages, no environment: the loop needs the standard library only.
        Shard(
            (sys.executable, "-I", "-S", "-", json.dumps(spec_for(plan, number, processes))),
            program().encode(),
            {"LC_ALL": "C"},
        )
        for number in range(processes)
    ]


def _remote_shards(plan: ProbePlan) -> list[Shard]:
    if is_loopback(urlsplit(plan.url).hostname or ""):
        raise UsageError(
            f"workers on other hosts cannot reach {plan.url}",
            hint="give the address that they see",
        )
    hosts = plan.workers[: plan.concurrency]
    shards = []
    for number, host in enumerate(hosts):
        spec = json.dumps(spec_for(plan, number, len(hosts)))
        command = on_host(host, ("python3", "-I", "-S", "-", spec))
        shards.append(Shard(command, program().encode()))
    return shards


def on_host(host: str, command: tuple[str, ...]) -> tuple[str, ...]:
    """Return the command that runs another one on a host, without asking anybody."""
    if host.startswith("-"):
        raise UsageError(f"not a host: {host}")
    return ("ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", host, shlex.join(command))


def _demand_descriptors(connections: int) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = connections + _SPARE_DESCRIPTORS
    if hard != resource.RLIM_INFINITY and needed > hard:
        raise ProbeError(
            f"{connections} connections need {needed} open files, the limit is {hard}",
            hint="raise it with ulimit -n",
        )


def spec_for(plan: ProbePlan, share: int, processes: int) -> Document:
    """Return what one process does: its share of clients, rate and requests."""
    url = urlsplit(plan.url)
    is_tls = url.scheme == "https"
    port = url.port or (443 if is_tls else 80)
    return {
        "ip": _resolve(url.hostname or "", port),
        "port": port,
        "tls": is_tls,
        "server_name": plan.host.partition(":")[0] if is_tls else "",
        "keep_alive": plan.keep_alive,
        "messages": [_message(plan, request) for request in plan.requests],
        "weights": [request.weight for request in plan.requests],
        "seed": plan.seed + share,
        "expect": [_expected(plan, request) for request in plan.requests],
        "rate": plan.rate / processes if plan.rate else 0,
        "connections": part(plan.concurrency, processes, share),
        "max_requests": max(1, part(plan.max_requests, processes, share)),
        "warmup_seconds": plan.warmup_seconds,
        "duration_seconds": plan.duration_seconds,
        "timeout_seconds": plan.timeout_seconds,
        "connects_per_second": max(1, plan.connects_per_second // processes),
    }


def _expected(plan: ProbePlan, request: Request) -> tuple[int, int | None] | None:
    """Return status and body length that a good answer has.

    What is expected of the plan as a whole goes for its only request.
    """
    expected = request.expected or (plan.expected if len(plan.requests) == 1 else None)
    return (expected.status, expected.body_bytes) if expected else None


def _resolve(host: str, port: int) -> str:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise ProbeError(f"{host} does not resolve: {error.strerror or error}") from error
    return str(found[0][4][0])


def _message(plan: ProbePlan, request: Request) -> str:
    """Write one request; the bytes travel as latin-1 text."""
    headers = plan.headers_for(request)
    if request.body:
        headers.append(("Content-Length", str(len(request.body))))
    lines = [f"{request.method} {request.path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers]
    head = "\r\n".join(lines) + "\r\n\r\n"
    return head.encode("utf-8", "surrogateescape").decode("latin-1") + request.body.decode(
        "latin-1"
    )
