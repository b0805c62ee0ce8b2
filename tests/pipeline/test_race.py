"""The race on made-up measurements: order, who leaves, when it ends."""

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.pipeline.measured import measurement
from tests.search.surfaces import daemon_space
from tuner.capacity.settings import Settings
from tuner.errors import ServerError
from tuner.pipeline.measure import Measurement
from tuner.pipeline.optimise.laboratory import Laboratory
from tuner.pipeline.optimise.race import Runner, in_order, race, ratio_of
from tuner.search.space import Point
from tuner.search.trial import Goal, Objective

SPACE = daemon_space()


def runner(name: str, processes: int) -> Runner:
    settings = SPACE.settings(Point(processes=processes, threads=5))
    return Runner(name, cast(Any, None), settings)


class Track:
    """Gives each side its throughput, round by round, and notes who ran."""

    def __init__(self, speeds: dict[str, Callable[[int], float]]) -> None:
        self.speeds, self.order = speeds, list[str]()
        self.latencies: dict[str, Callable[[int], float]] = {}
        self.rounds: list[tuple[str, ...]] = []
        self.error_rates, self.failing = dict[str, float](), set[str]()
        self.objective, self.rejected = Objective(), list[str]()

    def measure(
        self, tree: object, settings: Settings, concurrencies: tuple[int, ...], kind: str
    ) -> tuple[Measurement, ...]:
        name = kind.removeprefix("race-")
        if name in self.failing:
            raise ServerError("does not start")
        number = self.order.count(name)
        self.order.append(name)
        found = measurement(
            self.speeds[name](number),
            settings=settings,
            error_rate=self.error_rates.get(name, 0.0),
            p99_seconds=self.latencies[name](number) if name in self.latencies else 0.5,
        )
        return (found,)

    def demand(self, kinds: Sequence[str]) -> None:
        self.rounds.append(tuple(kind.removeprefix("race-") for kind in kinds))

    def laboratory(self) -> Laboratory:
        fake = SimpleNamespace(
            bench=self,
            request=SimpleNamespace(concurrency=64, objective=self.objective),
            learn_costs=lambda measured: None,
            say=lambda line: None,
            rejected=self.rejected,
            costs=SPACE.costs,
            limits=SimpleNamespace(budget=SimpleNamespace(size_bytes=SPACE.budget_bytes)),
        )
        return cast(Laboratory, fake)


def always(value: float) -> Callable[[int], float]:
    return lambda number: value + number % 2


def run(
    speeds: dict[str, Callable[[int], float]], rounds: int = 6, out_of_time: bool = False
) -> tuple[Track, Runner, list[Runner]]:
    track = Track(speeds)
    today, *runners = (runner(name, n) for n, name in enumerate(speeds, 1))
    race(track.laboratory(), today, runners, rounds, lambda: out_of_time)
    return track, today, runners


def test_every_second_round_runs_backwards() -> None:
    track, *_ = run({"today": always(100), "a": always(150), "b": always(151)}, rounds=4)
    assert track.order[:6] == ["today", "a", "b", "b", "a", "today"]
    assert track.rounds[:2] == [("today", "a", "b"), ("b", "a", "today")]


def test_a_clear_race_ends_after_four_rounds() -> None:
    track, today, (winner,) = run({"today": always(100), "a": always(150)})
    assert len(track.order) == 8
    ratio = ratio_of(today, winner)
    assert ratio is not None
    assert ratio.estimate == pytest.approx(1.5, rel=0.01)


def test_who_is_clearly_slower_leaves() -> None:
    track, _, runners = run({"today": always(100), "a": always(150), "b": always(90)})
    assert [one.name for one in runners] == ["a"]
    assert track.order.count("b") == 3


def test_noise_uses_all_rounds() -> None:
    def noisy(number: int) -> float:
        return 100 + 30 * (number % 3 - 1)

    track, *_ = run({"today": always(100), "a": noisy})
    assert track.order.count("a") == 6


