"""ApacheBench.

Always ``-l``: a page whose length varies is no failure. Failing statuses are, which ab
itself counts apart. ab speaks HTTP/1.0, with keep-alive where the server grants it.
"""

import csv
import re
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from tuner.probe.external.child import Finished, find_program, run_warmed, whole_seconds
from tuner.probe.external.outcome import Outcome, demand, result_of, silent
from tuner.probe.guard import Guard, no_guard
from tuner.probe.histogram import Latency
from tuner.probe.plan import ProbePlan
from tuner.probe.result import ProbeResult

NAME = "ab"

_POLL_TIMEOUT = "The timeout specified has expired"
_UNKNOWN = (
    "p99.9: the maximum stands there",
    "statuses",
    "connections that were cut before an answer",
    "histogram",
)


def run(plan: ProbePlan, guard: Guard = no_guard) -> ProbeResult:
    """Run ab; a run of its own before warms the server up.

    Raises:
        UsageError: ab is not installed, or cannot do what the plan asks.
        ProbeError: ab fails.
    """
    demand(NAME, plan)
    program = find_program(NAME, "apt install apache2-utils")
    with tempfile.TemporaryDirectory(prefix="tuner-ab-") as name:
        percentiles = Path(name) / "percentiles.csv"

        def command(seconds: float) -> list[str]:
            words = [program, *_options(plan, whole_seconds(seconds)), "-e", str(percentiles)]
            return [*words, plan.url + plan.requests[0].path]

        finished = run_warmed(plan, command, guard)
        if "Complete requests:" not in finished.stdout:
            if _POLL_TIMEOUT in finished.stderr:
                return _timed_out(plan, finished)
            return silent(NAME, plan, finished)
        rows = percentiles.read_text("utf-8") if percentiles.exists() else ""
    return result_of(NAME, plan, outcome_of(finished.stdout, rows), finished)


def _options(plan: ProbePlan, seconds: int) -> list[str]:
    # -n behind -t, which sets it to 50,000.
    options = ["-q", "-l", "-r", "-c", str(plan.concurrency), "-t", str(seconds)]
    options += ["-n", str(max(plan.max_requests, plan.concurrency))]
    options += ["-s", str(whole_seconds(plan.timeout_seconds))]
    if plan.keep_alive:
        options.append("-k")
    if plan.requests[0].method == "HEAD":
        options.append("-i")
    for name, value in plan.headers_for(plan.requests[0]):
        options += ["-H", f"{name}: {value}"]
    return options


def _timed_out(plan: ProbePlan, finished: Finished) -> ProbeResult:
    """Tell about a run that ab gave up at its first timeout, with all it had measured."""
    outcome = Outcome(
        finished.seconds,
        0,
        None,
        errors={"timeout": 1},
        unknown=("everything before the first timeout, where ab gives up",),
    )
    return result_of(NAME, plan, outcome, finished)


def outcome_of(text: str, percentiles: str) -> Outcome:
    """Return what ab printed, and its CSV of percentiles, as an outcome."""
    complete = _count(text, "Complete requests")
    kinds = re.search(r"\(Connect: (\d+), Receive: (\d+), Length: \d+, Exceptions: (\d+)\)", text)
    connect, receive, exceptions = map(int, kinds.groups()) if kinds else (0, 0, 0)
    received = _count(text, "Total transferred")
    errors = {
        # With -r ab counts one refused connection as received badly and as an exception.
        "connect error": connect,
        "receive error": max(receive, exceptions),
        "status not 2xx": _count(text, "Non-2xx responses"),
    }
    if not received and not sum(errors.values()):
        errors["connection closed"] = complete
    good = max(0, complete - sum(errors.values()))
    return Outcome(
        seconds=_value(text, "Time taken for tests"),
        good=good,
        latency=latency_of(_milliseconds(percentiles), complete) if good else None,
        errors=errors,
        body_bytes=_count(text, "HTML transferred"),
        unknown=_UNKNOWN,
    )


def _count(text: str, label: str) -> int:
    return int(_value(text, label))


def _value(text: str, label: str) -> float:
    found = re.search(rf"^{re.escape(label)}:\s+([\d.]+)", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def _milliseconds(percentiles: str) -> list[float]:
    return [float(row[1]) for row in csv.reader(percentiles.splitlines()[1:]) if len(row) == 2]


def latency_of(milliseconds: Sequence[float], count: int) -> Latency | None:
    """Return the latency from ab's values at 0, 1 ... 100 percent.

    The mean is that of the steps between them; p99.9, which is not among them, is
    given as the maximum.
    """
    if len(milliseconds) != 101:
        return None
    at = [value / 1e3 for value in milliseconds]
    steps = [(low + high) / 2 for low, high in pairwise(at[:-1])]
    return Latency(
        count=count,
        mean_seconds=(sum(steps) + at[99]) / 100,
        p50_seconds=at[50],
        p90_seconds=at[90],
        p95_seconds=at[95],
        p99_seconds=at[99],
        p999_seconds=at[100],
        max_seconds=at[100],
    )
