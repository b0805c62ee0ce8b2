"""The forms of the audit report: one line here and one module for each.

The module of ``NAME`` is ``tuner.report.audit_NAME``; its ``render`` takes what
``render_audit`` takes.
"""

from collections.abc import Sequence
from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tuner.report.audit_document import AuditDocument
    from tuner.rules.schema import Rule


class AuditFormat(StrEnum):
    """Forms of the audit report."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    MARKDOWN = "markdown"
    GITHUB = "github"


class ListFormat(StrEnum):
    """Forms of the catalogue of rules."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"


class RuleFormat(StrEnum):
    """Forms of one rule."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


class Document(StrEnum):
    """What has a published JSON Schema."""

    AUDIT = "audit"
    OPTIMIZE = "optimize"
    PLAN = "plan"
    MEASURE = "measure"
    PROBE = "probe"
    SMOKE = "smoke"
    BASELINE = "baseline"
    RULES = "rules"
    EXPLAIN = "explain"
    SHOW = "show"
    TRACE = "trace"
    RULE = "rule"


class Look(NamedTuple):
    """How a report for people looks."""

    colour: bool = False
    verbose: bool = False


def render_audit(
    form: AuditFormat, document: "AuditDocument", rules: "Sequence[Rule]", look: Look
) -> str:
    """Return the report in one form; ``rules`` are those that were evaluated."""
    module = import_module(f"tuner.report.audit_{form}")
    text: str = module.render(document, rules, look)
    return text
