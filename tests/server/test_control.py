"""The control server: it answers, and nothing of it is left."""

import os
import time

import httpx
import psutil

from tuner.probe.native import run
from tuner.probe.plan import ProbePlan, Request
from tuner.server.control import control_server


def children() -> set[int]:
    return {one.pid for one in psutil.Process(os.getpid()).children(recursive=True)}


def test_it_serves_a_load_and_ends_with_its_context() -> None:
    before = children()
    with control_server(2) as url:
        assert len(httpx.get(url, trust_env=False).content) == 1024
        started = children() - before
        assert len(started) == 2
        result = run(
            ProbePlan(
                url=url,
                host="control",
                requests=(Request(path="/"),),
                concurrency=8,
                warmup_seconds=0.1,
                duration_seconds=0.5,
            )
        )
    assert result.good > 50
    assert result.errors == {}
    deadline = time.monotonic() + 5
    while any(psutil.pid_exists(pid) for pid in started) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(psutil.pid_exists(pid) for pid in started)
