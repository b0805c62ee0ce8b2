"""The audit as text for people."""

import textwrap
from collections.abc import Sequence

from tuner.apache.changes import (
    Change,
    RemoveDirective,
    RemoveLine,
    SetArguments,
    SetDirective,
    SetOption,
)
from tuner.capacity.memory import MemoryCosts, memory_need
from tuner.pipeline.audit import AuditReport
from tuner.pipeline.observe import describe
from tuner.report.style import Style, printable
from tuner.rules.finding import Evidence, Finding

_WIDTH = 100
_INDENT = 10


def render_text(
    report: AuditReport, findings: Sequence[Finding], *, colour: bool, verbose: bool = False
) -> str:
    """Return the report."""
    style = Style(colour)
    blocks = [_summary(report, style)]
    blocks += [_finding(one, style) for one in findings if not one.suppressed]
    blocks.append(_ending(report, findings, style, verbose))
    return "\n\n".join(block for block in blocks if block) + "\n"


def _row(label: str, text: str, style: Style) -> str:
    body = textwrap.wrap(
        printable(text), _WIDTH - _INDENT, break_long_words=False, break_on_hyphens=False
    ) or [""]
    lead = style.paint(f"  {label:<{_INDENT - 2}}", "dim")
    return f"\n{' ' * _INDENT}".join([lead + body[0], *body[1:]])


def _summary(report: AuditReport, style: Style) -> str:
    configuration, views = report.configuration, report.views
    rows = [style.paint(printable(f"{configuration.main} ({configuration.layout} layout)"), "bold")]
    for error in configuration.errors:
        label = "error" if error.fatal else "warning"
        rows.append(_row(label, str(error), style))
    if views.mpm is not None:
        rows.append(_row("mpm", _mpm(report), style))
    for group in views.groups:
        text = f"{group.name}: {group.processes} processes x {group.threads} threads"
        rows.append(_row("daemon", f"{text} ({group.location})", style))
    rows += [
        _row("wsgi", f"{one.mount} {one.script}: {one.mode} {one.process_group}", style)
        for one in views.applications
    ]
    rows.append(_row("machine", describe(report.observation), style))
    rows.append(_row("budget", report.observation.budget.formula, style))
    costs, settings = report.observation.costs, views.settings
    if isinstance(costs, MemoryCosts) and settings is not None:
        rows.append(_row("need", memory_need(settings, costs).formula, style))
    elif not isinstance(costs, MemoryCosts):
        rows.append(_row("need", f"unknown: {costs.reason}", style))
    rows += [_row("assumed", text, style) for text in configuration.assumptions]
    return "\n".join(rows)


def _mpm(report: AuditReport) -> str:
    mpm = report.views.mpm
    assert mpm is not None
    text = f"{mpm.name}, MaxRequestWorkers {mpm.workers}"
    if mpm.is_threaded:
        text += f" = {mpm.processes} x ThreadsPerChild {mpm.threads}"
    for clamp in mpm.clamps:
        code = clamp.code or "silently"
        text += f"; {clamp.directive} {clamp.configured} -> {clamp.effective} ({code})"
    return text


def _finding(finding: Finding, style: Style) -> str:
    where = finding.locations[0]
    title = style.paint(f"{finding.id} {finding.title}", "bold")
    confidence = "" if finding.confidence == "high" else f" ({finding.confidence} confidence)"
    rows = [
        f"{style.severity(finding.severity)}  {title}{confidence}",
        _row(
            "at",
            f"{where} ({finding.subject})" if finding.subject != "server" else f"{where}",
            style,
        ),
        _row("", finding.message, style),
    ]
    if finding.evidence.result:
        rows.append(_row("formula", _formula(finding.evidence), style))
    rows += [_row("from", text, style) for text in _inputs(finding.evidence)]
    if finding.fix is not None:
        changes = ", ".join(written(change) for change in finding.fix.changes)
        note = f"needs {finding.restart}"
        if finding.fix.safety == "unsafe":
            note += "; your decision, in the patch with --unsafe-fixes"
        rows.append(_row("fix", f"{finding.fix.title}: {changes} ({note})", style))
    rows.append(_row("see", f"{finding.url}, tuner explain {finding.id}", style))
    return "\n".join(rows)


def _formula(evidence: Evidence) -> str:
    return f"{evidence.formula}: {evidence.substituted} = {evidence.result}"


def _inputs(evidence: Evidence) -> list[str]:
    return [
        f"{one.name}: {one.source}"
        for one in evidence.inputs
        if one.source and one.origin != "derived"
    ]


def written(change: Change) -> str:
    """Return a change as it would be written."""
    match change:
        case SetDirective(name=name, value=value):
            return f"{name} {value}"
        case SetOption(group=group, option=option, value=value):
            return f"{option}={value} of {group}"
        case SetArguments(name=name, file=file, line=line, arguments=arguments):
            return f"{name} {arguments} at {file}:{line}"
        case RemoveLine(name=name, file=file, line=line):
            return f"remove {name} at {file}:{line}"
        case RemoveDirective(name=name):
            return f"remove {name}"


def _ending(report: AuditReport, findings: Sequence[Finding], style: Style, verbose: bool) -> str:
    open_findings = [one for one in findings if not one.suppressed]
    counts = [
        f"{number} {severity}"
        for severity in ("high", "medium", "low", "info")
        if (number := sum(one.severity == severity for one in open_findings))
    ]
    lines = [f"{len(open_findings)} findings" + (f": {', '.join(counts)}" if counts else "")]
    lines += [
        _row("ignored", f"{one.id} at {one.locations[0]}: {one.suppressed}", style)
        for one in findings
        if one.suppressed
    ]
    if report.skipped:
        lines.append(f"{len(report.skipped)} rules could not be decided:")
        shown = report.skipped if verbose else report.skipped[:3]
        lines += [
            _row(one.id, f"{one.title} ({one.subject}): needs {'; '.join(one.missing)}", style)
            for one in shown
        ]
        if len(shown) < len(report.skipped):
            lines.append(_row("", f"and {len(report.skipped) - len(shown)} more, with -v", style))
    return "\n".join(lines)