def test_a_gain_that_noise_may_explain_gets_more_rounds() -> None:
    def promising(number: int) -> float:
        return 115 if number % 3 else 80

    track, *_ = run({"today": always(90), "a": promising}, rounds=4)
    assert 4 < track.order.count("a") <= 8


def test_the_time_limit_ends_it_after_the_round() -> None:
    track, *_ = run({"today": always(100), "a": always(150)}, out_of_time=True)
    assert track.order == ["today", "a"]


def test_without_today_two_rounds_are_enough() -> None:
    track = Track({"a": always(10)})
    race(track.laboratory(), None, [runner("a", 1)], 6, lambda: False)
    assert track.order == ["a", "a"]


@pytest.mark.parametrize(
    ("goal", "speeds", "budget_share", "order"),
    [
        ("throughput", {"small": 100.0, "large": 101.0}, 50, ["small", "large"]),
        ("throughput", {"small": 100.0, "large": 110.0}, 50, ["large", "small"]),
        # The larger one costs less than a hundredth of a budget as large as this.
        ("throughput", {"small": 100.0, "large": 101.0}, 10_000, ["large", "small"]),
        ("memory", {"small": 96.0, "large": 100.0}, 10_000, ["small", "large"]),
        ("memory", {"small": 94.0, "large": 100.0}, 50, ["large", "small"]),
    ],
)
def test_the_cheaper_of_equals_wins_where_memory_matters(
    goal: Goal, speeds: dict[str, float], budget_share: int, order: list[str]
) -> None:
    found = [runner(name, number) for number, name in enumerate(speeds, 1)]
    for one in found:
        one.measurements.append(measurement(speeds[one.name], settings=one.settings))
    budget = budget_share * SPACE.costs.groups["app"].size_bytes
    ordered = in_order(found, Objective(goal=goal), SPACE.costs, budget)
    assert [one.name for one in ordered] == order


def test_the_quickest_to_answer_wins_where_latency_is_the_goal() -> None:
    found = [runner(name, 1) for name in ("fast", "quick", "slow")]
    figures = ((100.0, 0.5), (96.0, 0.2), (90.0, 0.1))
    for one, (throughput, latency) in zip(found, figures, strict=True):
        one.measurements.append(measurement(throughput, p99_seconds=latency))
    ordered = in_order(found, Objective(goal="latency"), SPACE.costs, 1)
    assert [one.name for one in ordered] == ["quick", "fast", "slow"]


def test_who_misses_the_objective_does_not_send_others_away() -> None:
    """The fast one fails too many requests: the slower one that does not stays in the race."""
    track = Track({"today": always(50), "failing": always(150), "sound": always(100)})
    today, *runners = (runner(name, n) for n, name in enumerate(track.speeds, 1))
    track.error_rates["failing"] = 0.2
    race(track.laboratory(), today, runners, 4, lambda: False)
    assert "sound" in [one.name for one in runners]


def test_a_race_for_latency_goes_on_while_latency_is_not_clear() -> None:
    """Throughput is clear after four rounds; what decides is not."""
    track = Track({"today": always(100), "a": always(100)})
    track.objective = Objective(goal="latency")
    track.latencies = {"today": lambda n: 0.5, "a": lambda n: 0.3 if n % 2 else 0.5}
    today, *runners = (runner(name, n) for n, name in enumerate(track.speeds, 1))
    race(track.laboratory(), today, runners, 6, lambda: False)
    assert track.order.count("a") > 6


def test_a_side_that_does_not_start_again_leaves_the_race() -> None:
    track = Track({"today": always(50), "gone": always(150), "sound": always(100)})
    track.failing = {"gone"}
    today, *runners = (runner(name, n) for n, name in enumerate(track.speeds, 1))
    race(track.laboratory(), today, runners, 4, lambda: False)
    assert [one.name for one in runners] == ["sound"]
    assert len(today.measurements) == len(runners[0].measurements)
    (said,) = track.rejected
    assert said.endswith("does not start")
