"""Judge a run against its baseline: effect, interval, verdict. Pure."""

import math
from collections.abc import Callable, Sequence
from typing import Literal

from tuner.pipeline.smoke.series import Pair, Series
from tuner.probe.plan import Value
from tuner.search.statistics import Ratio, unpaired_ratio

Verdict = Literal["ok", "inconclusive", "regressed"]
LEAST_PAIRS = 5
MACHINE_FASTER = 1.1
"""From so much more throughput of the control on, the machine counts as another."""


class Tolerance(Value):
    """What is still no regression."""

    throughput: float = 0.10
    """Share of throughput that may be lost."""
    latency: float = 0.25
    """Share by which p95 may rise."""
    errors: float = 0.01
    """By how much the share of failed requests may rise."""


class Change(Value):
    """How many times more, with the 95 % interval."""

    estimate: float
    low: float
    high: float | None
    """None: unlimited, there are too few pairs."""
    pairs: int


class Metric(Value):
    """One comparison."""

    name: str
    change: Change
    """Today over the baseline, both relative to the control."""
    raw: Change
    """Today over the baseline, not related to the control."""
    limit: float
    """The ratio beyond which it is a regression."""
    verdict: Verdict
    message: str


class Comparison(Value):
    """The outcome of ``smoke check``."""

    schema_version: Literal[1] = 1
    verdict: Verdict
    message: str
    metrics: tuple[Metric, ...]
    machine: Change
    """The control's throughput today over that of the baseline."""
    baseline: Series
    today: Series


def compare(baseline: Series, today: Series, tolerance: Tolerance) -> Comparison:
    """Compare two runs of the same load.

    Regressed: the 95 % interval excludes "no change" and the estimate is beyond the
    tolerance. Ok: the interval keeps clear of the tolerance. Else inconclusive.
    ``_judged`` says how the machine's own speed comes in.
    """
    before, after = baseline.usable, today.usable
    machine = _change(before, after, lambda one: one.control.throughput)
    metrics = (
        _throughput(
            _change(before, after, lambda one: one.throughput_ratio),
            _change(before, after, lambda one: one.target.throughput),
            machine,
            tolerance,
        ),
        _latency(
            _change(before, after, lambda one: one.latency_ratio),
            _change(before, after, lambda one: one.target.p95_seconds or 0.0),
            machine,
            tolerance,
        ),
        _errors(baseline, today, tolerance),
    )
    verdict, message = _overall(metrics, baseline, today)
    return Comparison(
        verdict=verdict,
        message=message,
        metrics=metrics,
        machine=_finite(machine),
        baseline=baseline,
        today=today,
    )


def _change(before: Sequence[Pair], after: Sequence[Pair], value: Callable[[Pair], float]) -> Ratio:
    return unpaired_ratio([value(one) for one in before], [value(one) for one in after])


def _finite(ratio: Ratio) -> Change:
    """JSON has no infinity."""
    high = ratio.high if math.isfinite(ratio.high) else None
    return Change(estimate=ratio.estimate, low=ratio.low, high=high, pairs=ratio.pairs)


def _inverse(ratio: Ratio) -> Ratio:
    return Ratio(
        estimate=1 / ratio.estimate,
        low=1 / ratio.high if ratio.high else 0.0,
        high=1 / ratio.low if ratio.low else math.inf,
        pairs=ratio.pairs,
    )


def _throughput(relative: Ratio, raw: Ratio, machine: Ratio, tolerance: Tolerance) -> Metric:
    limit = 1 - tolerance.throughput
    verdict, why = _judged(relative, raw, machine, limit)
    return Metric(
        name="throughput",
        change=_finite(relative),
        raw=_finite(raw),
        limit=limit,
        verdict=verdict,
        message=f"throughput {percent(raw)}, {percent(relative)} relative to the control{why}",
    )


