"""The race: today's tree and patched trees measured in turn, so that drift cancels.

Rounds run forwards and backwards (ABC, CBA): a trend of the machine then falls on
all sides alike. Who is clearly slower than the leader leaves.
"""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tuner.apache.tree import Configuration
from tuner.capacity.memory import MemoryCosts, memory_need
from tuner.capacity.settings import Settings
from tuner.errors import NOT_MEASURED
from tuner.patch.build import Patch
from tuner.pipeline.measure import Measurement, latency_of
from tuner.pipeline.optimise.laboratory import Laboratory
from tuner.pipeline.optimise.result import Side
from tuner.search.choice import THROUGHPUT_KEPT, kept_share
from tuner.search.statistics import Ratio, paired_ratio
from tuner.search.trial import Objective
from tuner.units import format_seconds

_LEAST_ROUNDS = 4
_ROUNDS_TO_LEAVE = 3
_EXTENSION = 2
_SMALL_SHARE = 0.01
"""Of the budget: less memory than this is not worth any throughput."""
_PROMISING_GAIN = 1.03
_CLEAR_ENOUGH = 0.02
"""A race ends early when the interval is narrower than this on both sides."""


@dataclass(slots=True)
class Runner:
    """One side of the race."""

    name: str
    tree: Configuration
    settings: Settings
    patch: Patch | None = None
    measurements: list[Measurement] = field(default_factory=list)

    @property
    def throughputs(self) -> list[float]:
        """Good responses per second, one value a round."""
        return [one.probe.throughput for one in self.measurements]

    @property
    def mean(self) -> float:
        """Mean throughput."""
        return sum(self.throughputs) / max(1, len(self.measurements))

    def latency(self, percentile: str) -> float:
        """Median over the rounds of one percentile in seconds; infinite when nothing succeeds."""
        found = [latency_of(one.probe, percentile) for one in self.measurements]
        return statistics.median(math.inf if one is None else one for one in found)

    def misses(self, objective: Objective) -> bool:
        """Tell whether most measurements miss the latency objective or the error limit."""
        missed = sum(
            not objective.is_kept(latency_of(one.probe, objective.percentile), one.probe.error_rate)
            for one in self.measurements
        )
        return 2 * missed > len(self.measurements)

    @property
    def side(self) -> Side:
        """What is reported of it."""
        return Side(self.settings, tuple(self.measurements))


def race(
    laboratory: Laboratory,
    today: Runner | None,
    runners: list[Runner],
    rounds: int,
    is_out_of_time: Callable[[], bool],
) -> None:
    """Measure all sides in turn; those that are clearly slower leave the list ``runners``.

    It ends when it is clear how the best by the objective stands to today. While it looks
    better but noise may explain that, the race goes on to at most twice its rounds.
    """
    objective = laboratory.request.objective

    def best() -> Runner:
        budget = laboratory.limits.budget.size_bytes
        return in_order(_keeping(runners, objective), objective, laboratory.costs, budget)[0]

    for number in range(_EXTENSION * rounds):
        if number >= rounds and not _is_promising(today, best(), objective):
            break
        order = [*([today] if today else []), *runners]
        if number % 2:
            order.reverse()
        # Half a round that was recorded before an interruption is no pair with what follows.
        laboratory.bench.demand([kind_of(one) for one in order])
        for runner in order:
            _run(laboratory, runner, today, runners, number)
        if not runners:
            break
        if number + 1 >= _ROUNDS_TO_LEAVE:
            _dismiss(runners, objective)
        if _is_decided(today, best(), objective) or is_out_of_time():
            break


def in_order(
    runners: Sequence[Runner], objective: Objective, costs: MemoryCosts, budget_bytes: int
) -> list[Runner]:
    """Return the runners, the best by the objective first.

    Those that keep enough of the best throughput stand before the rest: the quickest
    of them to answer where latency is the goal, else the cheapest. Where throughput is
    the goal and they differ by little memory, the faster one comes first.
    """
    most = max((one.mean for one in runners), default=0.0)
    need = {one.name: memory_need(one.settings, costs).size_bytes for one in runners}
    close = [one for one in runners if one.mean >= kept_share(objective) * most]
    if objective.goal == "latency":
        close.sort(key=lambda one: (one.latency(objective.percentile), need[one.name]))
    else:
        least = min((need[one.name] for one in close), default=0)
        small = _SMALL_SHARE * budget_bytes if objective.goal == "throughput" else 0
        close.sort(key=lambda one: (max(need[one.name], least + small), -one.mean))
    rest = [one for one in runners if one not in close]
    return [*close, *sorted(rest, key=lambda one: -one.mean)]


