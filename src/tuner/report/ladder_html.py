"""A ladder as one HTML file: no scripts, nothing loaded."""

from importlib.resources import files
from typing import Any

import jinja2

from tuner.pipeline.ladder.report import LadderReport, TargetReport
from tuner.report.ladder_rows import (
    check_lines,
    classic,
    details,
    ended_line,
    findings,
    machine_line,
    step_head,
    traffic_lines,
)
from tuner.report.style import printable

_BAR_WIDTH = 520


def render_html(report: LadderReport) -> str:
    """Return the page; every text is escaped."""
    source = files("tuner.report").joinpath("templates/ladder.html").read_text("utf-8")
    template = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string(
        source
    )
    page = template.render(
        classic=classic(report),
        targets=[_target(one, report) for one in report.targets if one.steps],
        traffic=traffic_lines(report),
        preflight=[one for one in report.preflight if one.verdict != "enough"],
        machine=machine_line(report),
        ended=ended_line(report),
        started_at=report.started_at,
        version=report.tuner,
    )
    return printable(page) + "\n"


def _target(target: TargetReport, report: LadderReport) -> dict[str, Any]:
    most = max((one.throughput for one in target.steps), default=0.0) or 1.0
    return {
        "name": target.name,
        "requests": ", ".join(target.requests),
        "details": details(target, step_head(report)),
        "findings": findings(target),
        "checks": check_lines(target),
        "bars": [
            {
                "label": one.label,
                "width": round(_BAR_WIDTH * one.throughput / most),
                "value": f"{one.throughput:.0f}/s",
                "kind": "bad" if one.validity == "invalid" else "bar",
            }
            for one in target.steps
        ],
    }
