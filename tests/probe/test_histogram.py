"""HDR histograms, steady state, and what a ladder says."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuner.probe.histogram import (
    decode,
    encode,
    histogram_of,
    merged,
    new_histogram,
    record_counts,
    summarise,
)
from tuner.probe.loop.tally import quantize
from tuner.probe.steady import drift, steady_from


@settings(deadline=None)
@given(st.lists(st.integers(1, 10**8), min_size=1, max_size=200))
def test_percentiles_and_mean_are_within_three_digits(values: list[int]) -> None:
    latency = summarise(histogram_of(values))
    assert latency is not None
    ordered = sorted(values)
    exact = ordered[max(0, math.ceil(0.5 * len(ordered)) - 1)] / 1e6
    assert latency.p50_seconds == pytest.approx(exact, rel=1e-3, abs=1e-6)
    assert latency.mean_seconds == pytest.approx(sum(values) / len(values) / 1e6, rel=1e-3)
    assert latency.count == len(values)


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(1, 10**7), max_size=30), min_size=1, max_size=5))
def test_merging_loses_nothing(parts: list[list[int]]) -> None:
    together = summarise(histogram_of([value for part in parts for value in part]))
    assert summarise(merged(encode(histogram_of(part)) for part in parts)) == together


@settings(deadline=None)
@given(st.integers(0, 10**9))
def test_the_loop_rounds_as_the_histogram_does(value: int) -> None:
    """A value that the loop has rounded falls into the same bucket as the value itself."""
    exact, rounded = new_histogram(), new_histogram()
    record_counts(exact, {value: 1})
    record_counts(rounded, {quantize(value): 1})
    assert encode(exact) == encode(rounded)


def test_encoding_can_be_undone() -> None:
    histogram = histogram_of([1, 10, 100, 1000])
    assert summarise(decode(encode(histogram))) == summarise(histogram)


def test_nothing_has_no_latency() -> None:
    assert summarise(new_histogram()) is None


def noisy(level: float, count: int, seed: int = 1) -> list[int]:
    source = random.Random(seed)
    return [round(level * source.uniform(0.95, 1.05)) for _ in range(count)]


def test_a_steady_series_is_kept() -> None:
    steady = steady_from(noisy(1000, 100))
    assert steady.is_steady
    assert steady.cut <= 20


def test_a_ramp_is_cut_off() -> None:
    ramp = [round(1000 * (1 - math.exp(-window / 8))) for window in range(40)]
    steady = steady_from([*ramp, *noisy(1000, 100)])
    assert steady.is_steady
    assert 15 <= steady.cut <= 50


def test_a_series_that_keeps_growing_is_not_steady() -> None:
    assert not steady_from([10 * window for window in range(100)]).is_steady


def test_a_short_series_is_kept_as_it_is() -> None:
    assert steady_from([1, 2, 3]) == (0, True)


def test_drift_is_the_change_over_the_whole_series() -> None:
    assert drift([1000 + window for window in range(100)]) == pytest.approx(0.095, abs=0.01)
    assert abs(drift(noisy(1000, 100))) < 0.05
    assert drift([]) == 0
