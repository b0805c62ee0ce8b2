"""wrk, with a small Lua script that prints the whole histogram.

Its counts need care: ``requests`` has failing statuses and timeouts in it, and its
histogram was back-filled for coordinated omission (wrk 4, src/wrk.c, stats.c
stats_correct). The back-fill is exact arithmetic, so it is taken out again here.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import as_file, files
from typing import Any

from tuner.probe.external.child import find_program, run_warmed, whole_seconds
from tuner.probe.external.outcome import Outcome, demand, result_of, silent
from tuner.probe.guard import Guard, no_guard
from tuner.probe.histogram import Latency, encode, new_histogram, record_counts, summarise
from tuner.probe.plan import ProbePlan
from tuner.probe.result import ProbeResult
from tuner.probe.shards import process_count

NAME = "wrk"


def run(plan: ProbePlan, guard: Guard = no_guard) -> ProbeResult:
    """Run wrk; a run of its own before warms the server up.

    Raises:
        UsageError: wrk is not installed, or cannot do what the plan asks.
        ProbeError: wrk fails.
    """
    demand(NAME, plan)
    program = find_program(NAME, "apt install wrk")
    threads = process_count(plan)
    with as_file(files("tuner.probe.external").joinpath("wrk.lua")) as script:

        def command(seconds: float) -> list[str]:
            words = [program, f"-t{threads}", f"-c{plan.concurrency}"]
            words += [f"-d{whole_seconds(seconds)}s", "-s", str(script), *_headers(plan)]
            words += ["--timeout", f"{whole_seconds(plan.timeout_seconds)}s"]
            words += [plan.url + plan.requests[0].path, "--", plan.requests[0].method]
            return [*words, str(plan.max_requests // threads)]

        finished = run_warmed(plan, command, guard)
    try:
        told = json.loads(finished.stderr.strip().splitlines()[-1])
    except (IndexError, ValueError):
        if "Connection refused" in finished.stderr + finished.stdout:
            told = {"connect": plan.concurrency, "microseconds": finished.seconds * 1e6}
        else:
            return silent(NAME, plan, finished)
    outcome = outcome_of(told, plan.concurrency)
    # Without what writing the histogram out costs.
    seconds, processor = max(outcome.seconds, 1e-9), told.get("processor", 0.0)
    finished = replace(finished, seconds=seconds, cpu_seconds=processor)
    return result_of(NAME, plan, outcome, finished, threads)


def _headers(plan: ProbePlan) -> list[str]:
    pairs = plan.headers_for(plan.requests[0])
    return [word for name, value in pairs for word in ("-H", f"{name}: {value}")]


def outcome_of(told: Mapping[str, Any], concurrency: int) -> Outcome:
    """Return what the script told as an outcome."""
    errors = {
        "connect error": told.get("connect", 0),
        "read error": told.get("read", 0),
        "write error": told.get("write", 0),
        "status 400 or more": told.get("status", 0),
        "timeout": told.get("timeout", 0),
    }
    requests = told.get("requests", 0)
    good = max(0, requests - errors["status 400 or more"] - errors["timeout"])
    latency, histogram = _latency(told, requests, concurrency) if good else (None, "")
    unknown = ["statuses"]
    if latency and not histogram:
        unknown.append("latency without the values that wrk fills in for long ones")
    if errors["status 400 or more"]:
        unknown.append("latency of good responses alone: failing ones are in it")
    if errors["read error"]:
        unknown.append("which read errors are keep-alive connections that the server closed")
    return Outcome(
        seconds=told.get("microseconds", 0) / 1e6,
        good=good,
        latency=latency,
        histogram=histogram,
        errors=errors,
        body_bytes=told.get("bytes", 0),
        unknown=tuple(unknown),
    )


def _latency(
    told: Mapping[str, Any], requests: int, concurrency: int
) -> tuple[Latency | None, str]:
    """Return latency and histogram; no histogram where wrk told percentiles only."""
    if "percentiles" in told:
        at = {percent: microseconds / 1e6 for percent, microseconds in told["percentiles"]}
        latency = Latency(
            count=requests,
            mean_seconds=told["mean"] / 1e6,
            p50_seconds=at[50],
            p90_seconds=at[90],
            p95_seconds=at[95],
            p99_seconds=at[99],
            p999_seconds=at[99.9],
            max_seconds=at[100],
        )
        return latency, ""
    counts = dict(told.get("histogram", ()))
    if requests >= concurrency:
        counts = without_backfill(counts, told["microseconds"] // (requests // concurrency))
    histogram = new_histogram()
    record_counts(histogram, counts)
    return summarise(histogram), encode(histogram)


def without_backfill(counts: Mapping[int, int], interval: int) -> dict[int, int]:
    """Undo stats_correct: take out the values that it added below each long one.

    It adds, for each value above twice the interval, value - interval,
    value - 2 x interval and so on while above the interval, from the lowest value
    upwards; from the highest downwards every count met is the measured one.
    """
    left = dict(counts)
    for value in sorted(counts, reverse=True):
        count = left.get(value, 0)
        lower = value - interval
        if value < 2 * interval or not count:
            continue
        while lower > interval:
            left[lower] = left.get(lower, 0) - count
            lower -= interval
    if min(left.values(), default=0) < 0:
        return dict(counts)  # another version of wrk, which fills in otherwise or not at all
    return {value: count for value, count in left.items() if count}
