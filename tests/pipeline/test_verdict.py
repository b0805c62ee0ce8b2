"""What a finished race means, on made-up measurements."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.pipeline.measured import measurement
from tests.search.surfaces import GB, MB, daemon_space
from tuner.capacity.memory import memory_need
from tuner.capacity.settings import Settings
from tuner.errors import GuardStop, ServerError
from tuner.pipeline.measure import Measurement
from tuner.pipeline.optimise.laboratory import Laboratory
from tuner.pipeline.optimise.race import Runner
from tuner.pipeline.optimise.selection import select
from tuner.pipeline.optimise.verdict import judge, objection
from tuner.search.space import Point
from tuner.search.trial import Objective

SPACE = daemon_space()


class Bench:
    """Answers every probe above the load with the same throughput; or not at all."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.asked: list[Settings] = []

    def measure(
        self, tree: object, settings: Settings, concurrencies: tuple[int, ...], kind: str
    ) -> tuple[Measurement, ...]:
        self.asked.append(settings)
        if self.error:
            raise self.error
        return tuple(
            measurement(150, settings=settings, concurrency=one, memory_bytes=MB)
            for one in concurrencies
        )


def laboratory(
    objective: Objective, budget_bytes: int = 16 * GB, bench: Bench | None = None
) -> Laboratory:
    fake = SimpleNamespace(
        request=SimpleNamespace(objective=objective, concurrency=64),
        bench=bench or Bench(),
        say=lambda line: None,
        rejected=[],
        costs=SPACE.costs,
        budget_bytes=budget_bytes,
        limits=SimpleNamespace(budget=SimpleNamespace(size_bytes=budget_bytes)),
        trials=[SimpleNamespace(failed="would use 9 GB at this load")],
    )
    return cast(Laboratory, fake)


def runner(processes: int, *figures: tuple[float, float], error_rate: float = 0.0) -> Runner:
    """Return a side with a throughput and a p99 in seconds for each round."""
    settings = SPACE.settings(Point(processes=processes, threads=5))
    found = Runner("x", cast(Any, None), settings)
    for number, (throughput, p99) in enumerate(figures):
        shaken = throughput * (1 + 0.002 * (number % 3))
        found.measurements.append(
            measurement(shaken, settings=settings, p99_seconds=p99, error_rate=error_rate)
        )
    return found


def judged(
    today: Runner | None, winner: Runner, objective: Objective, budget_bytes: int = 16 * GB
) -> tuple[str, bool]:
    return judge(laboratory(objective, budget_bytes), today, winner)


def test_more_throughput_is_better() -> None:
    text, better = judged(runner(1, *[(100, 0.5)] * 4), runner(2, *[(150, 0.5)] * 4), Objective())
    assert better
    assert "+50" in text


def test_noise_is_not_better() -> None:
    today = runner(1, (100, 0.5), (110, 0.5), (90, 0.5), (101, 0.5))
    text, better = judged(today, runner(2, *[(101, 0.5)] * 4), Objective())
    assert not better
    assert "beyond noise" in text


def test_a_gain_that_is_certain_but_tiny_is_not_worth_a_change() -> None:
    today, winner = runner(1, *[(100, 0.5)] * 6), runner(2, *[(101, 0.5)] * 6)
    text, better = judged(today, winner, Objective())
    assert not better
    assert text.startswith("nothing gains 2% or more: +1.0 %")


@pytest.mark.parametrize(("late_rounds", "better"), [(1, False), (3, True)])
def test_today_misses_the_objective_when_most_rounds_do(late_rounds: int, better: bool) -> None:
    today = runner(1, *[(100, 2.0)] * late_rounds, *[(100, 0.5)] * (4 - late_rounds))
    winner = runner(2, *[(90, 0.5)] * 4)
    text, found = judged(today, winner, Objective(latency_seconds=1.0))
    assert found == better
    assert ("miss the objective" in text) == better


def test_settings_that_fit_are_better_than_todays_that_do_not() -> None:
    today, winner = runner(4, *[(100, 0.5)] * 4), runner(1, *[(90, 0.5)] * 4)
    need = memory_need(today.settings, SPACE.costs).size_bytes
    text, better = judged(today, winner, Objective(), budget_bytes=need - MB)
    assert better
    assert "more than the budget" in text
    assert "-10.0 %" in text
    assert not judged(today, winner, Objective(), budget_bytes=need)[1]


