"""Growth: memory over work, with its interval."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuner.capacity.growth import LEAST_POINTS, Growth, Point, growth
from tuner.fact import Unknown

PROPERTY = settings(deadline=None, max_examples=200, derandomize=True)
KB, MB = 2**10, 2**20


def line(pid: int, start: int, slope: float, count: int, step: int = 100) -> list[Point]:
    return [Point(pid, n * step, int(start + slope * n * step)) for n in range(count)]


def test_a_steady_leak_is_found_whatever_the_processes_began_with() -> None:
    found = growth([*line(1, 30 * MB, 2 * KB, 5), *line(2, 90 * MB, 2 * KB, 5)], "request")
    assert isinstance(found, Growth)
    assert found.bytes_each == pytest.approx(2 * KB)
    assert found.is_growing
    assert (found.points, found.processes) == (10, 2)


def test_processes_seen_once_are_compared_with_each_other() -> None:
    found = growth([Point(n, n * 200, 30 * MB + n * 200 * KB) for n in range(6)], "request")
    assert isinstance(found, Growth)
    assert found.bytes_each == pytest.approx(KB)
    assert found.processes == 6


def test_noise_is_not_growth() -> None:
    noise = random.Random(1)
    points = [Point(1, n * 50, 30 * MB + noise.randrange(400 * KB)) for n in range(30)]
    found = growth(points, "request")
    assert isinstance(found, Growth)
    assert not found.is_growing
    assert found.low_bytes < 0 < found.high_bytes


def test_the_interval_becomes_narrow_with_more_points() -> None:
    def width(count: int) -> float:
        noise = random.Random(2)
        points = [
            Point(1, n * 100, 30 * MB + n * 100 * KB + noise.randrange(MB)) for n in range(count)
        ]
        found = growth(points, "request")
        assert isinstance(found, Growth)
        return found.high_bytes - found.low_bytes

    assert width(40) < width(8) / 4


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        ([], "0 points"),
        (line(1, MB, KB, LEAST_POINTS - 1), "too few"),
        ([Point(n, 500, MB) for n in range(9)], "0 requests between"),
        (line(1, MB, KB, 9, step=1), "8 requests between the points are too few"),
    ],
)
def test_too_little_is_unknown(points: list[Point], reason: str) -> None:
    found = growth(points, "request")
    assert isinstance(found, Unknown)
    assert reason in found.reason


@PROPERTY
@given(
    slope=st.integers(-10_000, 10_000),
    starts=st.lists(st.integers(0, 10**9), min_size=1, max_size=5),
    count=st.integers(4, 12),
)
def test_an_exact_line_has_its_slope(slope: int, starts: list[int], count: int) -> None:
    points = [p for pid, start in enumerate(starts) for p in line(pid, start, slope, count)]
    found = growth(points, "request")
    assert isinstance(found, Growth)
    assert found.bytes_each == pytest.approx(slope, abs=1e-3)
    assert found.low_bytes <= found.bytes_each <= found.high_bytes
