"""Where the warm-up of a probe ends: MSER-5 on completions per window.

White, "An effective truncation heuristic for bias reduction in simulation output"
(Simulation 69, 1997): cut where the standard error of the mean of what is kept
is smallest, on means of five windows. When that is not in the first half, the
probe never became steady.
"""

import statistics
from collections.abc import Sequence
from typing import NamedTuple

BATCH = 5
LEAST_BATCHES = 10


class Steady(NamedTuple):
    """Windows to discard from the front, and whether the rest is steady."""

    cut: int
    is_steady: bool


def steady_from(counts: Sequence[int]) -> Steady:
    """Return where the steady part of a series of window counts begins.

    Shorter than ten batches of five there is nothing to decide: all is kept.
    """
    batches = [
        statistics.fmean(counts[start : start + BATCH])
        for start in range(0, len(counts) - BATCH + 1, BATCH)
    ]
    if len(batches) < LEAST_BATCHES:
        return Steady(0, is_steady=True)
    best, best_error = 0, float("inf")
    total = squares = 0.0
    kept = 0
    for start in range(len(batches) - 1, -1, -1):
        value = batches[start]
        total += value
        squares += value * value
        kept += 1
        if kept < LEAST_BATCHES // 2:
            continue
        deviation = max(0.0, squares - total * total / kept)
        error = deviation / (kept * kept)
        if error <= best_error:
            best, best_error = start, error
    half = len(batches) // 2
    if best > half:
        return Steady(0, is_steady=False)
    return Steady(best * BATCH, is_steady=True)


def drift(counts: Sequence[int]) -> float:
    """Return the change over the whole series as a share of its mean (Theil-Sen slope)."""
    mean = statistics.fmean(counts) if counts else 0.0
    if len(counts) < 2 * BATCH or not mean:
        return 0.0
    step = max(1, len(counts) // 60)
    points = [
        (start, statistics.fmean(counts[start : start + step]))
        for start in range(0, len(counts) - step + 1, step)
    ]
    slopes = [
        (second[1] - first[1]) / (second[0] - first[0])
        for position, first in enumerate(points)
        for second in points[position + 1 :]
    ]
    return statistics.median(slopes) * len(counts) / mean
