"""The guided search on simulated servers."""

import math
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.search.surfaces import (
    GB,
    MB,
    Surface,
    best_possible,
    daemon_space,
    drive,
    embedded_space,
    trial_of,
)
from tuner.capacity.memory import fits
from tuner.errors import UsageError
from tuner.search.demand import ServiceDemand
from tuner.search.engines import ENGINES, search_engine
from tuner.search.guided import GuidedSearch, calibration_points
from tuner.search.space import Point, Space
from tuner.search.trial import Objective, Trial

ANY = Objective()

SITUATIONS = [
    pytest.param(daemon_space(), Surface(0.020, 0.001), id="cpu-bound"),
    pytest.param(daemon_space(cores=2), Surface(0.005, 0.0005, cores=2), id="cpu-bound, two cores"),
    pytest.param(daemon_space(), Surface(0.001, 0.100), id="io-bound"),
    pytest.param(daemon_space(), Surface(0.010, 0.030), id="mixed"),
    pytest.param(daemon_space(cores=2), Surface(0.0003, 0.00002, cores=2), id="hello"),
    pytest.param(
        daemon_space(threads=5, each=400 * MB, budget=1 * GB),
        Surface(0.020, 0.080),
        id="memory for two processes",
    ),
    pytest.param(
        daemon_space(processes=9, threads=5, each=500 * MB, budget=2 * GB),
        Surface(0.020, 0.001),
        id="today does not fit memory",
    ),
    pytest.param(embedded_space(), Surface(0.020, 0.020), id="embedded"),
]


def noisy(space: Space, surface: Surface, seed: int) -> GuidedSearch:
    """Search with 3 % noise; return the search after its end."""
    random = Random(seed)

    def measure(point: Point, number: int) -> Trial:
        trial = trial_of(space, surface, point, number)
        return trial.model_copy(
            update={"throughput": trial.throughput * math.exp(random.gauss(0, 0.03))}
        )

    search = GuidedSearch(space, ANY, surface.demand, 15)
    drive(search, measure)
    return search


@pytest.mark.parametrize(("space", "surface"), SITUATIONS)
@pytest.mark.parametrize("seed", range(2))
def test_a_noisy_server_is_tuned_to_within_five_percent_in_fifteen_trials(
    space: Space, surface: Surface, seed: int
) -> None:
    search = noisy(space, surface, seed)
    assert search.best is not None
    chosen = search.best.settings
    start = space.model_copy(update={"today": chosen}).start
    true = trial_of(space, surface, start, 0).throughput
    assert true >= 0.95 * best_possible(space, surface, ANY).throughput
    assert fits(chosen, space.costs, space.budget_bytes)


def test_it_stops_before_the_limit_when_nothing_promises_more() -> None:
    search = noisy(daemon_space(), Surface(0.020, 0.001), 1)
    assert "promises more than" in search.stopped
    assert search.ask() is None


@settings(deadline=None, max_examples=25, derandomize=True)
@given(
    busy=st.floats(1e-4, 0.2),
    waiting=st.floats(0, 0.5),
    each=st.integers(5, 600),
    budget=st.integers(100, 4000),
    slo=st.none() | st.floats(0.01, 5),
    failing=st.integers(0, 3),
)
def test_it_never_asks_twice_nor_for_what_does_not_fit(
    busy: float, waiting: float, each: int, budget: int, slo: float | None, failing: int
) -> None:
    space = daemon_space(each=each * MB, budget=budget * MB)
    surface = Surface(busy, waiting)
    search = GuidedSearch(space, Objective(latency_seconds=slo), surface.demand, 10)

    def measure(point: Point, number: int) -> Trial:
        trial = trial_of(space, surface, point, number)
        return trial.model_copy(update={"error_rate": 0.5}) if number in (failing, 4) else trial

    asked = drive(search, measure)
    points = [point for point, _ in asked]
    assert len(points) == len(set(points)) <= 10
    assert points[0] == space.start
    assert all(space.allows(point) for point in points[1:])
    assert search.stopped


def test_the_latency_objective_is_kept() -> None:
    space, surface = daemon_space(concurrency=16), Surface(0.020, 0.001)
    objective = Objective(latency_seconds=0.5)

    def measure(point: Point, number: int) -> Trial:
        trial = trial_of(space, surface, point, number)
        late = 0.9 if point.threads > 4 else 0.2
        return trial.model_copy(update={"latency_seconds": late})

    search = GuidedSearch(space, objective, surface.demand, 15)
    drive(search, measure)
    assert search.best is not None
    assert search.best.settings.groups[0].threads <= 4


def test_the_same_answers_give_the_same_questions() -> None:
    space, surface = daemon_space(), Surface(0.010, 0.030, noise=0.05)
    runs = [
        drive(
            GuidedSearch(space, ANY, surface.demand, 12),
            lambda point, number: trial_of(space, surface, point, number),
        )
        for _ in range(2)
    ]
    assert runs[0] == runs[1]


def test_what_was_seeded_is_not_asked_again() -> None:
    space, surface = daemon_space(), Surface(0.010, 0.030)
    search = GuidedSearch(space, ANY, surface.demand, 3)
    search.seed(space.start, trial_of(space, surface, space.start, 0))
    assert search.ask() != space.start


def test_calibration_fills_the_cores_and_then_one_process() -> None:
    points = calibration_points(daemon_space(), ServiceDemand(0.01, 0.03), has_lock=True)
    assert [point.processes for point in points] == [4, 1, 8]
    assert all(point.processes * point.threads >= 24 for point in points)


@pytest.mark.parametrize("name", ENGINES)
def test_every_engine_finds_better_settings_than_today(name: str) -> None:
    space, surface = daemon_space(), Surface(0.001, 0.100)
    search = search_engine(name)(space, ANY, surface.demand, 10, has_lock=True)
    asked = drive(search, lambda point, number: trial_of(space, surface, point, number))
    assert len(asked) <= 10
    assert search.best is not None
    assert search.best.throughput > 2 * asked[0][1].throughput
    assert search.candidates(3)[0] == search.best
    assert search.stopped


def test_an_unknown_engine_is_named() -> None:
    with pytest.raises(UsageError, match="there are guided, coordinate"):
        search_engine("magic")
