"""Text to nodes: a tokenizer and an operator-precedence parser with size limits."""

import re
from collections.abc import Callable
from typing import NamedTuple

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
    children,
)

MAX_CHARACTERS = 2000
MAX_DEPTH = 40
MAX_HEIGHT = 100
"""Levels of the parsed expression: ``a + b + c`` has one for each operator."""

MAX_DIGITS = 30

FUNCTIONS: dict[str, tuple[int, int]] = {
    "abs": (1, 1),
    "ceil": (1, 1),
    "floor": (1, 1),
    "known": (1, 1),
    "ln": (1, 1),
    "max": (2, 8),
    "min": (2, 8),
    "round_down": (2, 2),
    "round_up": (2, 2),
}
"""Function name to its smallest and largest number of arguments."""

_UNITS: dict[str, tuple[float, Kind]] = {
    "B": (1, "bytes"),
    "KB": (2**10, "bytes"),
    "MB": (2**20, "bytes"),
    "GB": (2**30, "bytes"),
    "ms": (1e-3, "seconds"),
    "s": (1, "seconds"),
    "min": (60, "seconds"),
    "h": (3600, "seconds"),
    "%": (0.01, "count"),
}
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>[0-9]+(?:\.[0-9]+)?)(?P<unit>%|[A-Za-z]+)?
    | (?P<text>'[^']*'|"[^"]*")
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)
    | (?P<operator><=|>=|==|!=|//|[-+*/%<>(),\[\]])
    )""",
    re.VERBOSE,
)
_WORDS = {"and", "or", "not", "in", "if", "else", "true", "false"}
_COMPARISONS = {"<", "<=", ">", ">=", "==", "!=", "in", "not in"}


class _Token(NamedTuple):
    kind: str
    text: str
    unit: str
    column: int


def parse(text: str) -> Node:
    """Parse an expression.

    Raises:
        ExpressionError: with the column where it went wrong.
    """
    if len(text) > MAX_CHARACTERS:
        raise ExpressionError(f"longer than {MAX_CHARACTERS} characters", 1)
    parser = _Parser(_tokens(text))
    node = parser.expression(0)
    parser.end()
    if _height(node) > MAX_HEIGHT:
        raise ExpressionError("nested too deeply, or too many operators in a row", 1)
    return node


def _height(node: Node) -> int:
    level, height = [node], 0
    while level:
        level = [part for one in level for part in children(one)]
        height += 1
    return height


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    position = 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None:
            column = position + len(text[position:]) - len(text[position:].lstrip()) + 1
            raise ExpressionError(f"unexpected {text[column - 1]!r}", column)
        kind = match.lastgroup or ""
        if kind == "unit":
            kind = "number"
        word, column = match[kind], match.start(kind) + 1
        if kind == "name" and word in _WORDS:
            kind = "operator"
        found.append(_Token(kind, word, match["unit"] or "", column))
        position = match.end()
    found.append(_Token("end", "", "", len(text) + 1))
    return found


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens = tokens
        self.position = 0
        self.depth = 0

    @property
    def next(self) -> _Token:
        return self.tokens[self.position]

    def take(self) -> _Token:
        token = self.next
        self.position += 1
        return token

    def accept(self, *texts: str) -> _Token | None:
        if self.next.kind == "operator" and self.next.text in texts:
            return self.take()
        return None

    def expect(self, text: str) -> None:
        if not self.accept(text):
            raise ExpressionError(f"expected {text!r}", self.next.column)

    def end(self) -> None:
        if self.next.kind != "end":
            raise ExpressionError(f"unexpected {self.next.text!r}", self.next.column)

    def expression(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise ExpressionError("nested too deeply", self.next.column)
        around, self.depth = self.depth, depth
        node = self.either()
        if token := self.accept("if"):
            condition = self.either()
            self.expect("else")
            node = Choice(condition, node, self.expression(depth + 1), token.column)
        self.depth = around
        return node

    def either(self) -> Node:
        return self._left(("or",), self.both)

    def both(self) -> Node:
        return self._left(("and",), self.negation)

    def negation(self) -> Node:
        if token := self.accept("not"):
            return Unary("not", self._deeper(token, self.negation), token.column)
        return self.comparison()

    def comparison(self) -> Node:
        column = self.next.column
        operands = [self.sum()]
        operators: list[str] = []
        while (operator := self._comparison_operator()) is not None:
            operators.append(operator)
            operands.append(self.sum())
        if not operators:
            return operands[0]
        return Comparison(tuple(operators), tuple(operands), column)

    def _comparison_operator(self) -> str | None:
        token = self.next
        if token.kind != "operator":
            return None
        if token.text in _COMPARISONS:
            return self.take().text
        following = self.tokens[self.position + 1]
        if token.text == "not" and following.text == "in" and following.kind == "operator":
            self.position += 2
            return "not in"
        return None

    def sum(self) -> Node:
        return self._left(("+", "-"), self.product)

    def product(self) -> Node:
        return self._left(("*", "/", "//", "%"), self.unary)

    def unary(self) -> Node:
        if token := self.accept("-"):
            return Unary("-", self._deeper(token, self.unary), token.column)
        return self.atom()

    def _left(self, operators: tuple[str, ...], operand: Callable[[], Node]) -> Node:
        node = operand()
        while token := self.accept(*operators):
            node = Binary(token.text, node, operand(), token.column)
        return node

    def _deeper(self, token: _Token, operand: Callable[[], Node]) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ExpressionError("nested too deeply", token.column)
        node = operand()
        self.depth -= 1
        return node

    def atom(self) -> Node:
        token = self.take()
        if token.kind == "number":
            return _number(token)
        if token.kind == "text":
            return Literally(token.text[1:-1], "text", token.text, token.column)
        if token.text in ("true", "false") and token.kind == "operator":
            return Literally(token.text == "true", "flag", token.text, token.column)
        if token.kind == "name":
            return self._call(token) if self.accept("(") else Name(token.text, token.column)
        if token.text == "(":
            node = self.expression(self.depth + 1)
            self.expect(")")
            return node
        if token.text == "[":
            return self._list(token)
        what = "the expression ends here" if token.kind == "end" else f"unexpected {token.text!r}"
        raise ExpressionError(what, token.column)

    def _call(self, token: _Token) -> Node:
        if token.text not in FUNCTIONS:
            known = ", ".join(FUNCTIONS)
            raise ExpressionError(f"no function {token.text!r}; there are {known}", token.column)
        depth = self.depth + 1
        arguments = [self.expression(depth)]
        while self.accept(","):
            arguments.append(self.expression(depth))
        self.expect(")")
        least, most = FUNCTIONS[token.text]
        if not least <= len(arguments) <= most:
            wanted = str(least) if least == most else f"{least} to {most}"
            raise ExpressionError(f"{token.text} takes {wanted} arguments", token.column)
        return Call(token.text, tuple(arguments), token.column)

    def _list(self, token: _Token) -> Node:
        values: list[str] = []
        texts: list[str] = []
        while not self.accept("]"):
            item = self.take()
            if item.kind != "text":
                raise ExpressionError("a list holds text in quotes", item.column)
            values.append(item.text[1:-1])
            texts.append(item.text)
            if not self.accept(","):
                self.expect("]")
                break
        return Literally(tuple(values), "texts", f"[{', '.join(texts)}]", token.column)


def _number(token: _Token) -> Literally:
    if len(token.text) > MAX_DIGITS:
        raise ExpressionError(f"a number of more than {MAX_DIGITS} digits", token.column)
    value: float = float(token.text) if "." in token.text else int(token.text)
    kind: Kind = "count"
    if token.unit:
        if token.unit not in _UNITS:
            raise ExpressionError(
                f"no unit {token.unit!r}; there are {', '.join(_UNITS)}", token.column
            )
        factor, kind = _UNITS[token.unit]
        value *= factor
    return Literally(value, kind, token.text + token.unit, token.column)
