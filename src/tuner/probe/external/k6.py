"""k6, with a script of ours and its exported summary.

https://grafana.com/docs/k6/latest/results-output/end-of-test/ (summary export) and
https://grafana.com/docs/k6/latest/javascript-api/error-codes/.
"""

import json
import os
import tempfile
from collections.abc import Mapping
from importlib.resources import as_file, files
from math import ceil
from pathlib import Path
from typing import Any

from tuner.probe.external.child import find_program, run_child
from tuner.probe.external.outcome import Outcome, demand, result_of, silent
from tuner.probe.guard import Guard, no_guard
from tuner.probe.histogram import Latency
from tuner.probe.plan import ProbePlan
from tuner.probe.result import ProbeResult

NAME = "k6"

_END_SECONDS = 15.0
"""k6 starts slowly: every virtual user runs the script's first part."""
_CODES = {
    "code_1050": "timeout",
    "code_1211": "connect timeout",
    "code_1212": "connection refused",
    "code_1220": "connection reset",
    "code_1000": "connection closed or other error",
    "code_1101": "name not found",
    "code_1310": "tls error",
}
_STATUSES = (400, 401, 403, 404, 405, 408, 413, 414, 429, 431, 500, 501, 502, 503, 504)
_UNKNOWN = ("histogram", "good statuses")
_OPEN_UNKNOWN = "latency from when a request was due: it counts from when it was sent"


def run(plan: ProbePlan, guard: Guard = no_guard) -> ProbeResult:
    """Run k6; its warm-up is a scenario of its own.

    Raises:
        UsageError: k6 is not installed, or cannot do what the plan asks.
        ProbeError: k6 fails.
    """
    # Over TLS k6 takes HTTP/2 where the server offers it; plain HTTP/2 it has not.
    demand(NAME, plan, mix=True, rate=True, body=True, http2=plan.url.startswith("https:"))
    program = find_program(NAME, "https://grafana.com/docs/k6/latest/set-up/install-k6/")
    with tempfile.TemporaryDirectory(prefix="tuner-k6-") as name:
        summary = Path(name) / "summary.json"
        with as_file(files("tuner.probe.external").joinpath("k6.js")) as script:
            command = [program, "run", "--no-usage-report", "-q", "--no-color"]
            command += ["--summary-export", str(summary), str(script)]
            environment = {**os.environ, "TUNER_PLAN": json.dumps(script_plan(plan))}
            if not plan.http2:
                environment["GODEBUG"] = "http2client=0"
            seconds = plan.warmup_seconds + plan.duration_seconds
            limit = seconds + plan.timeout_seconds + _END_SECONDS
            finished = run_child(command, limit, guard, environment)
        if not summary.exists():
            return silent(NAME, plan, finished)
        told = json.loads(summary.read_text("utf-8"))
    return result_of(NAME, plan, outcome_of(told, plan), finished)


def script_plan(plan: ProbePlan) -> dict[str, Any]:
    """Return what the script needs as plain data."""
    warm = f"{max(1, plan.warmup_seconds)}s" if plan.warmup_seconds else "0s"
    load = f"{max(1, plan.duration_seconds)}s"  # k6 takes no less
    users = {"executor": "constant-vus", "vus": plan.concurrency, "gracefulStop": "0s"}
    scenarios: dict[str, Any] = {"load": {**users, "duration": load}}
    if plan.rate is not None:
        scenarios["load"] = {
            "executor": "constant-arrival-rate",
            "rate": max(1, round(plan.rate * 60)),
            "timeUnit": "60s",
            "preAllocatedVUs": plan.concurrency,
            "duration": load,
            "gracefulStop": "0s",
        }
    elif plan.max_requests < ProbePlan.model_fields["max_requests"].default:
        scenarios["load"] = {
            "executor": "shared-iterations",
            "vus": min(plan.concurrency, plan.max_requests),
            "iterations": plan.max_requests,
            "maxDuration": load,
            "gracefulStop": "0s",
        }
    scenarios["load"] |= {"exec": "load", "startTime": warm}
    if plan.warmup_seconds:
        scenarios["warm"] = {**users, "duration": warm, "exec": "warm"}
    return {
        "options": {
            "scenarios": scenarios,
            "discardResponseBodies": True,
            "noConnectionReuse": not plan.keep_alive,
            "insecureSkipTLSVerify": True,
            "maxRedirects": 0,
            "batch": 1,
            "summaryTrendStats": [
                *("count", "avg", "med", "p(90)", "p(95)", "p(99)", "p(99.9)", "max")
            ],
        },
        "kinds": ["other", *_CODES, *(f"status_{status}" for status in _STATUSES)],
        "timeout": f"{ceil(plan.timeout_seconds * 1000)}ms",
        "requests": [
            {
                "method": one.method,
                "url": plan.url + one.path,
                "body": one.body.decode("utf-8", "replace") if one.body else None,
                "headers": dict(plan.headers_for(one)),
                "weight": one.weight,
            }
            for one in plan.requests
        ],
    }


def outcome_of(summary: Mapping[str, Any], plan: ProbePlan) -> Outcome:
    """Return k6's summary as an outcome."""
    metrics = summary["metrics"]
    good = int(metrics.get("tuner_good", {}).get("count", 0))
    errors = {
        _kind(name.removeprefix("tuner_error_")): int(metric["count"])
        for name, metric in metrics.items()
        if name.startswith("tuner_error_")
    }
    trend = metrics.get("tuner_latency", {})
    unknown = _UNKNOWN if plan.rate is None else (*_UNKNOWN, _OPEN_UNKNOWN)
    return Outcome(
        seconds=_measured_seconds(metrics, plan),
        good=good,
        latency=_latency(trend) if trend.get("count") else None,
        errors=errors,
        body_bytes=int(metrics.get("data_received", {}).get("count", 0)),
        backlog=int(metrics.get("dropped_iterations", {}).get("count", 0)),
        unknown=unknown,
    )


def _measured_seconds(metrics: Mapping[str, Any], plan: ProbePlan) -> float:
    """Return the length of the measured part: k6's rates are over the whole run."""
    rates = [
        float(metric["count"] / metric["rate"])
        for metric in metrics.values()
        if metric.get("rate") and metric.get("count")
    ]
    if not rates:
        return plan.duration_seconds
    return max(0.0, min(max(rates) - plan.warmup_seconds, plan.duration_seconds))


def _kind(name: str) -> str:
    return _CODES.get(name) or name.replace("_", " ").replace("other", "other error")


def _latency(trend: Mapping[str, float]) -> Latency:
    return Latency(
        count=int(trend["count"]),
        mean_seconds=trend["avg"] / 1e3,
        p50_seconds=trend["med"] / 1e3,
        p90_seconds=trend["p(90)"] / 1e3,
        p95_seconds=trend["p(95)"] / 1e3,
        p99_seconds=trend["p(99)"] / 1e3,
        p999_seconds=trend["p(99.9)"] / 1e3,
        max_seconds=trend["max"] / 1e3,
    )
