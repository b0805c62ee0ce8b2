"""Names and dimensions, checked when a rule is loaded and not when it meets a server."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from tuner.rules.expression.nodes import (
    Binary,
    Call,
    Choice,
    Comparison,
    ExpressionError,
    Kind,
    Literally,
    Name,
    Node,
    Unary,
)


@dataclass(frozen=True, slots=True)
class Dimension:
    """Powers of bytes and seconds; a plain count has neither."""

    bytes: int = 0
    seconds: int = 0

    def __str__(self) -> str:
        parts = [("bytes", self.bytes), ("seconds", self.seconds)]
        shown = [name if power == 1 else f"{name}^{power}" for name, power in parts if power]
        return " ".join(shown) or "count"


_DIMENSIONS: dict[str, Dimension] = {
    "count": Dimension(),
    "bytes": Dimension(bytes=1),
    "seconds": Dimension(seconds=1),
}
_Type = Dimension | Kind


def check(node: Node, kinds: Mapping[str, Kind]) -> Kind:
    """Check every name and dimension; return what the expression gives.

    Raises:
        ExpressionError: an unknown name (with the nearest known ones), bytes
            added to seconds, text compared with numbers, and so on.
    """
    found = _type(node, kinds)
    if isinstance(found, str):
        return found
    for kind, dimension in _DIMENSIONS.items():
        if found == dimension:
            return kind  # type: ignore[return-value]  # keys are Literals
    raise ExpressionError(f"the result is {found}, which is neither a size nor a time", node.column)


def _type(node: Node, kinds: Mapping[str, Kind]) -> _Type:
    match node:
        case Literally(kind=kind):
            return _DIMENSIONS.get(kind, kind)
        case Name(name=name, column=column):
            return _type_of_name(name, column, kinds)
        case Unary(operator=operator, operand=operand):
            if operator == "not":
                return _flag(operand, kinds)
            return _number(operand, kinds)
        case Binary(operator="and" | "or", left=left, right=right):
            _flag(left, kinds)
            return _flag(right, kinds)
        case Binary():
            return _arithmetic(node, kinds)
        case Comparison():
            return _comparison(node, kinds)
        case Choice(condition=condition, then=then, otherwise=otherwise, column=column):
            _flag(condition, kinds)
            return _same(_type(then, kinds), _type(otherwise, kinds), "else", column)
        case Call():
            return _call(node, kinds)


def _type_of_name(name: str, column: int, kinds: Mapping[str, Kind]) -> _Type:
    kind = kinds.get(name)
    if kind is None:
        near = difflib.get_close_matches(name, kinds, n=3, cutoff=0.6)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise ExpressionError(f"no fact {name!r}{hint}", column)
    return _DIMENSIONS.get(kind, kind)


def _flag(node: Node, kinds: Mapping[str, Kind]) -> _Type:
    found = _type(node, kinds)
    if found != "flag":
        raise ExpressionError(f"a condition is needed here, this is {found}", node.column)
    return found


def _number(node: Node, kinds: Mapping[str, Kind]) -> Dimension:
    found = _type(node, kinds)
    if not isinstance(found, Dimension):
        raise ExpressionError(f"a number is needed here, this is {found}", node.column)
    return found


def _arithmetic(node: Binary, kinds: Mapping[str, Kind]) -> Dimension:
    left, right = _number(node.left, kinds), _number(node.right, kinds)
    if node.operator == "*":
        return Dimension(left.bytes + right.bytes, left.seconds + right.seconds)
    if node.operator in ("/", "//"):
        return Dimension(left.bytes - right.bytes, left.seconds - right.seconds)
    _same(left, right, node.operator, node.column)
    return left


def _comparison(node: Comparison, kinds: Mapping[str, Kind]) -> _Type:
    types = [_type(operand, kinds) for operand in node.operands]
    for operator, left, right in zip(node.operators, types, types[1:], strict=False):
        if operator in ("in", "not in"):
            if left != "text" or right not in ("texts", "text"):
                raise ExpressionError(f"{operator!r} looks for text in a list", node.column)
        else:
            _same(left, right, operator, node.column)
            if operator not in ("==", "!=") and not isinstance(left, Dimension):
                raise ExpressionError(f"{left} has no order", node.column)
    return "flag"


def _same(left: _Type, right: _Type, operator: str, column: int) -> _Type:
    if left != right:
        raise ExpressionError(f"{operator!r} between {left} and {right}", column)
    return left


def _call(node: Call, kinds: Mapping[str, Kind]) -> _Type:
    if node.function == "known":
        _type(node.arguments[0], kinds)
        return "flag"
    types = [_number(argument, kinds) for argument in node.arguments]
    for other in types[1:]:
        _same(types[0], other, node.function, node.column)
    if node.function == "ln" and types[0] != Dimension():
        raise ExpressionError("ln takes a plain number", node.column)
    return types[0]
