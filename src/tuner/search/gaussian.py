"""A Gaussian process over points: what is known between and beyond the trials.

Matern 5/2 kernel on the logarithms of processes and threads (Rasmussen and
Williams, Gaussian Processes for Machine Learning, 4.2 and algorithm 2.1); scale
and lengths are those of the grid below with the largest marginal likelihood.
"""

import itertools
import math
from collections.abc import Sequence

import numpy as np
from scipy.linalg import cho_solve, cholesky, solve_triangular

from tuner.search.space import Point

_SCALES = (0.03, 0.06, 0.12, 0.25, 0.5)
_LENGTHS = (0.5, 1.0, 2.0)


class GaussianProcess:
    """The posterior of a function with mean zero, given noisy values at some points."""

    def __init__(self, points: Sequence[Point], values: Sequence[float], noise: float) -> None:
        self._places = _coordinates(points)
        self._values = np.array(values)
        self._noise = noise
        choices = itertools.product(_SCALES, _LENGTHS, _LENGTHS)
        self._choice = max(choices, key=self._likelihood)
        self._factor = self._factorise(self._choice)
        self._weights = cho_solve((self._factor, True), self._values)

    def at(self, points: Sequence[Point]) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and standard deviation of the function at the points."""
        across = _kernel(_coordinates(points), self._places, self._choice)
        half = solve_triangular(self._factor, across.T, lower=True)
        variance = self._choice[0] ** 2 - np.sum(half**2, axis=0)
        return across @ self._weights, np.sqrt(np.maximum(variance, 1e-12))

    def _factorise(self, choice: tuple[float, float, float]) -> np.ndarray:
        covariance = _kernel(self._places, self._places, choice)
        covariance[np.diag_indices_from(covariance)] += self._noise**2
        return cholesky(covariance, lower=True)

    def _likelihood(self, choice: tuple[float, float, float]) -> float:
        factor = self._factorise(choice)
        fit = self._values @ cho_solve((factor, True), self._values)
        return float(-fit / 2 - np.sum(np.log(np.diag(factor))))


def _coordinates(points: Sequence[Point]) -> np.ndarray:
    return np.array([(math.log(one.processes), math.log(one.threads)) for one in points])


def _kernel(
    first: np.ndarray, second: np.ndarray, choice: tuple[float, float, float]
) -> np.ndarray:
    scale, *lengths = choice
    apart = (first[:, None, :] - second[None, :, :]) / np.array(lengths)
    distance = np.sqrt(5 * np.sum(apart**2, axis=2))
    return np.asarray(scale**2 * (1 + distance + distance**2 / 3) * np.exp(-distance))