def _latency(relative: Ratio, raw: Ratio, machine: Ratio, tolerance: Tolerance) -> Metric:
    limit = 1 + tolerance.latency
    # For latency more is worse: the same judgement on the inverse.
    verdict, why = _judged(_inverse(relative), _inverse(raw), machine, 1 / limit)
    return Metric(
        name="latency",
        change=_finite(relative),
        raw=_finite(raw),
        limit=limit,
        verdict=verdict,
        message=f"p95 latency {percent(raw)}, {percent(relative)} relative to the control{why}",
    )


def _errors(baseline: Series, today: Series, tolerance: Tolerance) -> Metric:
    rise = today.error_rate - baseline.error_rate
    one = Change(estimate=1 + rise, low=1 + rise, high=1 + rise, pairs=len(today.pairs))
    return Metric(
        name="errors",
        change=one,
        raw=one,
        limit=1 + tolerance.errors,
        verdict="regressed" if rise > tolerance.errors else "ok",
        message=f"{today.error_rate:.2%} of the requests fail, {baseline.error_rate:.2%} in the "
        "baseline",
    )


def _judged(relative: Ratio, raw: Ratio, machine: Ratio, limit: float) -> tuple[Verdict, str]:
    """Judge a change for which less is worse.

    An application that computes follows the machine's speed, so its ratio to the
    control tells; one that waits does not, so its own numbers tell. Nobody knows which
    it is: it regressed only if both say so where they can differ, and is well if one
    says so on a machine that is not faster.
    """
    is_faster = machine.estimate > MACHINE_FASTER
    if relative.high < 1 and relative.estimate <= limit:
        if is_faster and raw.estimate > limit:
            return "inconclusive", (
                f"; this machine is {machine.estimate:.2f} times as fast as the baseline's, and an "
                "application that waits does not get faster with it"
            )
        return ("ok" if raw.low > limit else "regressed"), ""
    if relative.low > limit or (raw.low > limit and not is_faster):
        return "ok", ""
    return "inconclusive", ""


def _overall(metrics: tuple[Metric, ...], baseline: Series, today: Series) -> tuple[Verdict, str]:
    worse = [one for one in metrics if one.verdict == "regressed"]
    if worse:
        return "regressed", "; ".join(one.message for one in worse)
    for name, series in (("the baseline", baseline), ("this run", today)):
        if len(series.usable) < LEAST_PAIRS:
            doubts = sorted(
                {
                    doubt
                    for pair in series.pairs
                    for side in (pair.control, pair.target)
                    if side.validity == "invalid"
                    for doubt in side.doubts
                }
            )
            why = f" ({', '.join(doubts)})" if doubts else ""
            return "inconclusive", (
                f"{len(series.usable)} of {len(series.pairs)} pairs of {name} are usable{why}, "
                f"{LEAST_PAIRS} are needed"
            )
    unclear = [one for one in metrics if one.verdict == "inconclusive"]
    if unclear:
        return "inconclusive", "; ".join(one.message for one in unclear)
    return "ok", metrics[0].message


def percent(ratio: Ratio | Change) -> str:
    """Write a ratio as a change in percent with its interval."""
    if ratio.pairs < 2 or ratio.high is None:
        return f"{ratio.estimate - 1:+.1%} (no interval)"
    return (
        f"{ratio.estimate - 1:+.1%} (95 % interval {ratio.low - 1:+.1%} to {ratio.high - 1:+.1%})"
    )


def is_clear(found: Comparison, tolerance: Tolerance) -> bool:
    """Tell whether more probes would not change the verdict.

    Not only that there is one: the interval must also be narrower than half of the
    tolerance on each side, so that it does not stop at a lucky moment.
    """
    throughput = found.metrics[0]
    widths = [
        (one.high - one.low) / 2
        for one in (throughput.change, throughput.raw)
        if one.high is not None
    ]
    return (
        found.verdict != "inconclusive"
        and len(found.today.usable) >= LEAST_PAIRS
        and min(widths, default=math.inf) <= tolerance.throughput / 2
    )
