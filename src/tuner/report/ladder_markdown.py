"""A ladder as Markdown, for a ticket or a README."""

from collections.abc import Sequence

from tuner.pipeline.ladder.report import LadderReport
from tuner.report.ladder_rows import (
    Row,
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


def render_markdown(report: LadderReport) -> str:
    """Return the report as Markdown."""
    parts = ["## Requests a second, ms per request", table(classic(report))]
    for target in report.targets:
        if target.steps:
            parts += [
                f"### {escaped(target.name)}",
                table(details(target, step_head(report))),
                _list([*findings(target), *check_lines(target)]),
            ]
    if report.traffic:
        parts += ["### Traffic", _list(traffic_lines(report))]
    parts += [escaped(machine_line(report)), escaped(ended_line(report))]
    return "\n\n".join(part for part in parts if part) + "\n"


def table(rows: Sequence[Row]) -> str:
    """Return a table of rows; the first is the heading, numbers stand to the right."""
    lines = ["| " + " | ".join(map(escaped, row)) + " |" for row in rows]
    lines.insert(1, "|" + "---:|" * len(rows[0]))
    return "\n".join(lines)


def escaped(text: str) -> str:
    """Escape what Markdown or HTML would read as its own."""
    text = printable(text).replace("&", "&amp;").replace("<", "&lt;")
    for sign in "\\`*_[]|":
        text = text.replace(sign, "\\" + sign)
    return text


def _list(lines: Sequence[str]) -> str:
    return "\n".join(f"- {escaped(line)}" for line in lines)
