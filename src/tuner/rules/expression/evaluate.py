"""Values of expressions, with three-valued logic: true, false, unknown."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tuner.rules.expression.nodes import (
    Binary,
    Call,
    Choice,
    Comparison,
    Literally,
    Name,
    Node,
    Scalar,
    Unary,
)


@dataclass(frozen=True, slots=True)
class Unresolved:
    """The value is not known: the missing names, each with its reason."""

    missing: tuple[tuple[str, str], ...]

    def __or__(self, other: "Unresolved") -> "Unresolved":
        return Unresolved(tuple(dict.fromkeys((*self.missing, *other.missing))))


UNKNOWN = Unresolved(())

Value = Scalar | Unresolved


def evaluate(node: Node, facts: Mapping[str, Value]) -> Value:
    """Evaluate a checked expression.

    ``unknown and false`` is false, ``unknown or true`` is true; anything else
    that needs an unknown fact is unknown.
    """
    match node:
        case Literally(value=value):
            return value
        case Name(name=name):
            return facts[name]
        case Unary(operator=operator, operand=operand):
            return _apply(_UNARY[operator], evaluate(operand, facts))
        case Binary(operator="and" | "or"):
            return _logic(node, facts)
        case Binary(operator=operator, left=left, right=right):
            return _apply(_ARITHMETIC[operator], evaluate(left, facts), evaluate(right, facts))
        case Comparison():
            return _comparison(node, facts)
        case Choice(condition=condition, then=then, otherwise=otherwise):
            chosen = evaluate(condition, facts)
            if isinstance(chosen, Unresolved):
                return chosen
            return evaluate(then if chosen else otherwise, facts)
        case Call(function="known", arguments=(argument,)):
            return not isinstance(evaluate(argument, facts), Unresolved)
        case Call(function=function, arguments=arguments):
            return _apply(_FUNCTIONS[function], *(evaluate(one, facts) for one in arguments))


def _logic(node: Binary, facts: Mapping[str, Value]) -> Value:
    decisive = node.operator == "or"
    left = evaluate(node.left, facts)
    if left is decisive:
        return decisive
    right = evaluate(node.right, facts)
    if right is decisive:
        return decisive
    if isinstance(left, Unresolved):
        return left | right if isinstance(right, Unresolved) else left
    return right


def _comparison(node: Comparison, facts: Mapping[str, Value]) -> Value:
    values = [evaluate(operand, facts) for operand in node.operands]
    result: Value = True
    for operator, left, right in zip(node.operators, values, values[1:], strict=False):
        holds = _apply(_COMPARE[operator], left, right)
        if holds is False:
            return False
        if isinstance(holds, Unresolved):
            result = result | holds if isinstance(result, Unresolved) else holds
    return result


def _apply(function: Callable[..., Scalar], *values: Value) -> Value:
    missing = [value for value in values if isinstance(value, Unresolved)]
    if missing:
        joined = missing[0]
        for other in missing[1:]:
            joined = joined | other
        return joined
    try:
        return function(*values)
    except ZeroDivisionError:
        return Unresolved((("division", "by zero"),))
    except (ValueError, OverflowError):
        return Unresolved((("arithmetic", "has no result"),))


_UNARY: dict[str, Callable[..., Scalar]] = {"not": lambda a: not a, "-": lambda a: -a}
_ARITHMETIC: dict[str, Callable[..., Scalar]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: math.floor(a / b),
    "%": lambda a, b: a % b,
}
_COMPARE: dict[str, Callable[..., bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "in": lambda a, b: a in b,
    "not in": lambda a, b: a not in b,
}
_FUNCTIONS: dict[str, Callable[..., Scalar]] = {
    "abs": abs,
    "ceil": math.ceil,
    "floor": math.floor,
    "ln": math.log,
    "max": max,
    "min": min,
    "round_down": lambda value, step: math.floor(value / step) * step,
    "round_up": lambda value, step: math.ceil(value / step) * step,
}


def explain(node: Node, show: Callable[[str], str]) -> str:
    """Return the expression with every name replaced by ``show(name)``."""
    return _explain(node, show, 0)


_PRECEDENCE = {"or": 1, "and": 2, "not": 3, "+": 5, "-": 5, "*": 6, "/": 6, "//": 6, "%": 6}
_COMPARISON = 4


def _explain(node: Node, show: Callable[[str], str], around: int) -> str:
    """Write a node; in parentheses when it binds weaker than what is around it."""
    match node:
        case Literally(text=text):
            return text
        case Name(name=name):
            return show(name)
        case Call(function=function, arguments=arguments):
            return f"{function}({', '.join(_explain(one, show, 0) for one in arguments)})"
        case Unary(operator="not", operand=operand):
            own, text = 3, f"not {_explain(operand, show, 3)}"
        case Unary(operand=operand):
            own, text = 7, f"-{_explain(operand, show, 7)}"
        case Binary(operator=operator, left=left, right=right):
            own = _PRECEDENCE[operator]
            text = f"{_explain(left, show, own)} {operator} {_explain(right, show, own + 1)}"
        case Comparison(operators=operators, operands=operands):
            own = _COMPARISON
            shown = [_explain(operand, show, own + 1) for operand in operands]
            rest = [f" {op} {text}" for op, text in zip(operators, shown[1:], strict=True)]
            text = shown[0] + "".join(rest)
        case Choice(condition=condition, then=then, otherwise=otherwise):
            own = 0
            parts = [_explain(one, show, 1) for one in (then, condition, otherwise)]
            text = f"{parts[0]} if {parts[1]} else {parts[2]}"
    return f"({text})" if own < around else text
