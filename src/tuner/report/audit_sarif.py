"""The audit as SARIF 2.1.0, for code scanning.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html; numbers in
comments are its sections.
"""

import json
from collections.abc import Sequence
from itertools import groupby
from typing import Any
from urllib.parse import quote

from tuner.report.audit_document import AuditDocument, Error, FindingPart, Place, TextEdit
from tuner.report.formats import Look
from tuner.report.wording import formula, how, written
from tuner.rules.finding import Skipped
from tuner.rules.schema import Rule

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

_LEVELS = {"high": "error", "medium": "warning", "low": "note", "info": "note"}
_PROBLEMS = {
    "high": "error",
    "medium": "warning",
    "low": "recommendation",
    "info": "recommendation",
}
"""What GitHub reads from ``problem.severity``."""

_BASE = "SRCROOT"


def render(document: AuditDocument, rules: Sequence[Rule], look: Look) -> str:
    """Return one SARIF log with one run."""
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(document, rules)]}
    return json.dumps(log, indent=2, ensure_ascii=True) + "\n"


def _run(document: AuditDocument, rules: Sequence[Rule]) -> dict[str, Any]:
    positions = {rule.id: position for position, rule in enumerate(rules)}
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "tuner",
                "semanticVersion": document.tuner,
                "rules": [_rule(one) for one in rules],
            }
        },
        "invocations": [
            {
                "executionSuccessful": not any(one.fatal for one in document.configuration.errors),
                "toolConfigurationNotifications": [
                    _notification(one, positions[one.id]) for one in document.skipped
                ],
                "toolExecutionNotifications": [
                    _error(one) for one in document.configuration.errors
                ],
            }
        ],
        "originalUriBaseIds": {_BASE: {"uri": _file_uri(document.base.rstrip("/") + "/")}},
        "columnKind": "unicodeCodePoints",
        "results": [
            _result(one, positions[one.id], document.has_baseline) for one in document.findings
        ],
    }
    return run


def _rule(rule: Rule) -> dict[str, Any]:
    why = " ".join(rule.why.split())
    links = "\n".join(f"- <{url}>" for url in rule.references)
    return {
        "id": rule.id,
        "name": "".join(part.capitalize() for part in rule.name.split("-")),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": why},
        "help": {
            "text": "\n".join([why, *rule.references]),
            "markdown": f"{why}\n\n{links}",
        },
        "helpUri": rule.url,
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {
            "precision": rule.confidence,
            "problem.severity": _PROBLEMS[rule.severity],
            "tags": ["apache", rule.scope],
        },
    }


def _result(finding: FindingPart, rule_index: int, has_baseline: bool) -> dict[str, Any]:
    text = finding.message
    if finding.evidence.result:
        text += f"\n{formula(finding.evidence)}"
    result: dict[str, Any] = {
        "ruleId": finding.id,
        "ruleIndex": rule_index,
        "level": _LEVELS[finding.severity],
        "message": {"text": text},
        "locations": [_location(finding.locations[0])],
        "relatedLocations": [_location(one) for one in finding.locations[1:]],
        "partialFingerprints": {"tunerFinding/v1": finding.fingerprint},
        "suppressions": _suppressions(finding),
        "properties": {
            "severity": finding.severity,
            "confidence": finding.confidence,
            "subject": finding.subject,
            "known": finding.known,
            "evidence": finding.evidence.model_dump(mode="json"),
        },
    }
    if has_baseline:
        result["baselineState"] = "unchanged" if finding.known else "new"
    if finding.fix is not None:
        result["properties"]["fix"] = {
            "safety": finding.fix.safety,
            "restart": finding.fix.restart,
            "changes": [written(one) for one in finding.fix.changes],
            "how": how(finding.fix),
        }
        if finding.fix.edits:
            result["fixes"] = [_fix(finding.fix.title, finding.fix.edits)]
    return result


def _suppressions(finding: FindingPart) -> list[dict[str, str]]:
    """Return how it is silenced; an empty list says that it is not (3.27.23)."""
    if finding.suppressed is None:
        return []
    return [{"kind": "inSource", "status": "accepted", "justification": finding.suppressed}]


def _location(place: Place) -> dict[str, Any]:
    location: dict[str, Any] = {
        "logicalLocations": [{"fullyQualifiedName": place.context, "kind": "namespace"}]
    }
    if place.path is not None:
        location["physicalLocation"] = {
            "artifactLocation": _artifact(place.path),
            "region": {"startLine": place.line_first, "endLine": place.line_last},
        }
    return location


def _artifact(path: str) -> dict[str, str]:
    """Return a file: relative to the base below it, else as an absolute URI (3.4)."""
    if path.startswith("/"):
        return {"uri": _file_uri(path)}
    return {"uri": _path_uri(path), "uriBaseId": _BASE}


def _file_uri(path: str) -> str:
    return "file://" + _path_uri(path)


def _path_uri(path: str) -> str:
    # RFC 3986: a colon in the first segment of a relative reference is escaped.
    return quote(path, safe="/~!$&'()*+,;=@-._")


def _fix(title: str, edits: Sequence[TextEdit]) -> dict[str, Any]:
    return {
        "description": {"text": title},
        "artifactChanges": [
            {
                "artifactLocation": _artifact(path),
                "replacements": [_replacement(one) for one in group],
            }
            for path, group in groupby(sorted(edits, key=_order), key=lambda one: one.path)
        ],
    }


def _order(edit: TextEdit) -> tuple[str, int, int]:
    return edit.path, edit.line_first, edit.column_first


def _replacement(edit: TextEdit) -> dict[str, Any]:
    replacement: dict[str, Any] = {
        "deletedRegion": {
            "startLine": edit.line_first,
            "startColumn": edit.column_first,
            "endLine": edit.line_last,
            "endColumn": edit.column_last,
        }
    }
    if edit.text:
        replacement["insertedContent"] = {"text": edit.text}
    return replacement


def _error(error: Error) -> dict[str, Any]:
    notification: dict[str, Any] = {
        "level": "error" if error.fatal else "warning",
        "message": {"text": error.message},
    }
    if error.path is not None:
        place: dict[str, Any] = {"artifactLocation": _artifact(error.path)}
        if error.line:
            place["region"] = {"startLine": error.line}
        notification["locations"] = [{"physicalLocation": place}]
    return notification


def _notification(skipped: Skipped, rule_index: int) -> dict[str, Any]:
    return {
        "level": "note",
        "associatedRule": {"id": skipped.id, "index": rule_index},
        "message": {
            "text": f"{skipped.id} could not be decided for {skipped.subject}: "
            + "; ".join(skipped.missing)
        },
    }
