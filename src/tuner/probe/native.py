"""The native engine: load loops in processes of their own, merged exactly.

Each process runs the load loop on a share of the load. Their windows are merged,
the warm-up is cut where the throughput becomes steady, and the rest becomes one
result.
"""

import json
import os
import resource
import selectors
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from tuner.errors import ProbeError
from tuner.probe.guard import Guard, no_guard
from tuner.probe.histogram import encode, new_histogram, record_counts, summarise
from tuner.probe.loop import program
from tuner.probe.plan import USER_AGENT, ProbePlan, Request
from tuner.probe.result import Censored, ClientLoad, ProbeResult
from tuner.probe.steady import drift, steady_from

NAME = "native"

_END_SECONDS = 10.0
_SPARE_DESCRIPTORS = 64
_STORM_BAD = 50
_STORM_SHARE = 0.5

Document = dict[str, Any]


def run(plan: ProbePlan, guard: Guard = no_guard) -> ProbeResult:
    """Run the probe; blocks for its duration. Errors of the target are counted, not raised.

    Raises:
        ProbeError: the target's name does not resolve, or the limit of open
            descriptors is too low.
    """
    _demand_descriptors(plan)
    specs = [spec_for(plan, share) for share in range(_processes(plan))]
    documents, stopped = _run_loops(specs, plan, guard)
    return merge(plan, documents).model_copy(update={"stopped": stopped})