def kind_of(runner: Runner) -> str:
    """Return what the measurements of a runner are called in the record."""
    return f"race-{runner.name}"


def _run(
    laboratory: Laboratory,
    runner: Runner,
    today: Runner | None,
    runners: list[Runner],
    number: int,
) -> None:
    """Measure one side once; one that does not run, and is not today's, leaves."""
    try:
        measure(laboratory, runner, number)
    except NOT_MEASURED as error:
        if runner is today:
            raise
        runners.remove(runner)
        laboratory.rejected.append(f"{runner.settings.describe()}: {error}")


def measure(laboratory: Laboratory, runner: Runner, number: int) -> None:
    """Measure one side once."""
    (measured,) = laboratory.bench.measure(
        runner.tree, runner.settings, (laboratory.request.concurrency,), kind_of(runner)
    )
    laboratory.learn_costs(measured)
    runner.measurements.append(measured)
    laboratory.say(
        f"race {number + 1}: {runner.name:<9} {measured.probe.throughput:8.1f} req/s, "
        f"p99 {format_seconds(latency_of(measured.probe, 'p99') or 0)}  "
        f"{runner.settings.describe()}"
    )


def _keeping(runners: Sequence[Runner], objective: Objective) -> Sequence[Runner]:
    """Return who keeps the objective; everybody where nobody does."""
    return [one for one in runners if not one.misses(objective)] or runners


def _dismiss(runners: list[Runner], objective: Objective) -> None:
    leader = max(_keeping(runners, objective), key=lambda one: one.mean)
    for runner in list(runners):
        if runner is not leader and len(runners) > 1:
            against = paired_ratio(leader.throughputs, runner.throughputs)
            if against.is_less and against.estimate < kept_share(objective):
                runners.remove(runner)


def _is_decided(today: Runner | None, best: Runner, objective: Objective) -> bool:
    if today is None:
        return len(best.measurements) >= 2
    if len(best.measurements) < _LEAST_ROUNDS:
        return False
    ratio = _goal_ratio(today, best, objective)
    return ratio.high - ratio.low < 2 * _CLEAR_ENOUGH * ratio.estimate


def _is_promising(today: Runner | None, best: Runner, objective: Objective) -> bool:
    """Tell whether more rounds may show what these did not."""
    if today is None:
        return False
    ratio = _goal_ratio(today, best, objective)
    match objective.goal:
        case "throughput":
            return ratio.estimate > _PROMISING_GAIN and not ratio.is_more
        case "latency":
            return ratio.estimate < 1 / _PROMISING_GAIN and not ratio.is_less
        case "memory":
            return ratio.estimate >= THROUGHPUT_KEPT > ratio.low


def _goal_ratio(today: Runner, runner: Runner, objective: Objective) -> Ratio:
    """Return what decides: the percentile where latency is the goal, else throughput."""
    if objective.goal == "latency":
        return latency_ratio_of(today, runner, objective.percentile)
    ratio = ratio_of(today, runner)
    assert ratio is not None
    return ratio


def ratio_of(today: Runner | None, runner: Runner) -> Ratio | None:
    """Return the throughput of a runner over today's, from the rounds that both ran."""
    if today is None:
        return None
    rounds = min(len(today.measurements), len(runner.measurements))
    return paired_ratio(today.throughputs[:rounds], runner.throughputs[:rounds])


def latency_ratio_of(today: Runner, runner: Runner, percentile: str) -> Ratio:
    """Return a percentile of a runner over today's, from the rounds in which both answered."""
    pairs = [
        (first, second)
        for one, other in zip(today.measurements, runner.measurements, strict=False)
        if (first := latency_of(one.probe, percentile)) is not None
        and (second := latency_of(other.probe, percentile)) is not None
    ]
    # In microseconds: the comparison takes what is nearly 0 for a failure.
    return paired_ratio([1e6 * first for first, _ in pairs], [1e6 * second for _, second in pairs])
