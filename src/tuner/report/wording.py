"""Sentences that several forms of a report share."""

from collections.abc import Iterable, Sequence

from tuner.apache.changes import (
    Change,
    RemoveDirective,
    RemoveLine,
    SetArguments,
    SetDirective,
    SetOption,
)
from tuner.apache.effective.mpm import MpmSettings
from tuner.report.audit_document import AuditDocument, FindingPart, FixPart, Place, UnknownPart
from tuner.report.style import count_of
from tuner.rules.finding import SEVERITIES, Evidence, Input, Skipped
from tuner.rules.schema import Rule

RESTARTS = {
    "graceful": "a graceful restart",
    "restart": "a restart",
    "stop+start": "a stop and a start",
}


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


def fix_lines(rule: Rule) -> list[str]:
    """Return what a rule's fix writes, as in its file; nothing where it has none."""
    fix = rule.fix
    if fix is None:
        return []
    return [
        *(f"{name} {text}" for name, text in fix.set.items()),
        *(f"{name}={text}" for name, text in fix.option.items()),
        *(f"remove {name}" for name in fix.remove),
        *([f"{' or '.join(rule.about)} {fix.here}"] if fix.here else []),
        *(["remove this directive"] if fix.remove_line else []),
    ]


def counts(findings: Iterable[FindingPart]) -> str:
    """Return how many findings count, by severity: ``3 findings: 1 high, 2 low``."""
    found = [one.severity for one in findings if one.is_open]
    parts = [f"{found.count(one)} {one}" for one in reversed(SEVERITIES) if one in found]
    return count_of(len(found), "finding") + (f": {', '.join(parts)}" if parts else "")


def formula(evidence: Evidence) -> str:
    """Return the formula, with its values, and what it gives, in one line."""
    return f"{evidence.formula} = {evidence.substituted} = {evidence.result}"


def how(fix: FixPart) -> str:
    """Return what a fix needs from the reader."""
    restart = f"needs {RESTARTS[fix.restart]}"
    if fix.refused is not None:
        return f"{restart}; to be made by hand, because {fix.refused}"
    if fix.safety == "unsafe":
        return f"{restart}; for you to decide (--unsafe-fixes)"
    return restart


def where(place: Place) -> str:
    """Return a place with what stands there."""
    text = f"{place.file}:{place.line_last}"
    if place.directive:
        text += f" {place.directive}"
    return text if place.context == "server" else f"{text} in {place.context}"


def telling(evidence: Evidence) -> tuple[Input, ...]:
    """Return the inputs that are numbers, or unknown; others the message says in words."""
    return tuple(one for one in evidence.inputs if one.unit not in ("text", "texts", "flag"))


def mpm_line(mpm: MpmSettings) -> str:
    """Return the MPM with what httpd corrects."""
    text = f"{mpm.name}, MaxRequestWorkers {mpm.workers}"
    if mpm.is_threaded:
        text += f" = {mpm.processes} x ThreadsPerChild {mpm.threads}"
    for clamp in mpm.clamps:
        code = clamp.code or "silently"
        text += f"; {clamp.directive} {clamp.configured} -> {clamp.effective} ({code})"
    return text


def need_line(document: AuditDocument) -> str:
    """Return the memory at full occupancy, or why it is not known."""
    need = document.memory.need
    return f"unknown: {need.unknown}" if isinstance(need, UnknownPart) else need.formula


def budget_line(document: AuditDocument) -> str:
    """Return what Apache may use, or why it is not known."""
    budget = document.memory.budget
    return f"unknown: {budget.unknown}" if isinstance(budget, UnknownPart) else budget.formula


def undecided(skipped: Sequence[Skipped]) -> list[tuple[str, tuple[str, ...]]]:
    """Return each reason why rules could not be decided, with their ids, most rules first.

    A missing fact is written ``name: reason``; facts that are missing for the
    same reason are one.
    """
    reasons: dict[str, dict[str, None]] = {}
    for one in skipped:
        for missing in one.missing:
            reason = missing.partition(": ")[2] or missing
            reasons.setdefault(reason, {})[one.id] = None
    found = [(reason, tuple(ids)) for reason, ids in reasons.items()]
    return sorted(found, key=lambda one: (-len(one[1]), one[0]))
