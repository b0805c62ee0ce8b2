"""Intervals against tables and against the integral that defines them."""

import math
import random
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuner.search.statistics import Ratio, mean_with_interval, paired_ratio, unpaired_ratio

PROPERTY = settings(deadline=None, max_examples=200, derandomize=True)

TABLE = {
    1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262,
    10: 2.228, 11: 2.201, 12: 2.179, 13: 2.160, 14: 2.145, 15: 2.131, 16: 2.120, 17: 2.110,
    18: 2.101, 19: 2.093, 20: 2.086, 21: 2.080, 22: 2.074, 23: 2.069, 24: 2.064, 25: 2.060,
    26: 2.056, 27: 2.052, 28: 2.048, 29: 2.045, 30: 2.042, 40: 2.021, 60: 2.000, 120: 1.980,
}  # fmt: skip
"""Student's t at 97.5 %, from any textbook."""


def quantile(freedom: int) -> float:
    """Return the quantile that an interval over ``freedom + 1`` values was made with."""
    values = [float(number % 2) for number in range(freedom + 1)]
    _, half = mean_with_interval(values)
    return half * math.sqrt(len(values)) / statistics.stdev(values)


@pytest.mark.parametrize(("freedom", "expected"), TABLE.items())
def test_quantiles_are_those_of_the_table(freedom: int, expected: float) -> None:
    assert quantile(freedom) == pytest.approx(expected, abs=0.0007)


@pytest.mark.parametrize("freedom", [1, 2, 3, 5, 8, 13, 20, 21, 22, 34, 55, 100, 300])
def test_quantiles_enclose_95_percent_of_students_distribution(freedom: int) -> None:
    end = quantile(freedom)
    scale = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2))
    scale /= math.sqrt(freedom * math.pi)

    def density(t: float) -> float:
        return float(scale * (1 + t * t / freedom) ** (-(freedom + 1) / 2))

    steps = 2000
    width = 2 * end / steps
    inner = [density(-end + number * width) for number in range(1, steps)]
    total = density(-end) + density(end) + 4 * sum(inner[::2]) + 2 * sum(inner[1::2])
    assert total * width / 3 == pytest.approx(0.95, abs=2e-4)


def test_an_interval_worked_out_by_hand() -> None:
    mean, half = mean_with_interval([10, 12, 14, 16])
    assert mean == 13
    assert half == pytest.approx(3.182 * math.sqrt(20 / 3) / 2)


def test_one_value_says_nothing_about_its_spread() -> None:
    assert mean_with_interval([5.0]) == (5.0, math.inf)


def test_a_ratio_worked_out_by_hand() -> None:
    found = paired_ratio([100, 200, 50], [110, 240, 65])
    assert found.pairs == 3
    assert found.estimate == pytest.approx((1.1 * 1.2 * 1.3) ** (1 / 3))
    logs = [0.0953102, 0.1823216, 0.2623643]
    spread = math.sqrt(sum((one - 0.1799987) ** 2 for one in logs) / 2)
    half = 4.303 * spread / math.sqrt(3)
    assert found.low == pytest.approx(math.exp(0.1799987 - half), rel=1e-5)
    assert found.high == pytest.approx(math.exp(0.1799987 + half), rel=1e-5)
    assert not found.is_more
    assert not found.is_less


@pytest.mark.parametrize(
    ("first", "second", "more", "less"),
    [
        ([100, 101, 99, 100], [130, 131, 129, 130], True, False),
        ([130, 131, 129, 130], [100, 101, 99, 100], False, True),
        ([100, 120, 90, 110], [105, 110, 100, 108], False, False),
        ([100, 50, 25], [120, 60, 30], True, False),
        ([100], [900], False, False),
        ([], [], False, False),
    ],
)
def test_more_and_less_are_said_only_beyond_noise(
    first: list[float], second: list[float], more: bool, less: bool
) -> None:
    found = paired_ratio(first, second)
    assert (found.is_more, found.is_less) == (more, less)


