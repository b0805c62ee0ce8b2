"""The coordinate search on simulated servers."""

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
from tuner.search.coordinate import LEAST_GAIN, CoordinateSearch
from tuner.search.demand import ServiceDemand
from tuner.search.space import Point, Space
from tuner.search.trial import Objective, Trial

PROPERTY = settings(deadline=None, max_examples=200, derandomize=True)

CPU_BOUND = Surface(busy=0.020, waiting=0.001)
IO_BOUND = Surface(busy=0.001, waiting=0.100)
MIXED = Surface(busy=0.010, waiting=0.030)
ANY = Objective()


def search_on(
    space: Space, surface: Surface, objective: Objective = ANY, max_trials: int = 30
) -> tuple[CoordinateSearch, list[tuple[Point, Trial]]]:
    search = CoordinateSearch(space, objective, surface.demand, max_trials)
    return search, drive(search, lambda point, number: trial_of(space, surface, point, number))


SITUATIONS = [
    pytest.param(daemon_space(), CPU_BOUND, id="cpu-bound, one process today"),
    pytest.param(daemon_space(processes=9, threads=1), CPU_BOUND, id="cpu-bound, many today"),
    pytest.param(daemon_space(), IO_BOUND, id="io-bound, fifteen threads today"),
    pytest.param(daemon_space(processes=4, threads=1), IO_BOUND, id="io-bound, one thread today"),
    pytest.param(daemon_space(), MIXED, id="mixed"),
    pytest.param(
        daemon_space(processes=1, threads=5, each=400 * MB, budget=1 * GB),
        Surface(busy=0.020, waiting=0.080),
        id="memory for two processes",
    ),
    pytest.param(
        daemon_space(processes=3, threads=2, each=100 * MB, budget=600 * MB),
        IO_BOUND,
        id="memory-limited and io-bound",
    ),
    pytest.param(
        daemon_space(processes=9, threads=5, each=500 * MB, budget=2 * GB),
        CPU_BOUND,
        id="today does not fit memory",
    ),
    pytest.param(embedded_space(), CPU_BOUND, id="embedded, cpu-bound"),
    pytest.param(embedded_space(workers=5), IO_BOUND, id="embedded, io-bound, few workers"),
    pytest.param(
        embedded_space(workers=500, budget=1 * GB), IO_BOUND, id="embedded, 500 x 40 MB in 1 GB"
    ),
]


@pytest.mark.parametrize("noise", [0.0, 0.01])
@pytest.mark.parametrize(("space", "surface"), SITUATIONS)
def test_the_best_found_is_within_five_percent_of_the_best_there_is(
    space: Space, surface: Surface, noise: float
) -> None:
    surface = Surface(surface.busy, surface.waiting, noise=noise)
    search, _ = search_on(space, surface)
    assert search.best is not None
    assert search.best.throughput >= 0.95 * best_possible(space, surface, ANY).throughput


@pytest.mark.parametrize(("space", "surface"), SITUATIONS)
def test_twelve_trials_are_enough_for_a_good_answer(space: Space, surface: Surface) -> None:
    search, asked = search_on(space, surface, max_trials=12)
    assert search.best is not None
    assert len(asked) <= 12
    assert search.best.throughput >= 0.90 * best_possible(space, surface, ANY).throughput


@pytest.mark.parametrize(("space", "surface"), SITUATIONS)
def test_nothing_but_today_is_asked_over_the_budget(space: Space, surface: Surface) -> None:
    _, asked = search_on(space, surface, max_trials=1000)
    assert asked[0][0] == space.start
    assert asked[0][1].settings == space.today
    for point, trial in asked[1:]:
        assert space.allows(point)
        assert fits(trial.settings, space.costs, space.budget_bytes)
        assert not trial.failed


@pytest.mark.parametrize(("space", "surface"), SITUATIONS)
@pytest.mark.parametrize("max_trials", [0, 1, 2, 5])
def test_no_more_is_asked_than_was_allowed(space: Space, surface: Surface, max_trials: int) -> None:
    _, all_of_it = search_on(space, surface, max_trials=1000)
    search, asked = search_on(space, surface, max_trials=max_trials)
    assert asked == all_of_it[:max_trials]
    assert search.ask() is None


def test_almost_every_server_is_tuned_to_within_five_percent_in_twelve_trials() -> None:
    dice = Random(2024)
    shares: list[float] = []
    for _ in range(400):
        cores, concurrency = dice.choice([1, 2, 4, 8, 16, 32]), dice.choice([4, 16, 64, 256])
        space = daemon_space(
            processes=dice.choice([1, 2, 4, 8, 32]),
            threads=dice.choice([1, 5, 15, 25, 50]),
            each=dice.choice([30, 100, 400]) * MB,
            budget=dice.choice([1, 2, 4, 16]) * GB,
            cores=cores,
            concurrency=concurrency,
        )
        busy, waiting = 10 ** dice.uniform(-3.5, -1), 10 ** dice.uniform(-4, -0.5)
        surface = Surface(busy, waiting, cores, concurrency)
        search, _ = search_on(space, surface, max_trials=12)
        best = search.best.throughput if search.best else 0.0
        shares.append(best / best_possible(space, surface, ANY).throughput)
    good = [share for share in shares if share >= 0.95]
    assert len(good) >= 0.99 * len(shares)
    assert min(shares) >= 0.80


