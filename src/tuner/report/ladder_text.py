"""A ladder as text for people: the classic table, percentiles, a chart, what it means."""

from tuner.pipeline.ladder.report import LadderReport, TargetReport
from tuner.report.ladder_rows import (
    aligned,
    check_lines,
    classic,
    details,
    ended_line,
    findings,
    machine_line,
    step_head,
    traffic_lines,
)
from tuner.report.style import Style, printable

CHART_WIDTH = 40
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def render_text(report: LadderReport, *, colour: bool, verbose: bool = False) -> str:
    """Return the report; ``verbose`` shows notes and limits that are high enough too."""
    style = Style(colour)
    title = "Requests a second, ms per request"
    if report.repeat > 1:
        title += f" (mean, 95 % interval of {report.repeat} probes)"
    blocks = [
        _block(style, title, aligned(classic(report))),
        "? doubtful, ! invalid: see below" if _has_marks(report) else "",
        *(_target(one, report, style, verbose) for one in report.targets if one.steps),
        printable("\n".join(traffic_lines(report))),
        _preflight(report, verbose),
        machine_line(report),
        printable(ended_line(report)),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _block(style: Style, heading: str, body: str) -> str:
    return f"{style.paint(printable(heading), 'bold')}\n{printable(body)}".rstrip()


def _has_marks(report: LadderReport) -> bool:
    return any(step.validity != "valid" for one in report.targets for step in one.steps)


def _target(target: TargetReport, report: LadderReport, style: Style, verbose: bool) -> str:
    checks = check_lines(target)
    if not verbose:
        checks = [one for one in checks if not one.startswith("note")]
    body = [
        aligned(details(target, step_head(report))),
        "",
        chart(target),
        "",
        *findings(target),
        *checks,
    ]
    return _block(style, f"{target.name}  ({', '.join(target.requests[:5])})", "\n".join(body))


def chart(target: TargetReport) -> str:
    """Draw throughput as bars, with the median latency beside them."""
    most = max((one.throughput for one in target.steps), default=0.0)
    width = max(len(one.label) for one in target.steps)
    lines = []
    for step in target.steps:
        drawn = bar(step.throughput / most if most else 0.0)
        wait = step.latency_seconds.get("p50")
        shown = f"  p50 {wait * 1e3:.1f} ms" if wait is not None else "  no answer"
        lines.append(f"  {step.label:>{width}} {drawn} {step.throughput:.0f}/s{shown}")
    return "\n".join(lines)


def bar(share: float) -> str:
    """Draw a share of the chart's width in eighths of a character."""
    eighths = round(max(0.0, min(share, 1.0)) * CHART_WIDTH * 8)
    whole, rest = divmod(eighths, 8)
    return ("█" * whole + (_EIGHTHS[rest] if rest else "")).ljust(CHART_WIDTH)


def _preflight(report: LadderReport, verbose: bool) -> str:
    return "\n".join(
        f"{one.verdict}: {one.message}" + (f"; {one.advice}" if one.advice else "")
        for one in report.preflight
        if verbose or one.verdict != "enough"
    )
