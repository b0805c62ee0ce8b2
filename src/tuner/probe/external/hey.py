"""hey, by its summary.

Its CSV has a row for each answer, but failed requests are missing in it (hey 0.1.4,
requester/report.go), so that a server that fails looks like one that is asked little.
The summary has everything by kind, and percentiles of the answers.
"""

import re

from tuner.probe.external.child import find_program, run_warmed, whole_seconds
from tuner.probe.external.outcome import Outcome, demand, result_of, silent
from tuner.probe.guard import Guard, no_guard
from tuner.probe.histogram import Latency
from tuner.probe.plan import ProbePlan
from tuner.probe.result import ProbeResult

NAME = "hey"

_MOST_RESULTS = 1_000_000
_UNKNOWN = ("p99.9: the maximum stands there", "histogram")


def run(plan: ProbePlan, guard: Guard = no_guard) -> ProbeResult:
    """Run hey; a run of its own before warms the server up.

    Raises:
        UsageError: hey is not installed, or cannot do what the plan asks.
        ProbeError: hey fails.
    """
    demand(NAME, plan)
    program = find_program(NAME, "apt install hey")

    def command(seconds: float) -> list[str]:
        return [program, *_options(plan, seconds), plan.url + plan.requests[0].path]

    finished = run_warmed(plan, command, guard)
    if "Summary:" not in finished.stdout:
        return silent(NAME, plan, finished)
    return result_of(NAME, plan, outcome_of(finished.stdout), finished)


def _options(plan: ProbePlan, seconds: float) -> list[str]:
    request = plan.requests[0]
    options = ["-c", str(plan.concurrency), "-m", request.method]
    options += ["-t", str(whole_seconds(plan.timeout_seconds))]
    if plan.max_requests < _MOST_RESULTS and plan.max_requests >= plan.concurrency:
        options += ["-n", str(plan.max_requests)]
    else:
        options += ["-z", f"{seconds}s"]
    options += ["-host", plan.host, "-disable-redirects", "-disable-compression"]
    if not plan.keep_alive:
        options.append("-disable-keepalive")
    for name, value in plan.headers_for(request):
        if name.lower() not in ("host", "connection"):
            options += ["-H", f"{name}: {value}"]
    return options


def outcome_of(text: str) -> Outcome:
    """Return hey's summary as an outcome."""
    statuses = {
        int(status): int(count)
        for status, count in re.findall(r"^\s+\[(\d{3})\]\s+(\d+) responses", text, re.MULTILINE)
    }
    errors: dict[str, int] = {}
    failures = text.partition("Error distribution:")[2]
    for count, message in re.findall(r"^\s+\[(\d+)\]\t(.*\S)", failures, re.MULTILINE):
        kind = _kind(message)
        errors[kind] = errors.get(kind, 0) + int(count)
    for status, count in statuses.items():
        if status >= 400:
            errors[f"status {status}"] = count
    total = _value(text, "Total:")
    good = sum(count for status, count in statuses.items() if status < 400)
    unknown = list(_UNKNOWN)
    if len(statuses) > 1:
        unknown.append("latency of good responses alone: failing ones are in it")
    if sum(statuses.values()) >= _MOST_RESULTS:
        unknown.append(f"answers beyond {_MOST_RESULTS:,}")
    return Outcome(
        seconds=total,
        good=good,
        latency=_latency(text, sum(statuses.values())) if good else None,
        errors=errors,
        statuses=statuses,
        body_bytes=int(_value(text, "Total data:")),
        unknown=tuple(unknown),
    )


def _value(text: str, label: str) -> float:
    found = re.search(rf"^\s+{re.escape(label)}\s+([\d.]+)", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def _latency(text: str, count: int) -> Latency:
    """Return the latency; percentiles for which hey had too few answers are its maximum."""
    slowest = _value(text, "Slowest:")
    found = {
        int(percent): float(seconds)
        for percent, seconds in re.findall(r"^\s+(\d+)% in ([\d.]+) secs", text, re.MULTILINE)
    }

    def at(percent: int) -> float:
        return found.get(percent) or slowest

    return Latency(
        count=count,
        mean_seconds=_value(text, "Average:"),
        p50_seconds=at(50),
        p90_seconds=at(90),
        p95_seconds=at(95),
        p99_seconds=at(99),
        p999_seconds=slowest,
        max_seconds=slowest,
    )


_KINDS = {
    "connection refused": "connection refused",
    "Client.Timeout": "timeout",
    "deadline exceeded": "timeout",
    "timeout": "timeout",
    "EOF": "connection closed",
    "reset by peer": "connection reset",
    "cannot assign requested address": "no ports",
    "too many open files": "no descriptors",
}


def _kind(message: str) -> str:
    return next((kind for part, kind in _KINDS.items() if part in message), "other error")
