"""Probe a recommendation above its load: it must bend, not break."""

from tuner.capacity.memory import memory_need
from tuner.pipeline.measure import Measurement, latency_of
from tuner.pipeline.optimise.laboratory import Laboratory
from tuner.pipeline.optimise.race import Runner
from tuner.pipeline.optimise.result import Overload
from tuner.search.trial import Objective
from tuner.units import format_seconds, format_size

FACTORS = (1.5, 2.0)

_THROUGHPUT_KEPT = 0.8
"""More clients must not cost more than a fifth of the throughput."""

_STARVATION = 20.0
"""A queue keeps the percentile within some times the mean, which is N / X (Little's
law); beyond 20 times it, some clients starve."""

_TOLERABLE_SECONDS = 1.0
"""Below a second nobody is called starved, whatever the mean is."""

_MEMORY_SLACK = 1.05


def probe_overload(laboratory: Laboratory, runner: Runner) -> tuple[Overload, ...]:
    """Probe the settings of a runner at the load and at 1.5 and 2 times it, on one shadow.

    The probes follow each other, so that a slower machine does not look like a cliff. What
    looks like a cliff is probed again: one bad probe may be the machine's mood.
    """
    found = _probe(laboratory, runner)
    if any(one.problem for one in found):
        again = _probe(laboratory, runner)
        pairs = zip(found, again, strict=True)
        found = tuple(second if first.problem else first for first, second in pairs)
    return found


def _probe(laboratory: Laboratory, runner: Runner) -> tuple[Overload, ...]:
    load = laboratory.request.concurrency
    wanted = tuple(dict.fromkeys(round(load * factor) for factor in FACTORS))
    at_load, *measured = laboratory.bench.measure(
        runner.tree, runner.settings, (load, *wanted), "overload"
    )
    need = memory_need(runner.settings, laboratory.costs).size_bytes
    found = tuple(
        judge(at_load, one, number, load, need, laboratory.request.objective)
        for number, one in zip(wanted, measured, strict=True)
    )
    for one in found:
        laboratory.say(
            f"at {one.factor:g} times the load: {one.throughput:.1f} req/s, "
            f"errors {one.error_rate:.1%}" + (f": {one.problem}" if one.problem else "")
        )
    return found


def judge(
    at_load: Measurement,
    measured: Measurement,
    concurrency: int,
    load: int,
    need_bytes: int,
    objective: Objective,
) -> Overload:
    """Say whether a measurement above the load shows an error cliff or unbounded latency."""
    probe, factor = measured.probe, concurrency / load
    kept = probe.throughput / max(at_load.probe.throughput, 1e-9)
    latency = latency_of(probe, objective.percentile)
    mean = concurrency / max(probe.throughput, 1e-9)
    problem = ""
    if probe.error_rate > objective.max_error_rate:
        problem = f"{probe.error_rate:.1%} of the requests fail"
    elif kept < _THROUGHPUT_KEPT:
        problem = f"throughput falls to {kept:.0%}"
    elif latency and latency > max(_STARVATION * mean, _TOLERABLE_SECONDS):
        problem = (
            f"{objective.percentile} of {format_seconds(latency)} is {latency / mean:.0f} times "
            "the mean: some clients starve"
        )
    elif measured.memory_bytes > need_bytes * _MEMORY_SLACK:
        problem = (
            f"memory {format_size(measured.memory_bytes)} exceeds the prediction of "
            f"{format_size(need_bytes)}"
        )
    return Overload(
        factor=factor,
        concurrency=concurrency,
        throughput=probe.throughput,
        latency_seconds=latency,
        error_rate=probe.error_rate,
        memory_bytes=measured.memory_bytes,
        problem=problem,
    )
