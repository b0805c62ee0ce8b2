"""Knee, cliff and the Universal Scalability Law."""

import pytest

from tests.probe.test_checks import latency, result
from tuner.probe.scaling import ScalabilityLaw, Step, fit_law, scaling


def step(concurrency: int, throughput: float, **changes: object) -> Step:
    seconds = concurrency / throughput if throughput else 1.0
    probe = result(
        concurrency=concurrency, throughput=throughput, latency=latency(seconds), **changes
    )
    return Step(concurrency=concurrency, probes=(probe,))


def law(contention: float, coherency: float) -> ScalabilityLaw:
    return ScalabilityLaw(
        rate=100,
        contention=contention,
        contention_error=0,
        coherency=coherency,
        coherency_error=0,
        fit=1,
    )


@pytest.mark.parametrize(("contention", "coherency"), [(0.0, 0.0), (0.1, 0.0), (0.05, 0.0005)])
def test_the_law_is_found_in_its_own_points(contention: float, coherency: float) -> None:
    truth = law(contention, coherency)
    found = fit_law([(n, truth.at(n)) for n in (1, 2, 5, 10, 20, 50, 100)])
    assert found is not None
    assert found.rate == pytest.approx(100)
    assert found.contention == pytest.approx(contention, abs=1e-9)
    assert found.coherency == pytest.approx(coherency, abs=1e-9)
    assert found.fit == pytest.approx(1)


def test_the_peak_is_where_throughput_is_highest() -> None:
    truth = law(0.05, 0.0005)
    peak = truth.peak_concurrency
    assert peak is not None
    assert truth.at(peak) == truth.limit
    assert truth.at(peak) >= max(truth.at(peak * 0.9), truth.at(peak * 1.1))


def test_three_points_are_too_few_for_a_law() -> None:
    assert fit_law([(1, 100), (2, 190), (4, 350)]) is None


def test_the_knee_is_where_throughput_stops_rising() -> None:
    found = scaling([step(10, 500), step(50, 2000), step(100, 2020), step(200, 1990)])
    assert found.knee == 50
    assert "2000 requests/s" in found.knee_reason
    assert found.cliff is None


def test_a_throughput_that_still_rises_has_no_knee() -> None:
    found = scaling([step(10, 500), step(50, 2000), step(100, 3500)])
    assert found.knee is None
    assert "still rises at 100" in found.knee_reason


def test_errors_are_a_cliff_with_their_kind() -> None:
    broken = step(250, 1500, good=1500, requests=2000, errors={"status 503": 490, "timeout": 10})
    found = scaling([step(10, 500), step(100, 2000), broken])
    assert found.cliff == 250
    assert "25.0% of the requests fail, mostly: status 503" in found.cliff_reason


def test_a_collapse_is_a_cliff() -> None:
    found = scaling([step(10, 500), step(100, 2000), step(200, 900)])
    assert found.cliff == 200
    assert "45%" in found.cliff_reason


def test_a_flat_curve_with_an_idle_server_blames_the_client() -> None:
    found = scaling([step(10, 500, server_cores=0.1), step(20, 505, server_cores=0.1)])
    (text,) = found.flat
    assert "the server uses 0.10 cores" in text


def test_a_flat_curve_of_a_busy_server_blames_nobody() -> None:
    assert scaling([step(10, 500, server_cores=1.9), step(20, 505, server_cores=1.9)]).flat == ()
