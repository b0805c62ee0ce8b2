"""The Gaussian process: exact where it was told, unsure where it was not."""

import math

import numpy as np
import pytest

from tuner.search.gaussian import GaussianProcess
from tuner.search.space import Point

POINTS = [Point(processes=p, threads=t) for p in (1, 4, 16) for t in (1, 8)]


def value(point: Point) -> float:
    return 0.2 * math.sin(math.log(point.processes)) - 0.1 * math.log(point.threads)


def test_it_goes_through_what_it_was_told() -> None:
    process = GaussianProcess(POINTS, [value(one) for one in POINTS], noise=1e-3)
    mean, deviation = process.at(POINTS)
    assert mean == pytest.approx([value(one) for one in POINTS], abs=0.01)
    assert np.all(deviation < 0.01)


def test_it_is_less_sure_further_away() -> None:
    process = GaussianProcess(POINTS[:2], [0.1, 0.2], noise=0.03)
    _, deviation = process.at(
        [
            Point(processes=1, threads=2),
            Point(processes=4, threads=2),
            Point(processes=64, threads=2),
        ]
    )
    assert deviation[0] < deviation[1] < deviation[2]


def test_noise_is_evened_out() -> None:
    near = [Point(processes=100, threads=t) for t in (100, 101, 102, 103)]
    mean, _ = GaussianProcess(near, [0.1, -0.1, 0.1, -0.1], noise=0.1).at(near)
    assert np.all(np.abs(mean) < 0.08)


def test_far_from_everything_it_says_zero() -> None:
    mean, _ = GaussianProcess(POINTS[:1], [0.3], noise=0.01).at([Point(processes=10**6, threads=1)])
    assert abs(mean[0]) < 0.01
