"""The result of an optimisation as one HTML file: no scripts, nothing loaded."""

from importlib.resources import files
from typing import Any

import jinja2

from tuner import __version__
from tuner.apache.secrets import secrets_of
from tuner.pipeline.optimise.result import OptimiseReport
from tuner.report.optimise_text import (
    alternative_rows,
    doubt_lines,
    overload_rows,
    side_row,
    sides,
)
from tuner.report.style import printable
from tuner.units import format_seconds, format_size

_BAR_WIDTH = 380


def render_html(report: OptimiseReport) -> str:
    """Return the page; text from the configuration is escaped."""
    source = files("tuner.report").joinpath("templates/optimise.html").read_text("utf-8")
    template = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string(
        source
    )
    return printable(template.render(**_values(report))) + "\n"


def _values(report: OptimiseReport) -> dict[str, Any]:
    settings = report.winner.settings if report.winner else report.trials[0].settings
    raced = [(name, side.settings.describe(), *side_row(side)) for name, side in sides(report)]
    objective = report.request.objective
    return {
        "headline": "Better settings found" if report.is_better else "Nothing better than today",
        "verdict": report.verdict,
        "main": report.configuration.main,
        "requests": ", ".join(one.path for one in report.target.requests),
        "concurrency": report.request.concurrency,
        "cores": report.machine.cores,
        "version": __version__,
        "sides": raced,
        "bars": _bars(report),
        "trial_head": ("", "settings", "requests/s", objective.percentile, "errors", "memory"),
        "trials": [
            (
                "today" if one.number == 0 else one.number,
                one.settings.describe(),
                f"{one.throughput:.1f}" if not one.failed else one.failed,
                format_seconds(one.latency_seconds) if one.latency_seconds else "-",
                f"{one.error_rate:.1%}",
                format_size(one.memory_bytes),
            )
            for one in report.trials
        ],
        "alternatives": alternative_rows(report),
        "overload": overload_rows(report),
        "doubts": doubt_lines(report),
        "rejected": report.rejected,
        "need": report.need(settings).formula,
        "budget": report.budget_formula,
        "patch": _patch(report),
        "run_directory": str(report.run_directory),
    }


def _patch(report: OptimiseReport) -> str:
    """Return the patch to look at: the lines around a change may hold secrets."""
    text = report.patch.text.decode("utf-8", "replace") if report.patch else ""
    return secrets_of(report.configuration).redact(text)


def _bars(report: OptimiseReport) -> list[dict[str, Any]]:
    most = max((one.throughput for one in report.trials), default=0.0) or 1.0
    return [
        {
            "label": one.settings.describe(),
            "width": round(_BAR_WIDTH * one.throughput / most),
            "value": one.failed or f"{one.throughput:.0f}/s",
            "kind": "failed" if one.failed else "today" if one.number == 0 else "bar",
        }
        for one in report.trials
    ]
