"""A capacity plan as text."""

import math

from tuner.pipeline.plan import Plan, Range
from tuner.report.optimise_text import table
from tuner.units import format_seconds


def render_text(plan: Plan) -> str:
    """Return the plan."""
    rows: list[tuple[str, ...]] = [
        ("", "estimate", "95 % interval"),
        ("measured, requests per second", *_cells(plan.throughput)),
        (f"planned, {plan.headroom:.0%} kept free", *_cells(plan.planned)),
        (_month_label(plan), *_cells(plan.requests_per_month)),
        (f"users, {format_seconds(plan.think_seconds)} between requests", *_cells(plan.users)),
        ("with one more core, by the model", *_cells(plan.one_more_core)),
        ("with one more GB of memory, by the model", *_cells(plan.one_more_gibibyte)),
    ]
    which = "today's settings" if plan.is_today else "the settings found"
    blocks = [
        f"One host with {which}: {plan.settings.describe()}\n"
        f"from {plan.probes} probes at {plan.concurrency} concurrent requests in {plan.run}",
        table(rows),
        _latency(plan),
    ]
    if plan.hosts is not None:
        blocks.append(
            f"{plan.target_throughput:g} requests per second need {plan.hosts} hosts: "
            f"{plan.hosts - 1} to serve them {_BY[plan.hosts_by]}, and one to lose (N+1)."
        )
    return "\n\n".join(blocks) + "\n"


_BY = {
    "low end": "at the low end of the interval",
    "estimate": "by the estimate, which has no interval here",
    None: "",
}


def _month_label(plan: Plan) -> str:
    label = "requests in 30 days"
    if plan.peak_factor == 1:
        return f"{label}, at this rate all the time"
    return f"{label}, the peak {plan.peak_factor:g} times the average"


def _latency(plan: Plan) -> str:
    seconds = format_seconds(plan.latency_seconds) if plan.latency_seconds else "unknown"
    text = f"{plan.percentile} at this load: {seconds}"
    if plan.objective_seconds is None:
        return f"{text}; the run had no latency objective."
    kept = "kept" if plan.keeps_objective else "missed"
    return f"{text}; the objective of {format_seconds(plan.objective_seconds)} is {kept}."


def _cells(value: Range) -> tuple[str, str]:
    if not math.isfinite(value.high):
        return _number(value.estimate), "unknown: one probe"
    return _number(value.estimate), f"{_number(value.low)} to {_number(value.high)}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