# --- any surface at all ---------------------------------------------------------------


@st.composite
def searches(draw: st.DrawFn) -> tuple[Space, ServiceDemand, dict[str, float]]:
    """Draw a space, a demand, and a table from which any measurement is made up."""
    if draw(st.booleans()):
        space = daemon_space(
            processes=draw(st.integers(1, 70)),
            threads=draw(st.integers(0, 140)),
            each=draw(st.integers(1, 800)) * MB,
            budget=draw(st.integers(1, 8000)) * MB,
            cores=draw(st.integers(1, 64)),
            concurrency=draw(st.integers(1, 512)),
        )
    else:
        space = embedded_space(
            workers=draw(st.integers(1, 1200)),
            each=draw(st.integers(1, 800)) * MB,
            budget=draw(st.integers(1, 8000)) * MB,
            concurrency=draw(st.integers(1, 512)),
        )
    demand = ServiceDemand(draw(st.floats(0, 1)), draw(st.floats(0, 1)))
    table = {
        "seed": draw(st.floats(0.1, 100)),
        "limit": draw(st.sampled_from([0.05, 1, 1000])),
        "fails": draw(st.sampled_from([0.0, 0.3, 0.9])),
    }
    return space, demand, table


def made_up(space: Space, table: dict[str, float], point: Point, number: int) -> Trial:
    surface = Surface(0.01, 0.01)
    base = trial_of(space, surface, point, number)
    dice = [
        math.fmod(abs(math.sin((point.processes * 13 + point.threads * 7 + k) * table["seed"])), 1)
        for k in range(3)
    ]
    failed = "made up" if dice[0] < table["fails"] else ""
    return base.model_copy(
        update={
            "failed": failed,
            "throughput": 0.0 if failed else round(1000 * dice[1]),
            "latency_seconds": None if failed else dice[2],
            "error_rate": 1.0 if failed else dice[2] * 0.02,
        }
    )


@PROPERTY
@given(searches())
def test_every_search_ends_and_asks_nothing_twice(
    case: tuple[Space, ServiceDemand, dict[str, float]],
) -> None:
    space, demand, table = case
    objective = Objective(latency_seconds=table["limit"])
    search = CoordinateSearch(space, objective, demand, 100_000)
    asked = drive(search, lambda point, number: made_up(space, table, point, number))
    points = [point for point, _ in asked]
    assert len(points) == len(set(points)) <= 500
    assert points[0] == space.start
    assert all(space.allows(point) for point in points[1:])
    feasible = [
        trial for _, trial in asked if trial.is_feasible(objective) and space.holds(trial.settings)
    ]
    if not feasible:
        assert search.best is None
        return
    assert search.best in feasible
    most = max(trial.throughput for trial in feasible)
    assert search.best.throughput >= (1 - LEAST_GAIN) * most


@PROPERTY
@given(searches())
def test_the_same_trials_lead_to_the_same_questions(
    case: tuple[Space, ServiceDemand, dict[str, float]],
) -> None:
    space, demand, table = case
    first = CoordinateSearch(space, ANY, demand, 40)
    asked = drive(first, lambda point, number: made_up(space, table, point, number))
    recorded = dict(asked)
    again = CoordinateSearch(space, ANY, demand, 40)
    assert drive(again, lambda point, _: recorded[point]) == asked
    assert again.best == first.best


# --- details ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("busy", "waiting", "expected"),
    [
        (0.020, 0.0, Point(processes=4, threads=2)),
        (0.010, 0.030, Point(processes=4, threads=5)),
        (0.001, 0.100, Point(processes=4, threads=20)),
        (0.0, 0.1, Point(processes=4, threads=20)),
        (0.0, 0.0, Point(processes=4, threads=20)),
    ],
)
def test_the_first_guess_fills_the_cores(busy: float, waiting: float, expected: Point) -> None:
    search = CoordinateSearch(daemon_space(), ANY, ServiceDemand(busy, waiting), 10)
    assert search.guess() == expected


@pytest.mark.parametrize(
    ("cores", "concurrency", "expected"),
    [
        (16, 64, Point(processes=8, threads=8)),
        (16, 80, Point(processes=10, threads=8)),
        (16, 5, Point(processes=1, threads=5)),
        (2, 64, Point(processes=2, threads=32)),
    ],
)
def test_a_waiting_application_gets_a_process_for_every_eight_requests(
    cores: int, concurrency: int, expected: Point
) -> None:
    space = daemon_space(cores=cores, concurrency=concurrency, threads=1)
    assert CoordinateSearch(space, ANY, IO_BOUND.demand, 10).guess() == expected


