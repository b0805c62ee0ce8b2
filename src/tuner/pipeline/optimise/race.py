"""The race: today's tree and patched trees measured in turn, so that drift cancels.

Rounds run forwards and backwards (ABC, CBA): a trend of the machine then falls on
all sides alike. Who is clearly slower than the leader leaves.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tuner.apache.tree import Configuration
from tuner.capacity.memory import MemoryCosts, memory_need
from tuner.capacity.settings import Settings
from tuner.patch.build import Patch
from tuner.pipeline.measure import Measurement, latency_of
from tuner.pipeline.optimise.laboratory import Laboratory
from tuner.pipeline.optimise.result import Side
from tuner.search.choice import EQUAL_SHARE
from tuner.search.statistics import Ratio, paired_ratio
from tuner.search.trial import Trial
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
    trial: Trial | None = None
    measurements: list[Measurement] = field(default_factory=list)

    @property
    def throughputs(self) -> list[float]:
        """Good responses per second, one value a round."""
        return [one.probe.throughput for one in self.measurements]

    @property
    def mean(self) -> float:
        """Mean throughput."""
        return sum(self.throughputs) / max(1, len(self.measurements))

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

    While the leader looks better than today but noise may explain it, the race goes
    on to at most twice its rounds.
    """
    for number in range(_EXTENSION * rounds):
        if number >= rounds and not _is_promising(today, runners):
            break
        order = [*([today] if today else []), *runners]
        for runner in order if number % 2 == 0 else reversed(order):
            measure(laboratory, runner, number)
        if number + 1 >= _ROUNDS_TO_LEAVE:
            _dismiss(runners)
        if _is_decided(today, runners) or is_out_of_time():
            break


def in_order(runners: Sequence[Runner], costs: MemoryCosts, budget_bytes: int) -> list[Runner]:
    """Return who finished, the best first: the cheapest of those that are equal.

    Where equals differ by little memory, the faster one comes first.
    """
    most = max(one.mean for one in runners)
    need = {one.name: memory_need(one.settings, costs).size_bytes for one in runners}
    equal = [one for one in runners if one.mean >= (1 - EQUAL_SHARE) * most]
    enough = min(need[one.name] for one in equal) + _SMALL_SHARE * budget_bytes
    equal.sort(key=lambda one: (max(need[one.name], enough), -one.mean))
    rest = [one for one in runners if one not in equal]
    return [*equal, *sorted(rest, key=lambda one: -one.mean)]


def measure(laboratory: Laboratory, runner: Runner, number: int) -> None:
    """Measure one side once."""
    (measured,) = laboratory.bench.measure(
        runner.tree, runner.settings, (laboratory.request.concurrency,), f"race-{runner.name}"
    )
    laboratory.learn_costs(measured)
    runner.measurements.append(measured)
    laboratory.say(
        f"race {number + 1}: {runner.name:<9} {measured.probe.throughput:8.1f} req/s, "
        f"p99 {format_seconds(latency_of(measured.probe, 'p99') or 0)}  "
        f"{runner.settings.describe()}"
    )


def _dismiss(runners: list[Runner]) -> None:
    leader = max(runners, key=lambda one: one.mean)
    for runner in list(runners):
        if runner is not leader and len(runners) > 1:
            against = paired_ratio(leader.throughputs, runner.throughputs)
            if against.is_less and against.estimate < 1 - EQUAL_SHARE:
                runners.remove(runner)


def _is_decided(today: Runner | None, runners: list[Runner]) -> bool:
    leader = max(runners, key=lambda one: one.mean)
    if today is None:
        return len(leader.measurements) >= 2
    if len(leader.measurements) < _LEAST_ROUNDS:
        return False
    ratio = ratio_of(today, leader)
    return ratio is not None and ratio.high - ratio.low < 2 * _CLEAR_ENOUGH * ratio.estimate


def _is_promising(today: Runner | None, runners: list[Runner]) -> bool:
    ratio = ratio_of(today, max(runners, key=lambda one: one.mean))
    return ratio is not None and ratio.estimate > _PROMISING_GAIN and not ratio.is_more


def ratio_of(today: Runner | None, runner: Runner) -> Ratio | None:
    """Return the throughput of a runner over today's, from the rounds that both ran."""
    if today is None:
        return None
    rounds = min(len(today.measurements), len(runner.measurements))
    return paired_ratio(today.throughputs[:rounds], runner.throughputs[:rounds])
