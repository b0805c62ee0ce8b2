"""Rules as documents: the catalogue, and one rule with what it rests on."""

from collections.abc import Sequence
from typing import Literal

from tuner import __version__
from tuner.apache.effective.values import Model
from tuner.rules.loader import CompiledRule, names_used
from tuner.rules.schema import Rule


class RulesDocument(Model):
    """The catalogue, as ``tuner rules`` prints it."""

    schema_version: Literal[1]
    tuner: str
    rules: tuple[Rule, ...]


class RuleDocument(Model):
    """One rule, as ``tuner explain`` prints it."""

    schema_version: Literal[1]
    tuner: str
    rule: Rule
    facts: tuple[str, ...]
    """The facts behind the condition and the formula."""


def rules_document(rules: Sequence[Rule]) -> RulesDocument:
    """Return the catalogue."""
    return RulesDocument(schema_version=1, tuner=__version__, rules=tuple(rules))


def rule_document(compiled: CompiledRule) -> RuleDocument:
    """Return everything that is known about a rule."""
    return RuleDocument(
        schema_version=1,
        tuner=__version__,
        rule=compiled.rule,
        facts=names_used(compiled),
    )
