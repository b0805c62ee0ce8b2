"""The audit as JSON: the document itself."""

from collections.abc import Sequence

from tuner.report.audit_document import AuditDocument
from tuner.report.documents import as_json
from tuner.report.formats import Look
from tuner.rules.schema import Rule


def render(document: AuditDocument, rules: Sequence[Rule], look: Look) -> str:
    """Return the report as one JSON document."""
    return as_json(document)
