"""The queueing model: its bounds, and what it learns from trials."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.search.surfaces import Surface
from tuner.search.demand import ServiceDemand
from tuner.search.model import Observed, Parameters, ThroughputModel, fit_model
from tuner.search.space import Point


def at(processes: int, threads: int) -> Point:
    return Point(processes=processes, threads=threads)


def model(**changed: float) -> ThroughputModel:
    values = {
        "busy_seconds": 0.01,
        "waiting_seconds": 0.09,
        "lock_share": 1.0,
        "process_overhead": 0.0,
        "thread_overhead": 0.0,
        "backend_throughput": 1e9,
        **changed,
    }
    return ThroughputModel(Parameters(**values), cores=4, concurrency=64, has_lock=True)


def test_few_workers_give_their_number_over_the_service_time() -> None:
    assert model().throughput(at(1, 2)) == pytest.approx(20, rel=0.01)
    assert model().limit(at(1, 2)) == "workers"


def test_where_every_client_is_in_service_more_workers_give_nothing() -> None:
    waiting = model(waiting_seconds=9.0)
    assert waiting.limit(at(2, 31)) == "workers"
    assert waiting.limit(at(2, 32)) == "clients"


def test_a_process_gives_at_most_what_its_lock_allows() -> None:
    assert model().throughput(at(1, 64)) == pytest.approx(100, rel=0.02)
    assert model().limit(at(1, 64)) == "interpreter lock"


def test_cores_are_the_end() -> None:
    assert model().bounds(at(16, 4))["cores"] == pytest.approx(400)
    assert model().limit(at(16, 4)) == "cores"
    assert model().throughput(at(16, 4), cores=8) > 1.3 * model().throughput(at(16, 4))


def test_a_full_back_end_is_the_end_of_everything() -> None:
    assert model(backend_throughput=50).throughput(at(16, 4)) == pytest.approx(50, rel=0.01)


def test_without_an_interpreter_there_is_no_lock() -> None:
    static = ThroughputModel(model().parameters, cores=4, concurrency=64, has_lock=False)
    assert "interpreter lock" not in static.bounds(at(1, 64))


@settings(deadline=None, max_examples=50, derandomize=True)
@given(
    processes=st.integers(1, 64),
    threads=st.integers(1, 128),
    busy=st.floats(1e-4, 0.5),
    waiting=st.floats(1e-4, 0.5),
)
def test_throughput_is_positive_and_below_every_bound(
    processes: int, threads: int, busy: float, waiting: float
) -> None:
    one = model(busy_seconds=busy, waiting_seconds=waiting)
    throughput = one.throughput(at(processes, threads))
    assert 0 < throughput <= min(one.bounds(at(processes, threads)).values()) * (1 + 1e-9)


def test_without_trials_the_model_is_what_one_request_showed() -> None:
    found = fit_model(ServiceDemand(0.01, 0.09), [], cores=4, concurrency=64, has_lock=True)
    assert found.parameters.busy_seconds == pytest.approx(0.01)
    assert found.parameters.waiting_seconds == pytest.approx(0.09)


@pytest.mark.parametrize(("busy", "waiting"), [(0.02, 0.001), (0.001, 0.1), (0.01, 0.03)])
def test_a_fitted_model_predicts_what_was_not_measured(busy: float, waiting: float) -> None:
    surface = Surface(busy, waiting)
    seen = [at(1, 1), at(1, 8), at(2, 4), at(4, 16), at(8, 2), at(1, 64)]
    observed = [Observed(one, surface.throughput(one.processes, one.threads)) for one in seen]
    found = fit_model(surface.demand, observed, cores=4, concurrency=64, has_lock=True)
    for point in (at(2, 16), at(4, 4), at(6, 8)):
        wanted = surface.throughput(point.processes, point.threads)
        assert found.throughput(point) == pytest.approx(wanted, rel=0.12)


def test_the_model_learns_a_back_end_that_one_request_cannot_show() -> None:
    seen = [at(1, 8), at(2, 16), at(4, 16), at(8, 8)]
    observed = [Observed(one, 120.0) for one in seen]
    found = fit_model(ServiceDemand(0.002, 0.03), observed, cores=4, concurrency=64, has_lock=True)
    assert found.throughput(at(6, 10)) == pytest.approx(120, rel=0.05)
    assert found.limit(at(6, 10)) == "back end"


def test_a_failed_trial_teaches_nothing() -> None:
    demand = ServiceDemand(0.01, 0.09)
    found = fit_model(demand, [Observed(at(1, 1), 0.0)], cores=4, concurrency=64, has_lock=True)
    assert found.parameters.busy_seconds == pytest.approx(0.01)
