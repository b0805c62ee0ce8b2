"""The parts of a parsed expression."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Literal

Kind = Literal["count", "bytes", "seconds", "text", "flag", "texts"]
"""What a value is. Counts are plain numbers; ``texts`` is a list of text."""

Scalar = bool | int | float | str | tuple[str, ...]


class ExpressionError(ValueError):
    """An expression is wrong; ``column`` counts from 1."""

    def __init__(self, message: str, column: int) -> None:
        super().__init__(message)
        self.column = column


@dataclass(frozen=True, slots=True)
class Literally:
    """A value written in the expression."""

    value: Scalar
    kind: Kind
    text: str
    column: int


@dataclass(frozen=True, slots=True)
class Name:
    """A fact or a ``let`` name, dots included."""

    name: str
    column: int


@dataclass(frozen=True, slots=True)
class Unary:
    """``-x`` or ``not x``."""

    operator: str
    operand: "Node"
    column: int


@dataclass(frozen=True, slots=True)
class Binary:
    """Arithmetic, or ``and`` and ``or``."""

    operator: str
    left: "Node"
    right: "Node"
    column: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """``a < b <= c``: operands one more than operators."""

    operators: tuple[str, ...]
    operands: tuple["Node", ...]
    column: int


@dataclass(frozen=True, slots=True)
class Choice:
    """``then if condition else otherwise``."""

    condition: "Node"
    then: "Node"
    otherwise: "Node"
    column: int


@dataclass(frozen=True, slots=True)
class Call:
    """A call of one of the built-in functions."""

    function: str
    arguments: tuple["Node", ...]
    column: int


Node = Literally | Name | Unary | Binary | Comparison | Choice | Call


_PARTS = {
    kind: tuple(field.name for field in fields(kind) if "Node" in str(field.type))
    for kind in (Literally, Name, Unary, Binary, Comparison, Choice, Call)
}


def children(node: Node) -> Iterator[Node]:
    """Yield the direct parts of a node."""
    for name in _PARTS[type(node)]:
        value = getattr(node, name)
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple):
            yield from (one for one in value if isinstance(one, Node))


def names_in(node: Node) -> tuple[str, ...]:
    """Return every name that an expression uses, in order of appearance."""
    found: dict[str, None] = {}
    pending = [node]
    while pending:
        one = pending.pop()
        if isinstance(one, Name):
            found[one.name] = None
        pending.extend(reversed(list(children(one))))
    return tuple(found)
