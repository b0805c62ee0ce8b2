"""The audit as GitHub annotations: workflow commands, one line for each finding.

Escapes as the runner undoes them (actions/toolkit, docs/commands.md): ``%``, CR and
LF everywhere, ``:`` and ``,`` in properties too.
"""

from collections.abc import Sequence

from tuner.report.audit_document import AuditDocument, Error, FindingPart
from tuner.report.formats import Look
from tuner.report.style import printable
from tuner.report.wording import counts, how, written
from tuner.rules.schema import Rule

_COMMANDS = {"high": "error", "medium": "warning", "low": "notice", "info": "notice"}


def render(document: AuditDocument, rules: Sequence[Rule], look: Look) -> str:
    """Return one annotation for each finding that is not suppressed.

    Known findings are notices, whatever their severity.
    """
    lines = list(map(_error, document.configuration.errors))
    shown = [one for one in document.findings if one.suppressed is None]
    lines += map(_finding, shown)
    lines.append(f"tuner audit: {counts(document.findings)}")
    return "\n".join(lines) + "\n"


def _error(error: Error) -> str:
    command = "error" if error.fatal else "warning"
    line = max(1, error.line)
    return annotation(command, "httpd would say", error.message, error.path, line, line)


def _finding(finding: FindingPart) -> str:
    where = finding.locations[0]
    message = finding.message
    if finding.evidence.result:
        message += f"\n{finding.evidence.substituted} = {finding.evidence.result}"
    if finding.fix is not None:
        changes = ", ".join(map(written, finding.fix.changes))
        message += f"\n{finding.fix.title}: {changes} ({how(finding.fix)})"
    return annotation(
        "notice" if finding.known else _COMMANDS[finding.severity],
        f"{finding.id} {finding.title}" + (" (known)" if finding.known else ""),
        f"{message}\n{finding.url}",
        where.path,
        where.line_first,
        where.line_last,
    )


def annotation(
    command: str, title: str, message: str, path: str | None, line_first: int, line_last: int
) -> str:
    """Return one workflow command; without a file it belongs to the whole run."""
    place = {"file": path, "line": line_first, "endLine": line_last} if path is not None else {}
    properties = {**place, "title": title}
    shown = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    return f"::{command} {shown}::{_data(message)}"


def _data(text: str) -> str:
    """Escape the message of a command."""
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return printable(text)


def _property(text: str) -> str:
    """Escape a property of a command."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