def _processes(plan: ProbePlan) -> int:
    return max(1, min(plan.processes, plan.concurrency // 2 or 1))


def _demand_descriptors(plan: ProbePlan) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = plan.concurrency // _processes(plan) + _SPARE_DESCRIPTORS
    if hard != resource.RLIM_INFINITY and needed > hard:
        raise ProbeError(
            f"{plan.concurrency} connections need {needed} open files, the limit is {hard}",
            hint="raise it with ulimit -n",
        )


def spec_for(plan: ProbePlan, share: int) -> Document:
    """Return what one process does: its share of clients, rate and requests."""
    url = urlsplit(plan.url)
    is_tls = url.scheme == "https"
    port = url.port or (443 if is_tls else 80)
    processes = _processes(plan)
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
        "connections": _part(plan.concurrency, processes, share),
        "max_requests": max(1, _part(plan.max_requests, processes, share)),
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


def _part(total: int, parts: int, number: int) -> int:
    return total // parts + (1 if number < total % parts else 0)


def _resolve(host: str, port: int) -> str:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise ProbeError(f"{host} does not resolve: {error.strerror or error}") from error
    return str(found[0][4][0])


def _message(plan: ProbePlan, request: Request) -> str:
    """Write one request; the bytes travel as latin-1 text."""
    headers = [("Host", plan.host), ("User-Agent", USER_AGENT), ("Accept", "*/*")]
    headers += [*plan.headers, *request.headers]
    if not plan.keep_alive:
        headers.append(("Connection", "close"))
    if request.body:
        headers.append(("Content-Length", str(len(request.body))))
    lines = [f"{request.method} {request.path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers]
    head = "\r\n".join(lines) + "\r\n\r\n"
    return head.encode("utf-8", "surrogateescape").decode("latin-1") + request.body.decode(
        "latin-1"
    )


def _run_loops(
    specs: Sequence[Document], plan: ProbePlan, guard: Guard
) -> tuple[list[Document], str]:
    """Run the loops side by side, watch them, and collect what they print."""
    loops = [_start(spec) for spec in specs]
    watch = _Watch(loops, guard)
    try:
        stopped = watch.until_done(plan.warmup_seconds + plan.duration_seconds + _END_SECONDS)
        documents = [watch.documents[loop.pid] for loop in loops]
    except KeyError as error:
        raise ProbeError(f"the load loop failed: {watch.complaint()}") from error
    finally:
        for loop in loops:
            if loop.poll() is None:
                loop.kill()
            loop.wait()
            for pipe in (loop.stdout, loop.stderr):
                if pipe is not None:
                    pipe.close()
    return documents, stopped


def _start(spec: Document) -> "subprocess.Popen[bytes]":
    # -I -S: no site-packages, no environment: the loop needs the standard library only.
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-", json.dumps(spec)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"LC_ALL": "C"},
    )
    assert process.stdin is not None
    process.stdin.write(program().encode())
    process.stdin.close()
    return process


class _Watch:
    """Reads what the loops print, asks the guard, and ends them when it says so."""

    def __init__(self, loops: "Sequence[subprocess.Popen[bytes]]", guard: Guard) -> None:
        self.loops = loops
        self.guard = guard
        self.documents: dict[int, Document] = {}
        self.progress: dict[int, Document] = {}
        self._errors = b""
        self._pending: dict[int, bytes] = {loop.pid: b"" for loop in loops}

    def until_done(self, limit_seconds: float) -> str:
        """Return when every loop has ended; say why a guard stopped them."""
        deadline = time.monotonic() + limit_seconds
        stopped = ""
        with selectors.DefaultSelector() as selector:
            for loop in self.loops:
                assert loop.stdout is not None
                os.set_blocking(loop.stdout.fileno(), False)
                selector.register(loop.stdout, selectors.EVENT_READ, loop)
            while selector.get_map():
                for key, _ in selector.select(0.1):
                    if not self._read(key.data):
                        selector.unregister(key.fileobj)
                if not stopped and (stopped := self.guard() or self._storm()):
                    self._terminate()
                if time.monotonic() > deadline:
                    raise ProbeError("the load loop does not end")
        return "" if stopped == _STORM else stopped

    def _read(self, loop: "subprocess.Popen[bytes]") -> bool:
        assert loop.stdout is not None
        data = loop.stdout.read(1 << 20)
        if not data:
            return data is None
        lines = (self._pending[loop.pid] + data).split(b"\n")
        self._pending[loop.pid] = lines.pop()
        for line in lines:
            document = json.loads(line)
            if document["t"] == "done":
                self.documents[loop.pid] = document
            else:
                self.progress[loop.pid] = document
        return True

    def _storm(self) -> str:
        bad = sum(one["bad"] for one in self.progress.values())
        ended = bad + sum(one["good"] for one in self.progress.values())
        return _STORM if bad >= _STORM_BAD and bad > _STORM_SHARE * ended else ""

    def _terminate(self) -> None:
        for loop in self.loops:
            if loop.poll() is None:
                loop.terminate()

    def complaint(self) -> str:
        """Return the last line that a failed loop wrote."""
        for loop in self.loops:
            if loop.stderr is not None:
                lines = loop.stderr.read().decode("utf-8", "replace").strip().splitlines()
                if lines:
                    return lines[-1]
        return "no output"


_STORM = "most requests fail"
"""A storm of errors ends a probe early; its result says enough by its errors."""


def merge(plan: ProbePlan, documents: Sequence[Document]) -> ProbeResult:
    """Merge what the loops measured into one result."""
    window = float(documents[0]["window_seconds"])
    elapsed = min(float(one["elapsed_seconds"]) for one in documents)
    series = _series(documents, max(1, int(elapsed / window)))
    first = round(plan.warmup_seconds / window)
    if first >= len(series):
        first = 0  # ended within the warm-up: better all of it than nothing
    steady = steady_from(series[first:])
    cut = first + steady.cut
    measured = max(elapsed - cut * window, 1e-9)
    histogram = new_histogram()
    errors: Counter[str] = Counter()
    for document in documents:
        for number, counts in document["windows"].items():
            if int(number) >= cut:
                record_counts(histogram, {int(value): n for value, n in counts.items()})
        for number, kinds in document["errors"].items():
            if int(number) >= cut:
                errors.update(kinds)
    good = int(histogram.get_total_count())
    return ProbeResult(
        engine=NAME,
        mode=plan.mode,
        concurrency=plan.concurrency,
        rate=plan.rate,
        elapsed_seconds=measured,
        discarded_seconds=cut * window,
        is_steady=steady.is_steady,
        drift=drift(series[cut:]),
        requests=good + errors.total(),
        good=good,
        throughput=good / measured,
        latency=summarise(histogram),
        connect=_summary_of(documents, "connect"),
        histogram=encode(histogram),
        errors=dict(sorted(errors.items())),
        statuses=_statuses(documents),
        body_bytes=sum(one["bytes"] for one in documents),
        mismatches=sum(one["mismatches"] for one in documents),
        keep_alive_races=sum(one["races"] for one in documents),
        connections_opened=sum(one["opened"] for one in documents),
        censored=_censored(documents),
        backlog=sum(one["backlog"] for one in documents),
        fairness=_jain([n for one in documents for n in one["per_connection"]]),
        client=_client_load(documents, cut),
        series=tuple(series),
    )


def _series(documents: Sequence[Document], length: int) -> list[int]:
    series = [0] * length
    for document in documents:
        for number, counts in document["windows"].items():
            if int(number) < length:
                series[int(number)] += sum(counts.values())
    return series


def _statuses(documents: Sequence[Document]) -> dict[int, int]:
    found: Counter[int] = Counter()
    for document in documents:
        found.update({int(status): n for status, n in document["statuses"].items()})
    return dict(sorted(found.items()))


def _summary_of(documents: Sequence[Document], name: str) -> Any:
    histogram = new_histogram()
    for document in documents:
        record_counts(histogram, {int(value): n for value, n in document[name].items()})
    return summarise(histogram)


def _censored(documents: Sequence[Document]) -> Censored:
    ages = [age for one in documents for age in one["censored"]]
    return Censored(count=len(ages), max_age_seconds=max(ages, default=0) / 1e6)


def _jain(counts: Sequence[int]) -> float | None:
    squares = sum(count * count for count in counts)
    return sum(counts) ** 2 / (len(counts) * squares) if squares else None


def _client_load(documents: Sequence[Document], cut: int) -> ClientLoad:
    shares: list[tuple[float, float]] = []
    for document in documents:
        usage = document["usage"]
        first, last = usage[max(0, min(cut, len(usage) - 2))], usage[-1]
        seconds = max(last[0] - first[0], 1e-9)
        shares.append(((last[1] - first[1]) / seconds, (last[2] - first[2]) / seconds))
    lag = _summary_of(documents, "lags")
    return ClientLoad(
        cpu_share=max(share[0] for share in shares),
        queue_share=max(share[1] for share in shares),
        lag_p99_seconds=lag.p99_seconds if lag else None,
        lag_max_seconds=lag.max_seconds if lag else None,
        processes=len(documents),
    )
