"""What is too much for a recommendation."""

import pytest

from tests.pipeline.measured import measurement
from tuner.pipeline.optimise.overload import judge
from tuner.search.trial import Objective

MB = 2**20


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({}, ""),
        ({"error_rate": 0.05}, "5.0% of the requests fail"),
        ({"throughput": 70}, "throughput falls to 70%"),
        ({"p99_seconds": 30.0}, "some clients starve"),
        ({"memory_bytes": 300 * MB}, "exceeds the prediction"),
    ],
)
def test_a_cliff_is_named(changed: dict[str, float], problem: str) -> None:
    measured = measurement(**{"throughput": 100, **changed})  # type: ignore[arg-type]
    found = judge(measurement(100), measured, 128, 64, 200 * MB, Objective())
    assert found.factor == 2
    assert problem in found.problem
    assert bool(found.problem) == bool(problem)
