"""Measure another way to serve beside the result, in pairs, so that drift cancels."""

import statistics
from dataclasses import dataclass

from tuner.apache.tree import Configuration
from tuner.capacity.memory import memory_need
from tuner.capacity.settings import Settings
from tuner.errors import NOT_MEASURED, GuardStop
from tuner.pipeline.measure import Measurement, latency_of
from tuner.pipeline.optimise.laboratory import Laboratory
from tuner.pipeline.optimise.race import Runner
from tuner.pipeline.optimise.result import Alternative
from tuner.search.statistics import paired_ratio

_PAIRS = 3


@dataclass(frozen=True, slots=True)
class Other:
    """What is tried instead of the result."""

    name: str
    """For people: ``MPM worker``, ``daemon mode``, ``KeepAlive Off``."""
    slug: str
    """In the record of the run."""
    laboratory: Laboratory
    """Where it is measured: it knows what its processes cost."""
    tree: Configuration
    settings: Settings
    directives: tuple[str, ...]
    """What would have to be written."""


def beside(laboratory: Laboratory, winner: Runner, other: Other) -> Alternative:
    """Measure ``other`` and the result in turn."""
    own: list[Measurement] = []
    found: list[Measurement] = []
    load = (laboratory.request.concurrency,)
    kind = f"beside-{other.slug}"
    own_kind = f"{kind}-own"
    try:
        for number in range(_PAIRS):
            order = (own_kind, kind) if number % 2 == 0 else (kind, own_kind)
            laboratory.bench.demand(order)
            for side in order:
                if side == own_kind:
                    own += laboratory.bench.measure(winner.tree, winner.settings, load, own_kind)
                else:
                    found += other.laboratory.bench.measure(other.tree, other.settings, load, kind)
    except (*NOT_MEASURED, GuardStop) as error:
        return failed(other.name, other.settings, str(error), other.directives)
    for one in found:
        other.laboratory.learn_costs(one)
    ratio = paired_ratio(
        [one.probe.throughput for one in own], [one.probe.throughput for one in found]
    )
    percentile = laboratory.request.objective.percentile
    late = [value for one in found if (value := latency_of(one.probe, percentile)) is not None]
    shares = [one.probe.fairness for one in found if one.probe.fairness is not None]
    alternative = Alternative(
        name=other.name,
        settings=other.settings,
        directives=other.directives,
        throughput=statistics.fmean(one.probe.throughput for one in found),
        ratio=ratio,
        latency_seconds=statistics.median(late) if late else None,
        error_rate=max(one.probe.error_rate for one in found),
        fairness=statistics.median(shares) if shares else None,
        memory_bytes=max(one.memory_bytes for one in found),
        need_bytes=memory_need(other.settings, other.laboratory.costs).size_bytes,
    )
    laboratory.say(f"{other.name}: {alternative.throughput:.1f} req/s, {ratio.estimate:.2f} times")
    return alternative


def failed(
    name: str, settings: Settings, why: str, directives: tuple[str, ...] = ()
) -> Alternative:
    """Return what is reported of a way that cannot be measured."""
    return Alternative(name=name, settings=settings, directives=directives, failed=why)
