"""Summaries and doubts."""

import pytest

from tuner.probe.result import ProbeResult, doubts_about, summarise_latency


def result(**changes: object) -> ProbeResult:
    latency = summarise_latency([0.01] * 1000)
    fields: dict[str, object] = {
        "engine": "test",
        "concurrency": 10,
        "elapsed_seconds": 1.0,
        "requests": 1000,
        "good": 1000,
        "throughput": 1000.0,
        "latency": latency,
        "errors": {},
        "body_bytes": 0,
        "keep_alive_races": 0,
        "in_flight_at_end": 0,
        "client_cpu": 0.3,
        **changes,
    }
    return ProbeResult.model_validate(fields)


def test_percentiles_are_by_nearest_rank() -> None:
    latency = summarise_latency([number / 100 for number in range(1, 101)])
    assert latency is not None
    assert latency.p50_seconds == 0.5
    assert latency.p90_seconds == 0.9
    assert latency.p99_seconds == 0.99
    assert latency.max_seconds == 1.0
    assert latency.mean_seconds == pytest.approx(0.505)


def test_nothing_measured_has_no_latency() -> None:
    assert summarise_latency([]) is None


def test_a_sound_probe_raises_no_doubt() -> None:
    assert doubts_about(result()) == {}


def test_a_busy_client_is_doubted() -> None:
    assert "client-cpu" in doubts_about(result(client_cpu=0.97))


def test_concurrency_that_does_not_add_up_is_doubted() -> None:
    assert "littles-law" in doubts_about(result(concurrency=20))


def test_few_responses_are_doubted() -> None:
    assert "few-samples" in doubts_about(result(good=50, requests=50, throughput=1000.0))


def test_the_error_rate_of_nothing_is_one() -> None:
    assert result(requests=0, good=0).error_rate == 1
