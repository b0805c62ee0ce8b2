"""What external programs print, read with care: recorded outputs and properties."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.probe.test_conformance import plan
from tuner.probe.external import ab, h2load, hey, k6, wrk
from tuner.probe.external.child import Finished, run_child, whole_seconds
from tuner.probe.guard import no_guard

RECORDED = Path(__file__).parent / "recorded"


def recorded(name: str) -> str:
    return (RECORDED / name).read_text("utf-8")


def stats_correct(counts: dict[int, int], interval: int) -> dict[int, int]:
    """Fill in as wrk 4 does (stats.c)."""
    data = dict(counts)
    for value in range(interval * 2, max(counts, default=0) + 1):
        count, lower = data.get(value, 0), value - interval
        while count and lower > interval:
            data[lower] = data.get(lower, 0) + count
            lower -= interval
    return data


@given(st.dictionaries(st.integers(1, 3000), st.integers(1, 50), max_size=30), st.integers(1, 1000))
def test_what_wrk_fills_in_is_taken_out_exactly(counts: dict[int, int], interval: int) -> None:
    assert wrk.without_backfill(stats_correct(counts, interval), interval) == counts


def test_a_histogram_that_was_not_filled_in_is_left_alone() -> None:
    assert wrk.without_backfill({10: 5, 100: 5}, 10) == {10: 5, 100: 5}


def test_wrk_counts_timeouts_and_failing_statuses_in_its_requests() -> None:
    told = {
        **{"requests": 100, "microseconds": 10**6, "bytes": 1, "connect": 0, "read": 0},
        **{"write": 0, "status": 10, "timeout": 5, "histogram": [[50, 95]]},
    }
    outcome = wrk.outcome_of(told, 100)
    assert outcome.good == 85
    assert outcome.errors["timeout"] == 5
    assert any("failing ones" in what for what in outcome.unknown)


def test_percentiles_of_wrk_are_taken_as_they_are_and_said_to_be_so() -> None:
    pairs = [[50, 1000], [90, 2000], [95, 3000], [99, 4000], [99.9, 5000], [100, 6000]]
    told = {"requests": 100, "microseconds": 10**6, "mean": 1500.0, "percentiles": pairs}
    outcome = wrk.outcome_of(told, 10)
    assert outcome.latency is not None
    assert outcome.latency.p99_seconds == 0.004
    assert outcome.histogram == ""
    assert any("fills in" in what for what in outcome.unknown)


def test_ab_counts_failing_statuses_apart_and_calls_nothing_failed() -> None:
    text = recorded("ab-non-2xx.txt")
    assert "Failed requests:        0" in text
    outcome = ab.outcome_of(text, recorded("ab-percentiles.csv"))
    assert outcome.good == 0
    assert outcome.errors["status not 2xx"] == 300
    assert outcome.latency is None


def test_ab_calls_refused_connections_complete() -> None:
    text = recorded("ab-refused.txt")
    assert "Complete requests:      300" in text
    outcome = ab.outcome_of(text, "")
    assert outcome.good == 0
    assert sum(outcome.errors.values()) == 300


def test_ab_percentiles_come_from_its_csv() -> None:
    rows = recorded("ab-percentiles.csv")
    outcome = ab.outcome_of(recorded("ab-ok.txt"), rows)
    milliseconds = [float(row.split(",")[1]) for row in rows.splitlines()[1:]]
    assert outcome.good == 300
    assert outcome.latency is not None
    assert outcome.latency.p50_seconds == pytest.approx(milliseconds[50] / 1e3)
    assert outcome.latency.p99_seconds == pytest.approx(milliseconds[99] / 1e3)
    assert milliseconds[0] / 1e3 < outcome.latency.mean_seconds < milliseconds[100] / 1e3
    assert any("p99.9" in what for what in outcome.unknown)


def test_length_failures_of_ab_are_no_errors() -> None:
    text = recorded("ab-ok.txt").replace(
        "Failed requests:        0",
        "Failed requests:        171\n   (Connect: 0, Receive: 0, Length: 171, Exceptions: 0)",
    )
    assert ab.outcome_of(text, "").good == 300


def test_hey_tells_failures_by_kind() -> None:
    refused = hey.outcome_of(recorded("hey-refused.txt"))
    assert refused.good == 0
    assert refused.errors.keys() == {"connection refused"}
    failing = hey.outcome_of(recorded("hey-fail.txt"))
    assert failing.good == 0
    assert failing.errors.keys() == {"status 500"}
    assert failing.errors["status 500"] == failing.statuses[500] > 0


def test_k6_is_read_by_our_own_metrics() -> None:
    asked = plan("http://x", "/ok", warmup_seconds=1.0, duration_seconds=2.0)
    summary = json.loads(recorded("k6-summary.json"))
    outcome = k6.outcome_of(summary, asked)
    assert outcome.good == 3687
    assert outcome.errors == {"status 500": 1249}
    assert outcome.seconds == pytest.approx(2.0, rel=0.05)
    assert outcome.latency is not None
    assert outcome.latency.p99_seconds == pytest.approx(0.01170, rel=0.01)


def test_k6_gets_a_constant_rate_as_arrivals() -> None:
    scenario = k6.script_plan(plan("http://x", "/ok", rate=12.5))["options"]["scenarios"]["load"]
    assert scenario["executor"] == "constant-arrival-rate"
    assert (scenario["rate"], scenario["timeUnit"]) == (750, "60s")


def finished(**changes: object) -> Finished:
    fields: dict[str, object] = {"stdout": "", "stderr": "", "code": 0, "seconds": 1.0}
    return Finished(**{"cpu_seconds": 0.1, **fields, **changes})  # type: ignore[arg-type]


def test_h2load_records_are_cut_at_the_warm_up() -> None:
    lines = [f"{10**15 + 10_000 * number}\t200\t{2000 + number}" for number in range(100)]
    lines += [f"{10**15 + 900_000}\t503\t9", f"{10**15 + 900_000}\t-1\t9", "torn\tline"]
    asked = plan("http://x", "/ok", warmup_seconds=0.5, duration_seconds=0.5)
    result = h2load._result(asked, finished(), "\n".join(lines))
    assert result.good == pytest.approx(50, abs=1)
    assert result.errors == {"no answer": 1, "status 503": 1}
    assert result.discarded_seconds == 0.5
    assert result.latency is not None
    assert 0.00205 <= result.latency.p50_seconds <= 0.0021


def test_a_child_that_does_not_end_is_ended_with_its_children() -> None:
    script = "trap '' INT; sleep 60 & echo $!; wait"
    result = run_child(["sh", "-c", script], 0.3, no_guard)
    assert result.is_late
    assert result.code < 0
    assert not Path(f"/proc/{int(result.stdout)}/cwd").exists()


@pytest.mark.parametrize(("seconds", "whole"), [(0.2, 1), (1, 1), (1.01, 2), (3.0, 3)])
def test_whole_seconds_are_rounded_up(seconds: float, whole: int) -> None:
    assert whole_seconds(seconds) == whole
