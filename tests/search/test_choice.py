"""Who wins, who races, who is on the front."""

import pytest

from tests.search.surfaces import daemon_space
from tuner.search.choice import choose, pareto_front
from tuner.search.trial import Objective, Trial


def trial(number: int, throughput: float, need: int, latency: float = 0.1, **more: object) -> Trial:
    return Trial.model_validate(
        {
            "number": number,
            "settings": daemon_space().today,
            "throughput": throughput,
            "latency_seconds": latency,
            "error_rate": 0.0,
            "memory_bytes": need,
            "need_bytes": need,
            **more,
        }
    )


def numbers(trials: list[Trial]) -> list[int]:
    return [one.number for one in trials]


def test_the_cheaper_of_equals_is_the_best() -> None:
    trials = [trial(0, 100, 50), trial(1, 99, 30), trial(2, 97, 10)]
    assert numbers(choose(trials, {}, Objective(), 1)) == [1]


def test_the_fastest_and_the_cheap_come_next() -> None:
    trials = [trial(0, 100, 50), trial(1, 99, 30), trial(2, 97, 10), trial(3, 70, 1)]
    assert numbers(choose(trials, {}, Objective(), 9)) == [1, 0, 2]


def test_what_one_bad_probe_may_have_hidden_races_last() -> None:
    trials = [trial(0, 100, 50), trial(1, 85, 30), trial(2, 60, 10)]
    assert numbers(choose(trials, {}, Objective(), 9)) == [0, 1]


def test_the_roomiest_of_those_that_are_nearly_as_fast_races_too() -> None:
    trials = [trial(0, 100, 50), trial(1, 99, 30), trial(2, 97, 10), trial(3, 97, 90)]
    assert numbers(choose(trials, {}, Objective(), 9)) == [1, 0, 3, 2]


def test_levelled_throughputs_count_instead_of_measured_ones() -> None:
    trials = [trial(0, 100, 50), trial(1, 120, 60)]
    assert numbers(choose(trials, {0: 100, 1: 90}, Objective(), 1)) == [0]


@pytest.mark.parametrize(("goal", "best"), [("throughput", 0), ("latency", 2), ("memory", 1)])
def test_the_goal_decides(goal: str, best: int) -> None:
    objective = Objective(goal=goal)  # type: ignore[arg-type]
    trials = [trial(0, 100, 50, 0.2), trial(1, 96, 10, 0.3), trial(2, 96, 30, 0.1), trial(3, 50, 1)]
    assert choose(trials, {}, objective, 1)[0].number == best


def test_what_misses_the_objective_is_never_chosen() -> None:
    objective = Objective(latency_seconds=0.15)
    trials = [trial(0, 100, 50, 0.2), trial(1, 90, 50, error_rate=0.5), trial(2, 80, 9, failed="x")]
    assert choose(trials, {}, objective, 3) == []
    assert numbers(choose([*trials, trial(3, 10, 10)], {}, objective, 3)) == [3]


def test_the_front_leaves_out_who_is_beaten_everywhere() -> None:
    trials = [
        trial(0, 100, 50, 0.2),
        trial(1, 90, 40, 0.2),
        trial(2, 90, 40, 0.3),
        trial(3, 80, 60, 0.1),
        trial(4, 200, 1, 0.01, error_rate=0.5),
    ]
    assert pareto_front(trials, Objective()) == (0, 1, 3)


def test_equal_trials_are_all_on_the_front() -> None:
    assert pareto_front([trial(0, 100, 50), trial(1, 100, 50)], Objective()) == (0, 1)
