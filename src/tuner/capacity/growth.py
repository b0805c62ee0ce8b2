"""Growth: how much memory a process gains for each request that it serves.

A straight line through (requests, USS), the same slope for every process: each
process is compared with itself where it was sampled more than twice, so that
different sizes to begin with do not look like growth. With one sample of several
processes, they are compared with each other.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from tuner.capacity.settings import Value
from tuner.fact import Unknown

Unit = Literal["request", "CPU second"]

LEAST_POINTS = 4
LEAST_WORK: dict[Unit, float] = {"request": 100, "CPU second": 1}
"""Below so much work between two points, buffers that fill up for the first time
look like growth."""
_T_975 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)
"""Student's t at 97.5 % for 1 to 10 degrees of freedom."""
_NORMAL_975 = 1.959964


class Point(NamedTuple):
    """One process at one moment."""

    process: int
    work: float
    """Requests served, or CPU seconds used, since the process started."""
    size_bytes: int


class Growth(Value):
    """Bytes gained for each unit of work, with the 95 % interval."""

    unit: Unit
    bytes_each: float
    low_bytes: float
    high_bytes: float
    points: int
    processes: int

    @property
    def is_growing(self) -> bool:
        """Whether the whole interval lies above 0."""
        return self.low_bytes > 0


def growth(points: Iterable[Point], unit: Unit) -> Growth | Unknown:
    """Fit the slope of memory over work (ordinary least squares, fixed effects).

    The interval takes the points as independent; sizes that grow in steps make it
    too narrow, so a slope just beside 0 proves little.
    """
    series: dict[int, list[Point]] = defaultdict(list)
    for point in points:
        series[point.process].append(point)
    followed = [part for part in series.values() if len(part) > 2]
    parts = followed or [[point for part in series.values() for point in part]]
    number = sum(len(part) for part in parts)
    if number < LEAST_POINTS:
        return Unknown(f"{number} points are too few: at least {LEAST_POINTS}, see --watch")
    centred = [pair for part in parts for pair in _centred(part)]
    spread = sum(x * x for x, _ in centred)
    most = max(max(p.work for p in part) - min(p.work for p in part) for part in parts)
    if most < LEAST_WORK[unit]:
        least = f"{LEAST_WORK[unit]:g} {unit}" + ("s" if LEAST_WORK[unit] > 1 else "")
        return Unknown(f"{most:.3g} {unit}s between the points are too few: at least {least}")
    slope = sum(x * y for x, y in centred) / spread
    freedom = number - len(parts) - 1
    if freedom < 1:
        return Unknown(f"{number} points of {len(parts)} processes are too few, see --watch")
    rest = sum((y - slope * x) ** 2 for x, y in centred) / freedom
    half = _t(freedom) * math.sqrt(rest / spread)
    return Growth(
        unit=unit,
        bytes_each=slope,
        low_bytes=slope - half,
        high_bytes=slope + half,
        points=number,
        processes=len(followed) or len(series),
    )


def _centred(part: Sequence[Point]) -> list[tuple[float, float]]:
    work = sum(point.work for point in part) / len(part)
    size = sum(point.size_bytes for point in part) / len(part)
    return [(point.work - work, point.size_bytes - size) for point in part]


def _t(freedom: int) -> float:
    """Return Student's t at 97.5 %; beyond the table by its expansion around the normal."""
    if freedom <= len(_T_975):
        return _T_975[freedom - 1]
    z = _NORMAL_975
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
