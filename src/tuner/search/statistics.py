"""Paired comparison of two settings that were measured in turn."""

import math
import statistics
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

_T_975 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
)  # fmt: skip
"""Student's t at 97.5 % for 1 to 20 degrees of freedom."""
_NORMAL_975 = 1.959964


_NOTHING = 1e-3
"""Stands for a probe in which nothing succeeded: far away, so that the interval
becomes wide and nothing is concluded."""


class Ratio(BaseModel):
    """How many times more one setting gives than another, with its 95 % interval."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    estimate: float
    low: float
    high: float
    pairs: int

    @property
    def is_more(self) -> bool:
        """Whether the whole interval lies above 1."""
        return self.low > 1

    @property
    def is_less(self) -> bool:
        """Whether the whole interval lies below 1."""
        return self.high < 1

    def describe(self) -> str:
        """Return it as people say it: ``+3.2 %``, from 2 up ``4.4 times``; with the interval."""
        if self.estimate >= 2:
            estimate = f"{self.estimate:.2f} times today's"
            interval = f"{self.low:.2f} to {self.high:.2f}"
        else:
            estimate = f"{self.estimate - 1:+.1%}".replace("%", " %")
            interval = f"{self.low - 1:+.1%} to {self.high - 1:+.1%}".replace("%", " %")
        return f"{estimate} (95 % interval {interval}, {self.pairs} pairs)"


def paired_ratio(first: Sequence[float], second: Sequence[float]) -> Ratio:
    """Compare ``second`` with ``first`` pair by pair, on logarithms (paired t interval).

    Pairs measured one after the other share the machine's mood, so that drift
    cancels. With one pair the interval is unlimited.
    """
    logs = [
        math.log(max(b, _NOTHING) / max(a, _NOTHING)) for a, b in zip(first, second, strict=True)
    ]
    if not logs:
        return Ratio(estimate=1.0, low=0.0, high=math.inf, pairs=0)
    mean = statistics.fmean(logs)
    if len(logs) == 1:
        return Ratio(estimate=math.exp(mean), low=0.0, high=math.inf, pairs=1)
    error = statistics.stdev(logs) / math.sqrt(len(logs))
    half = _quantile(len(logs) - 1) * error
    return Ratio(
        estimate=math.exp(mean),
        low=math.exp(mean - half),
        high=math.exp(mean + half),
        pairs=len(logs),
    )


def unpaired_ratio(first: Sequence[float], second: Sequence[float]) -> Ratio:
    """Compare two series that were measured at different times, on logarithms.

    Welch's interval, its degrees of freedom rounded down (Welch, Biometrika 34, 1947).
    With fewer than two values on a side the interval is unlimited; ``pairs`` is the
    length of the shorter side.
    """
    logs = [[math.log(max(value, _NOTHING)) for value in side] for side in (first, second)]
    pairs = min(len(side) for side in logs)
    if not pairs:
        return Ratio(estimate=1.0, low=0.0, high=math.inf, pairs=0)
    change = statistics.fmean(logs[1]) - statistics.fmean(logs[0])
    if pairs == 1:
        return Ratio(estimate=math.exp(change), low=0.0, high=math.inf, pairs=1)
    errors = [statistics.variance(side) / len(side) for side in logs]
    total = sum(errors)
    if not total:
        return Ratio(
            estimate=math.exp(change), low=math.exp(change), high=math.exp(change), pairs=pairs
        )
    below = sum(error**2 / (len(side) - 1) for error, side in zip(errors, logs, strict=True))
    half = _quantile(max(1, int(total**2 / below))) * math.sqrt(total)
    return Ratio(
        estimate=math.exp(change),
        low=math.exp(change - half),
        high=math.exp(change + half),
        pairs=pairs,
    )


def mean_with_interval(values: Sequence[float]) -> tuple[float, float]:
    """Return the mean and the half-width of its 95 % interval."""
    mean = statistics.fmean(values)
    if len(values) < 2:
        return mean, math.inf
    return mean, _quantile(len(values) - 1) * statistics.stdev(values) / math.sqrt(len(values))


def _quantile(freedom: int) -> float:
    """Return Student's t at 97.5 %; beyond the table by its expansion around the normal."""
    if freedom <= len(_T_975):
        return _T_975[freedom - 1]
    z = _NORMAL_975
    first, second = (z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96
    return z + first / freedom + second / freedom**2
