"""The audit as GitHub annotations: workflow commands, one line for each finding.

Escapes as the runner undoes them (actions/toolkit, docs/commands.md): ``%``, CR and
LF everywhere, ``:`` and ``,`` in properties too.
"""

from collections.abc import Sequence

from tuner.report.audit_document import AuditDocument, FindingPart
from tuner.report.formats import Look
from tuner.report.style import printable
from tuner.report.wording import counts, how, written
from tuner.rules.schema import Rule

_COMMANDS = {"high": "error", "medium": "warning", "low": "notice", "info": "notice"}


def render(document: AuditDocument, rules: Sequence[Rule], look: Look) -> str:
    """Return one annotation for each finding that is not suppressed.

    Known findings are notices, whatever their severity.
    """
    lines = [
        annotation(
            "error" if one.fatal else "warning", "httpd", one.message, one.file, one.line, one.line
        )
        for one in document.configuration.errors
    ]
    shown = [one for one in document.findings if one.suppressed is None]
    lines += map(_finding, shown)
    lines.append(f"tuner audit: {counts(document.findings)}")
    return "\n".join(lines) + "\n"


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
        where.path or where.file,
        where.line_first,
        where.line_last,
    )


def annotation(
    command: str, title: str, message: str, file: str, line_first: int, line_last: int
) -> str:
    """Return one workflow command."""
    properties = {"file": file, "line": line_first, "endLine": line_last, "title": title}
    shown = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    return f"::{command} {shown}::{_data(message)}"


def _data(text: str) -> str:
    """Escape the message of a command."""
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return printable(text)


def _property(text: str) -> str:
    """Escape a property of a command."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
