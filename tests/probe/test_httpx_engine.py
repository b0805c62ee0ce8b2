"""The httpx engine against a server whose behaviour is known."""

import time

import pytest

from tuner.probe.engines import engine
from tuner.probe.httpx_engine import run
from tuner.probe.plan import ProbePlan, Request


def plan(url: str, path: str, **changes: object) -> ProbePlan:
    fields: dict[str, object] = {
        "url": url,
        "host": "test.example",
        "requests": (Request(path=path),),
        "concurrency": 4,
        "warmup_seconds": 0.1,
        "duration_seconds": 0.5,
        **changes,
    }
    return ProbePlan.model_validate(fields)


def test_good_responses_are_counted_with_their_bytes(server_url: str) -> None:
    result = run(plan(server_url, "/ok"))
    assert result.good == result.requests > 0
    assert result.body_bytes >= 100 * result.good
    assert result.body_bytes % 100 == 0
    assert result.errors == {}
    assert result.throughput == pytest.approx(result.good / result.elapsed_seconds)
    assert 0.4 < result.elapsed_seconds < 2


def test_latency_is_that_of_the_server(server_url: str) -> None:
    latency = run(plan(server_url, "/slow", duration_seconds=1.0)).latency
    assert latency is not None
    assert 0.2 <= latency.p50_seconds < 0.35
    assert latency.p50_seconds <= latency.p90_seconds <= latency.p99_seconds <= latency.max_seconds


def test_failing_statuses_are_errors_by_kind(server_url: str) -> None:
    result = run(plan(server_url, "/fail"))
    assert result.good == 0
    assert result.latency is None
    assert set(result.errors) == {"status 500"}
    assert result.error_rate == 1


def test_an_error_storm_stops_the_probe(server_url: str) -> None:
    begin = time.monotonic()
    result = run(plan(server_url, "/fail", warmup_seconds=0.0, duration_seconds=30.0))
    assert time.monotonic() - begin < 10
    assert result.requests >= 50
    assert result.elapsed_seconds < 5


def test_a_refused_connection_is_an_error_not_an_exception() -> None:
    result = run(plan("http://127.0.0.1:1", "/", duration_seconds=0.3))
    assert set(result.errors) == {"connection refused"}


def test_a_new_connection_that_is_cut_is_an_error(server_url: str) -> None:
    result = run(plan(server_url, "/cut", duration_seconds=0.3))
    assert result.good == 0
    assert set(result.errors) <= {"connection closed", "connection reset"}
    assert result.keep_alive_races == 0


def test_a_timeout_is_an_error(server_url: str) -> None:
    result = run(plan(server_url, "/slow", timeout_seconds=0.05))
    assert set(result.errors) == {"timeout"}


def test_requests_are_bounded(server_url: str) -> None:
    result = run(
        plan(server_url, "/ok", max_requests=20, warmup_seconds=0.0, duration_seconds=30.0)
    )
    assert result.requests <= 20 + 4


def test_a_mix_follows_its_weights(server_url: str) -> None:
    mix = (Request(path="/ok", weight=3), Request(path="/fail", weight=1))
    result = run(plan(server_url, "/", requests=mix, duration_seconds=1.0))
    assert 0.1 < result.error_rate < 0.4


def test_a_guard_stops_the_probe_with_its_reason(server_url: str) -> None:
    begin = time.monotonic()
    result = run(plan(server_url, "/ok", duration_seconds=30.0), lambda: "enough")
    assert result.stopped == "enough"
    assert time.monotonic() - begin < 10


def test_an_engine_is_found_by_name() -> None:
    assert engine("httpx") is run
