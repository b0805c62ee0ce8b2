"""The httpx engine: full-fidelity requests, with redirects, cookies and HTTP/2 where asked.

Several processes, one client for each worker in them: a shared connection pool scans
all its connections at every request and becomes the limit long before the server
does. Even so one process makes about a thousand requests a second: the validity
checks say when that was measured and not the server.
"""

import sys
from importlib.util import find_spec

from tuner.errors import UsageError
from tuner.probe.guard import Guard, no_guard
from tuner.probe.merge import merge
from tuner.probe.plan import ProbePlan
from tuner.probe.result import ProbeResult
from tuner.probe.shards import Shard, part, process_count, run_shards

NAME = "httpx"


def run(plan: ProbePlan, guard: Guard = no_guard) -> ProbeResult:
    """Run the probe; blocks for its duration. Errors of the target are counted, not raised.

    Raises:
        UsageError: HTTP/2 is asked for, and its library is not installed.
        ProbeError: a worker process failed.
    """
    if plan.http2 and find_spec("h2") is None:
        raise UsageError("HTTP/2 needs the package h2", hint="pip install 'tuner[http2]'")
    if plan.workers:
        raise UsageError("httpx sends from this machine only", hint="use native or locust")
    processes = process_count(plan)
    shards = [
        Shard(
            (sys.executable, "-m", "tuner.probe.httpx_worker"),
            share_of(plan, number, processes).model_dump_json().encode(),
        )
        for number in range(processes)
    ]
    documents, stopped = run_shards(shards, plan, guard)
    result = merge(NAME, plan, documents)
    return result.model_copy(update={"stopped": stopped, "unknown": ("connect time",)})


def share_of(plan: ProbePlan, number: int, processes: int) -> ProbePlan:
    """Return the part of the load that one process sends."""
    return plan.model_copy(
        update={
            "concurrency": part(plan.concurrency, processes, number),
            "rate": plan.rate / processes if plan.rate else None,
            "max_requests": max(1, part(plan.max_requests, processes, number)),
            "connects_per_second": max(1, plan.connects_per_second // processes),
            "seed": plan.seed + number,
        }
    )
