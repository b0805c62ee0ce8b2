"""Rules as documents: the catalogue, and one rule with what it rests on."""

from typing import Literal

from tuner import __version__
from tuner.apache.effective.values import Model
from tuner.rules.loader import CompiledRule, names_used
from tuner.rules.schema import Rule


class RulesDocument(Model):
    """The catalogue, as ``tuner rules`` prints it."""

    schema_version: Literal[1] = 1
    tuner: str = __version__
    rules: tuple[Rule, ...]


class RuleDocument(Model):
    """One rule, as ``tuner explain`` prints it."""

    schema_version: Literal[1] = 1
    tuner: str = __version__
    rule: Rule
    facts: tuple[str, ...]
    """The facts behind the condition and the formula."""


def rule_document(compiled: CompiledRule) -> RuleDocument:
    """Return everything that is known about a rule."""
    return RuleDocument(rule=compiled.rule, facts=names_used(compiled))