def test_the_first_guess_has_fewer_processes_where_memory_is_short() -> None:
    space = daemon_space(each=400 * MB, budget=1 * GB)
    search = CoordinateSearch(space, ANY, ServiceDemand(0.02, 0.0), 10)
    assert search.guess().processes == 2


def test_the_first_guess_is_no_more_than_the_load() -> None:
    space = daemon_space(concurrency=2)
    search = CoordinateSearch(space, ANY, ServiceDemand(0.001, 1.0), 10)
    guess = search.guess()
    assert guess.processes * guess.threads <= 2


def test_demand_is_a_share_of_the_service_time() -> None:
    demand = ServiceDemand(0.01, 0.03)
    assert demand.busy_share == pytest.approx(0.25)
    assert demand.concurrency_per_core == pytest.approx(4)
    assert ServiceDemand(0.0, 0.0).busy_share == 0


def answer(space: Space, objective: Objective, *trials: dict[str, object]) -> CoordinateSearch:
    """Answer the first questions with these values, whatever was asked."""
    search = CoordinateSearch(space, objective, CPU_BOUND.demand, len(trials))
    for number, values in enumerate(trials):
        point = search.ask()
        assert point is not None
        search.tell(trial_of(space, CPU_BOUND, point, number).model_copy(update=values))
    return search


def test_without_a_feasible_trial_there_is_no_best() -> None:
    search = CoordinateSearch(daemon_space(), ANY, CPU_BOUND.demand, 5)
    assert search.best is None
    failed = {"failed": "it does not start", "throughput": 9000.0}
    assert answer(daemon_space(), ANY, failed, failed).best is None


@pytest.mark.parametrize(
    ("trials", "best"),
    [
        ([{"throughput": 100.0}, {"throughput": 200.0}], 1),
        ([{"throughput": 200.0}, {"throughput": 100.0}], 0),
        ([{"throughput": 100.0, "need_bytes": 9}, {"throughput": 102.0, "need_bytes": 10}], 0),
        ([{"throughput": 100.0, "need_bytes": 9}, {"throughput": 104.0, "need_bytes": 10}], 1),
        ([{"throughput": 100.0, "need_bytes": 9}, {"throughput": 99.0, "need_bytes": 8}], 1),
        ([{"throughput": 100.0, "need_bytes": 9}, {"throughput": 99.0, "need_bytes": 9}], 0),
        ([{"throughput": 100.0}, {"throughput": 900.0, "error_rate": 0.02}], 0),
        ([{"throughput": 100.0}, {"throughput": 900.0, "latency_seconds": 0.6}], 0),
        ([{"throughput": 100.0}, {"throughput": 900.0, "latency_seconds": None}], 0),
        ([{"throughput": 100.0}, {"throughput": 900.0, "failed": "died"}], 0),
        ([{"throughput": 900.0, "error_rate": 0.5}, {"throughput": 100.0}], 1),
    ],
)
def test_the_best_is_the_fastest_feasible_and_the_smallest_of_equals(
    trials: list[dict[str, object]], best: int
) -> None:
    objective = Objective(latency_seconds=0.5)
    answers = [{"latency_seconds": 0.1, **one} for one in trials]
    search = answer(daemon_space(), objective, *answers)
    assert search.best is not None
    assert search.best.number == best


@pytest.mark.parametrize(
    ("objective", "values", "feasible"),
    [
        (Objective(), {}, True),
        (Objective(), {"latency_seconds": None}, True),
        (Objective(), {"error_rate": 0.01}, True),
        (Objective(), {"error_rate": 0.011}, False),
        (Objective(max_error_rate=0), {"error_rate": 0.001}, False),
        (Objective(), {"failed": "died"}, False),
        (Objective(latency_seconds=0.5), {"latency_seconds": 0.5}, True),
        (Objective(latency_seconds=0.5), {"latency_seconds": 0.51}, False),
        (Objective(latency_seconds=0.5), {"latency_seconds": None}, False),
    ],
)
def test_what_is_feasible(objective: Objective, values: dict[str, object], feasible: bool) -> None:
    space = daemon_space()
    trial = trial_of(space, CPU_BOUND, space.start, 0).model_copy(update=values)
    assert trial.is_feasible(objective) == feasible


def test_an_objective_that_nothing_meets_gives_no_best_and_ends() -> None:
    search, asked = search_on(daemon_space(), IO_BOUND, Objective(latency_seconds=1e-6))
    assert search.best is None
    assert 1 < len(asked) <= 30


def test_a_server_that_is_good_already_costs_few_trials() -> None:
    space = daemon_space(processes=4, threads=20)
    search, asked = search_on(space, IO_BOUND)
    assert search.best is not None
    assert search.best.throughput >= 0.95 * best_possible(space, IO_BOUND, ANY).throughput
    assert len(asked) <= 8
