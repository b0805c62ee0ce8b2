"""Conditions and formulas in rules: a small expression language over named facts.

``workers * memory.front > memory.budget and mpm.name == 'prefork'``

Numbers, text in quotes, ``true``/``false``, units (``40MB``, ``500ms``, ``80%``),
``and or not``, chained comparisons, ``in``, ``+ - * / // %``, ``a if b else c``
and a few functions. Names and dimensions are checked when a rule is loaded;
facts that are unknown make the result unknown, not false.
"""

from tuner.rules.expression.check import check
from tuner.rules.expression.evaluate import UNKNOWN, Unresolved, evaluate, explain
from tuner.rules.expression.nodes import ExpressionError, Node, names_in
from tuner.rules.expression.parse import parse

__all__ = [
    "UNKNOWN",
    "ExpressionError",
    "Node",
    "Unresolved",
    "check",
    "evaluate",
    "explain",
    "names_in",
    "parse",
]