def test_drift_that_both_sides_share_does_not_count() -> None:
    drift = [1.0, 0.7, 1.3, 0.5]
    found = paired_ratio([100 * one for one in drift], [110 * one for one in drift])
    assert found.estimate == pytest.approx(1.1)
    assert found.high - found.low == pytest.approx(0, abs=1e-9)
    assert found.is_more


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([], [], Ratio(estimate=1.0, low=0.0, high=math.inf, pairs=0)),
        ([5.0], [10.0], Ratio(estimate=2.0, low=0.0, high=math.inf, pairs=1)),
    ],
)
def test_few_pairs_leave_the_interval_open(
    first: list[float], second: list[float], expected: Ratio
) -> None:
    assert paired_ratio(first, second) == expected


@pytest.mark.parametrize("failed", [[0.0, 8.0, 8.0, 8.0], [8.0, 8.0, 0.0, 8.0]])
def test_a_probe_in_which_nothing_succeeded_leaves_nothing_to_conclude(
    failed: list[float],
) -> None:
    found = paired_ratio([4.0] * 4, failed)
    assert found.pairs == 4
    assert not found.is_more


def test_pairs_must_be_complete() -> None:
    with pytest.raises(ValueError, match="zip"):
        paired_ratio([1.0, 2.0], [1.0])


RATES = st.lists(
    st.tuples(st.floats(1, 1e5), st.floats(1, 1e5)), min_size=2, max_size=30
)  # fmt: skip


@PROPERTY
@given(RATES)
def test_comparing_the_other_way_round_gives_the_inverse(pairs: list[tuple[float, float]]) -> None:
    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    forth, back = paired_ratio(first, second), paired_ratio(second, first)
    assert forth.low <= forth.estimate <= forth.high
    assert back.estimate == pytest.approx(1 / forth.estimate)
    assert math.log(back.low) == pytest.approx(-math.log(forth.high), abs=1e-9)
    assert forth.is_more == back.is_less or forth.low == pytest.approx(1)


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        ((1.321, 1.284, 1.36, 6), "+32.1 % (95 % interval +28.4 % to +36.0 %, 6 pairs)"),
        ((0.95, 0.9, 1.002, 4), "-5.0 % (95 % interval -10.0 % to +0.2 %, 4 pairs)"),
        ((4.4, 4.25, 4.555, 4), "4.40 times today's (95 % interval 4.25 to 4.55, 4 pairs)"),
    ],
)
def test_a_ratio_is_written_as_people_say_it(
    ratio: tuple[float, float, float, int], text: str
) -> None:
    estimate, low, high, pairs = ratio
    assert Ratio(estimate=estimate, low=low, high=high, pairs=pairs).describe() == text


def test_two_series_with_equal_spread_have_the_interval_of_student() -> None:
    """Welch's degrees of freedom are then those of the pooled test: 2 x 4 = 8."""
    logs = [-0.2, -0.1, 0.0, 0.1, 0.2]
    first = [100 * math.exp(one) for one in logs]
    second = [200 * math.exp(one) for one in logs]
    found = unpaired_ratio(first, second)
    half = TABLE[8] * math.sqrt(2 * statistics.variance(logs) / 5)
    assert found.estimate == pytest.approx(2)
    assert found.low == pytest.approx(2 * math.exp(-half), rel=1e-3)
    assert found.high == pytest.approx(2 * math.exp(half), rel=1e-3)


def test_the_interval_of_two_series_covers_the_truth_as_often_as_it_says() -> None:
    rng = random.Random(7)
    covered = 0
    for _ in range(1000):
        first = [math.exp(rng.gauss(0, 0.05)) for _ in range(6)]
        second = [1.3 * math.exp(rng.gauss(0, 0.15)) for _ in range(9)]
        found = unpaired_ratio(first, second)
        covered += found.low <= 1.3 <= found.high
    assert 930 <= covered <= 985


@pytest.mark.parametrize(("first", "second"), [([], [1.0]), ([1.0], [1.0, 2.0]), ([], [])])
def test_a_series_too_short_has_no_interval(first: list[float], second: list[float]) -> None:
    found = unpaired_ratio(first, second)
    assert (found.low, found.high) == (0.0, math.inf)


def test_series_without_spread_are_compared_exactly() -> None:
    found = unpaired_ratio([2.0, 2.0], [3.0, 3.0])
    assert found.low == found.high == pytest.approx(1.5)
