"""The distributed engine: the same plan on a Locust master and its workers.

The master runs in a child process, so that gevent stays out of this one. Workers are
processes here, processes on other hosts that ssh reaches (the master's port comes to
them through the ssh connection), or whatever connects by itself:
``locust -f - --worker --master-host THIS-HOST``.

https://docs.locust.io/en/stable/running-distributed.html and event-hooks of the same.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tuner.errors import ProbeError, UsageError
from tuner.probe.context import is_loopback
from tuner.probe.external.child import Finished, last_line, run_child, whole_seconds
from tuner.probe.external.outcome import silent
from tuner.probe.guard import Guard, any_of, no_guard
from tuner.probe.loop.tally import WINDOW_SECONDS
from tuner.probe.merge import merge
from tuner.probe.plan import ProbePlan
from tuner.probe.result import ProbeResult
from tuner.probe.shards import Document, process_count

NAME = "locust"

DEFAULT_PORT = 5557
_WAIT_SECONDS = 30
_END_SECONDS = 20.0
_UNKNOWN = (
    "keep-alive races",
    "connections opened",
    "connect time",
    "requests in flight at the end",
    "fairness",
)


def run(plan: ProbePlan, guard: Guard = no_guard) -> ProbeResult:
    """Run the probe on all workers; blocks for its duration.

    Raises:
        UsageError: locust is not installed, or cannot do what the plan asks.
        ProbeError: the master or a worker failed, or workers did not come in time.
    """
    _demand(plan)
    count = plan.expect_workers or len(plan.workers) or process_count(plan)
    with tempfile.TemporaryDirectory(prefix="tuner-locust-") as name:
        directory = Path(name)
        script = directory / "locustfile.py"
        script.write_text(locustfile(plan, count), "utf-8")
        result = directory / "result.json"
        host, port = _address(plan)
        environment = {**os.environ, "TUNER_LOCUST_RESULT": str(result)}
        command = _master(plan, count, script, host, port)
        seconds = whole_seconds(plan.warmup_seconds + plan.duration_seconds)
        limit = _WAIT_SECONDS + seconds + _END_SECONDS
        with _workers(_worker_commands(plan, count, port), directory) as lost:
            finished = run_child(command, limit, any_of(lost, guard), environment)
            if complaint := lost():
                raise ProbeError(complaint)
        documents = _documents(result, finished)
    if finished.stopped and not documents:
        return silent(NAME, plan, finished)
    if not documents:
        raise ProbeError(
            f"locust measured nothing: {finished.complaint}",
            hint="workers join with: locust -f - --worker --master-host THIS-HOST",
        )
    update = {"stopped": finished.stopped, "unknown": _UNKNOWN, "fairness": None}
    return merge(NAME, plan, documents).model_copy(update=update)


def _demand(plan: ProbePlan) -> None:
    if find_spec("locust") is None:
        raise UsageError("locust is not installed", hint="pip install 'tuner[distributed]'")
    refused = [
        what
        for what, is_asked in {
            "no constant rate": plan.rate is not None,
            "no HTTP/2": plan.http2,
            "no redirects or cookies": plan.follow_redirects or plan.cookies,
        }.items()
        if is_asked
    ]
    if refused:
        raise UsageError(f"locust has {', '.join(refused)}", hint="use --engine native or httpx")
    if plan.workers and is_loopback(urlsplit(plan.url).hostname or ""):
        raise UsageError(
            f"workers on other hosts cannot reach {plan.url}",
            hint="give the address that they see",
        )


def locustfile(plan: ProbePlan, workers: int) -> str:
    """Return the locustfile with its plan: it is all that a worker gets."""
    data = {
        "url": plan.url,
        "timeout_seconds": plan.timeout_seconds,
        "max_requests": workers * max(1, plan.max_requests // workers),
        "most_per_worker": max(1, plan.max_requests // workers),
        "weights": [one.weight for one in plan.requests],
        "requests": [
            {
                "method": one.method,
                "path": one.path,
                "headers": dict(plan.headers_for(one)),
                "body": one.body.decode("latin-1"),
            }
            for one in plan.requests
        ],
    }
    source = files("tuner.probe").joinpath("locust_load.py").read_text("utf-8")
    return source.replace(
        "PLAN: dict[str, Any] = {}", f"PLAN: dict[str, Any] = json.loads({json.dumps(data)!r})"
    )


def _address(plan: ProbePlan) -> tuple[str, int]:
    """Return where the master listens: for everybody only when others connect by themselves."""
    if plan.expect_workers:
        host = os.environ.get("LOCUST_MASTER_BIND_HOST", "*")
        return host, int(os.environ.get("LOCUST_MASTER_BIND_PORT", DEFAULT_PORT))
    with socket.create_server(("127.0.0.1", 0)) as free:
        return "127.0.0.1", free.getsockname()[1]


def _master(plan: ProbePlan, workers: int, script: Path, host: str, port: int) -> list[str]:
    seconds = whole_seconds(plan.warmup_seconds + plan.duration_seconds)
    return [
        *(sys.executable, "-m", "locust", "-f", str(script)),
        *("--master", "--master-bind-host", host, "--master-bind-port", str(port)),
        *("--expect-workers", str(workers), "--expect-workers-max-wait", str(_WAIT_SECONDS)),
        *("--headless", "-u", str(plan.concurrency), "-r", str(plan.connects_per_second)),
        *("-t", f"{seconds}s", "--only-summary", "--exit-code-on-error", "0", "-L", "WARNING"),
    ]


def _worker_commands(plan: ProbePlan, count: int, port: int) -> list[list[str]]:
    """Return the commands of the workers that are ours to start."""
    if plan.expect_workers:
        return []
    join = ["-f", "-", "--worker", "--master-host", "127.0.0.1", "--master-port", str(port)]
    if not plan.workers:
        return [[sys.executable, "-m", "locust", *join, "-L", "WARNING"]] * count
    if any(host.startswith("-") for host in plan.workers):
        raise UsageError("a worker host does not begin with a dash")
    tunnel = f"{port}:127.0.0.1:{port}"
    options = ["-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-R", tunnel]
    return [["ssh", *options, host, "locust", *join] for host in plan.workers]


@contextmanager
def _workers(commands: Sequence[Sequence[str]], directory: Path) -> Iterator[Guard]:
    """Run worker processes and tell when one of them fails; they are gone afterwards."""
    if commands and shutil.which(commands[0][0]) is None:
        raise ProbeError(f"{commands[0][0]} is not installed")
    processes: list[subprocess.Popen[bytes]] = []
    logs = [directory / f"worker-{number}.log" for number in range(1, len(commands) + 1)]

    def lost() -> str:
        for process, path in zip(processes, logs, strict=True):
            if process.poll():
                complaint = last_line(path.read_text("utf-8", "replace"))
                return f"{path.stem} failed: {complaint or 'it says nothing'}"
        return ""

    try:
        for command, path in zip(commands, logs, strict=True):
            with path.open("wb") as log:
                processes.append(
                    subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
                )
        yield lost
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(3)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _documents(result: Path, finished: Finished) -> list[Document]:
    if not result.exists():
        if finished.stopped:
            return []
        raise ProbeError(f"locust failed: {finished.complaint}")
    told: list[Mapping[str, Any]] = json.loads(result.read_text("utf-8"))
    return [_document(one) for one in told if len(one.get("usage", ())) > 1]


def _document(told: Mapping[str, Any]) -> Document:
    """Return a worker's document in the form of the native loop's."""
    return {
        "window_seconds": WINDOW_SECONDS,
        "mismatches": 0,
        "races": 0,
        "opened": 0,
        "connect": {},
        "censored": [],
        "backlog": 0,
        "lags": {},
        "per_connection": [],
        **told,
    }
