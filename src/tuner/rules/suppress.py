"""Inline suppression: a comment ``# tuner: ignore[ID] reason`` above the directive."""

import re
from collections.abc import Iterable

from tuner.apache.syntax.lines import LineTooLongError, logical_lines
from tuner.apache.syntax.words import decode
from tuner.apache.tree import Configuration
from tuner.rules.finding import Finding

_COMMENT = re.compile(rb"#\s*tuner:\s*ignore\[([A-Z0-9, ]+)\]\s*(.*)", re.DOTALL)


def apply_suppressions(
    configuration: Configuration, findings: Iterable[Finding]
) -> tuple[Finding, ...]:
    """Mark the findings that comments directly above their first location silence."""
    marked = _comments(configuration)
    result: list[Finding] = []
    for finding in findings:
        where = finding.locations[0]
        reasons = marked.get((where.file, where.line_first), {})
        if finding.id in reasons:
            reason = reasons[finding.id]
            finding = finding.model_copy(update={"suppressed": reason or "no reason given"})
        result.append(finding)
    return tuple(result)


def _comments(configuration: Configuration) -> dict[tuple[str, int], dict[str, str]]:
    """Return the reason for each id, by file and by the first line of what follows."""
    found: dict[tuple[str, int], dict[str, str]] = {}
    for source in configuration.sources:
        if b"tuner:" not in source.data:
            continue
        pending: dict[str, str] = {}
        try:
            for line in logical_lines(source.data):
                match = _COMMENT.fullmatch(line.text)
                if match:
                    ids = [one.strip() for one in decode(match[1]).split(",")]
                    pending.update(dict.fromkeys(ids, decode(match[2])))
                elif line.text and not line.text.startswith(b"#") and pending:
                    found[source.path, line.first] = pending
                    pending = {}
        except LineTooLongError:
            continue
    return found