def test_less_memory_is_better_where_memory_is_the_goal() -> None:
    today = runner(4, *[(100, 0.5)] * 4)
    text, better = judged(today, runner(2, *[(98, 0.5)] * 4), Objective(goal="memory"))
    assert better
    assert text.startswith("memory at full occupancy")
    text, better = judged(today, runner(2, *[(90, 0.5)] * 4), Objective(goal="memory"))
    assert not better
    assert "throughput may fall below 95%" in text
    assert not judged(today, runner(4, *[(130, 0.5)] * 4), Objective(goal="memory"))[1]


def test_less_latency_is_better_where_latency_is_the_goal() -> None:
    today = runner(2, (100, 0.50), (100, 0.52), (100, 0.48), (100, 0.50))
    goal = Objective(goal="latency")
    text, better = judged(today, runner(3, *[(100, 0.25)] * 4), goal)
    assert better
    assert text.startswith("p99 -50")
    assert not judged(today, runner(3, *[(140, 0.50)] * 4), goal)[1]


def test_latencies_below_a_millisecond_are_compared() -> None:
    today = runner(2, *[(1000, 0.0008)] * 4)
    assert judged(today, runner(3, *[(1000, 0.0004)] * 4), Objective(goal="latency"))[1]


def test_without_todays_figures_the_reason_is_said() -> None:
    text, better = judged(None, runner(1, (10, 0.5)), Objective())
    assert better
    assert text == "today's settings would use 9 GB at this load; these fit"


@pytest.mark.parametrize(
    ("objective", "budget_bytes", "error_rate", "why"),
    [
        (Objective(), 16 * GB, 0.0, ""),
        (Objective(latency_seconds=0.1), 16 * GB, 0.0, "miss the objective"),
        (Objective(), 16 * GB, 0.1, "miss the objective"),
        (Objective(), 50 * MB, 0.0, "more than 50 MB"),
    ],
)
def test_what_speaks_against_a_recommendation(
    objective: Objective, budget_bytes: int, error_rate: float, why: str
) -> None:
    found = runner(2, *[(100, 0.5)] * 3, error_rate=error_rate)
    said = objection(laboratory(objective, budget_bytes), found)
    assert why in said
    assert bool(said) == bool(why)


TODAY = runner(1, *[(100, 0.5)] * 4)


def test_the_best_is_probed_above_its_load_and_recommended() -> None:
    bench = Bench()
    best, other = runner(3, *[(150, 0.5)] * 4), runner(2, *[(120, 0.5)] * 4)
    found = select(laboratory(Objective(), bench=bench), TODAY, [other, best])
    assert found.runner is best
    assert found.is_better
    assert [one.factor for one in found.overload] == [1.5, 2.0]
    assert bench.asked == [best.settings]


def test_the_next_is_recommended_where_the_best_misses_the_objective() -> None:
    made = laboratory(Objective(latency_seconds=1.0))
    late, sound = runner(3, *[(150, 2.0)] * 4), runner(2, *[(120, 0.5)] * 4)
    found = select(made, TODAY, [late, sound])
    assert found.runner is sound
    assert found.is_better
    (said,) = made.rejected
    assert "miss the objective" in said


def test_the_next_is_recommended_where_the_cheapest_costs_too_much_throughput() -> None:
    today = runner(6, *[(100, 0.5)] * 4)
    cheap = runner(1, (99, 0.5), (96, 0.5), (93, 0.5), (96, 0.5))
    sound = runner(2, *[(100, 0.5)] * 4)
    found = select(laboratory(Objective(goal="memory")), today, [cheap, sound])
    assert found.runner is sound
    assert found.is_better


@pytest.mark.parametrize("error", [ServerError("does not start"), GuardStop("memory fell")])
def test_who_cannot_be_probed_above_its_load_is_not_recommended(error: Exception) -> None:
    made = laboratory(Objective(), bench=Bench(error))
    found = select(made, TODAY, [runner(2, *[(150, 0.5)] * 4)])
    assert not found.is_better
    assert str(error) in found.verdict


def test_what_is_not_better_is_not_probed_above_its_load() -> None:
    bench = Bench()
    found = select(laboratory(Objective(), bench=bench), TODAY, [runner(2, *[(100, 0.5)] * 4)])
    assert not found.is_better
    assert bench.asked == []
