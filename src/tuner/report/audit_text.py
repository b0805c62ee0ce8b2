"""The audit as text for people: what there is, findings by severity, what to do next."""

import textwrap
from collections.abc import Iterator, Sequence

from tuner.report.audit_document import AuditDocument, FindingPart, FixPart
from tuner.report.formats import Look
from tuner.report.style import Style, count_of, printable
from tuner.report.wording import (
    budget_line,
    counts,
    formula,
    how,
    mpm_line,
    need_line,
    telling,
    undecided,
    where,
    written,
)
from tuner.rules.finding import SEVERITIES, Input
from tuner.rules.schema import Rule
from tuner.units import format_size

_WIDTH = 100
_INDENT = 10
_NARROW = 30
"""The narrowest column of text, and the widest value that others are aligned with."""


def render(document: AuditDocument, rules: Sequence[Rule], look: Look) -> str:
    """Return the report; findings that do not count are listed at the end."""
    style = Style(look.colour)
    blocks = [_summary(document, style)]
    for severity in reversed(SEVERITIES):
        found = [one for one in document.findings if one.is_open and one.severity == severity]
        if found:
            head = f"{severity.upper()}  {count_of(len(found), 'finding')}"
            blocks.append(style.paint(head, severity))
            blocks += [_finding(one, style, look.verbose) for one in found]
    blocks.append(_ending(document, style, look.verbose))
    return "\n\n".join(blocks) + "\n"


def _row(label: str, text: str, style: Style, columns: str = "") -> str:
    """Return a label and a text that is wrapped beside it, behind ``columns``."""
    lead = _INDENT + len(columns)
    body = textwrap.wrap(
        printable(text), max(_NARROW, _WIDTH - lead), break_long_words=False, break_on_hyphens=False
    ) or [""]
    first = style.paint(f"  {label:<{_INDENT - 2}}", "dim") + columns
    return f"\n{' ' * lead}".join([first + body[0], *body[1:]])


def _summary(document: AuditDocument, style: Style) -> str:
    configuration, effective, memory = document.configuration, document.effective, document.memory
    head = f"{configuration.main} ({configuration.layout} layout)"
    rows = [style.paint(printable(head), "bold")]
    for error in configuration.errors:
        label = "error" if error.fatal else "warning"
        place = f"{error.file}:{error.line}" if error.line else error.file
        rows.append(_row(label, f"{place}: {error.message}", style))
    if effective.mpm is not None:
        rows.append(_row("mpm", mpm_line(effective.mpm), style))
    for group in effective.daemon_groups:
        processes = count_of(group.processes, "process", "processes")
        size = f"{processes} x {count_of(group.threads, 'thread')}"
        rows.append(_row("daemon", f"{group.name}: {size} ({group.location})", style))
    rows += [
        _row("wsgi", f"{one.mount} {one.script}: {one.mode} {one.process_group}", style)
        for one in effective.applications
    ]
    machine = memory.machine
    if memory.machine_is_servers:
        rows.append(
            _row(
                "machine",
                f"{format_size(machine.memory_limit_bytes)} memory "
                f"({machine.memory_limit_source}), {machine.cores} cores ({machine.cores_source})",
                style,
            )
        )
    rows.append(_row("budget", budget_line(document), style))
    rows.append(_row("need", need_line(document), style))
    rows += [_row("assumed", text, style) for text in configuration.assumptions]
    return "\n".join(rows)


def _finding(finding: FindingPart, style: Style, verbose: bool) -> str:
    title = style.paint(finding.id, finding.severity)
    title += " " + style.paint(printable(finding.title), "bold")
    if finding.confidence != "high":
        title += style.paint(f" ({finding.confidence} confidence)", "dim")
    if finding.subject != "server":
        title += f", {printable(finding.subject)}"
    rows = [title, _row("at", where(finding.locations[0]), style)]
    rows += [_row("and", where(one), style) for one in finding.locations[1:]]
    rows.append(_row("", finding.message, style))
    evidence = finding.evidence
    if evidence.result:
        rows.append(_row("formula", formula(evidence), style))
    if verbose:
        rows += _inputs(evidence.inputs, style)
    elif evidence.result:
        rows += _inputs(telling(evidence), style)
    if finding.fix is not None:
        rows += _fix(finding.fix, style)
    rows.append(_row("see", f"tuner explain {finding.id}, {finding.url}", style))
    return "\n".join(rows)


def _inputs(inputs: Sequence[Input], style: Style) -> Iterator[str]:
    """Yield the inputs as columns: name, value to the right, where it comes from."""
    names = max((len(one.name) for one in inputs), default=0)
    shown = [printable(one.shown) for one in inputs]
    values = max((len(one) for one in shown if len(one) <= _NARROW), default=0)
    for position, (one, value) in enumerate(zip(inputs, shown, strict=True)):
        columns = f"{one.name:<{names}}  {value:>{values}}  "
        label = "" if position else "with"
        yield _row(label, one.source or one.origin, style, columns).rstrip()


def _fix(fix: FixPart, style: Style) -> list[str]:
    changes = ", ".join(map(written, fix.changes))
    return [_row("fix", f"{fix.title}: {changes}", style), _row("", how(fix), style)]


def _ending(document: AuditDocument, style: Style, verbose: bool) -> str:
    lines = [style.paint(counts(document.findings), "bold")]
    open_fixes = [one.fix for one in document.findings if one.is_open and one.fix]
    made = [one.safety for one in open_fixes if one.refused is None]
    if number := made.count("safe"):
        lines.append(f"{count_of(number, 'safe fix', 'safe fixes')}: --patch FILE")
    if number := made.count("unsafe"):
        fixes = count_of(number, "fix", "fixes")
        lines.append(f"{fixes} for you to decide: --patch FILE --unsafe-fixes")
    for one in document.findings:
        if one.suppressed is not None:
            lines.append(
                _row("ignored", f"{one.id} at {one.locations[0]}: {one.suppressed}", style)
            )
        elif one.known:
            lines.append(_row("known", f"{one.id} at {one.locations[0]}: {one.title}", style))
    if document.skipped:
        rules = len({one.id for one in document.skipped})
        lines.append(f"{count_of(rules, 'rule')} could not be decided:")
        if verbose:
            lines += [
                _row(one.id, f"{one.title} ({one.subject}): needs {'; '.join(one.missing)}", style)
                for one in document.skipped
            ]
        else:
            lines += [
                _row(f"{len(ids):>3}", f"{reason}: {', '.join(ids)}", style)
                for reason, ids in undecided(document.skipped)
            ]
    return "\n".join(lines)
