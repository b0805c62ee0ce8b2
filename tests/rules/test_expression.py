"""The rule language: what it reads, what it refuses, what it computes."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuner.rules.expression import (
    ExpressionError,
    Unresolved,
    check,
    evaluate,
    explain,
    names_in,
    parse,
)
from tuner.rules.expression.evaluate import Value
from tuner.rules.expression.nodes import Kind, Node
from tuner.rules.expression.parse import FUNCTIONS, MAX_CHARACTERS, MAX_DEPTH, MAX_HEIGHT

PROPERTY = settings(deadline=None, max_examples=300, derandomize=True)

KINDS: dict[str, Kind] = {
    "a": "count",
    "b": "count",
    "memory.front": "bytes",
    "memory.budget": "bytes",
    "server.timeout": "seconds",
    "mpm.name": "text",
    "mpm.threaded": "flag",
    "deprecated.names": "texts",
}
MISSING = Unresolved((("x", "not measured"),))


def result(text: str, **facts: Value) -> Value:
    return evaluate(parse(text), facts)


# --- reading -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("", 1, "the expression ends here"),
        ("   ", 4, "the expression ends here"),
        ("a +", 4, "the expression ends here"),
        ("a + * b", 5, "unexpected '*'"),
        ("(a", 3, "expected ')'"),
        ("a)", 2, "unexpected ')'"),
        ("a b", 3, "unexpected 'b'"),
        ("a ? b", 3, "unexpected '?'"),
        ("  a = b", 5, "unexpected '='"),
        ("a if b", 7, "expected 'else'"),
        ("a if b else", 12, "the expression ends here"),
        ("'text", 1, 'unexpected "\'"'),
        ("a in [1]", 7, "a list holds text in quotes"),
        ("a in ['x' 'y']", 11, "expected ']'"),
        ("a in ['x', ", 12, "a list holds text in quotes"),
        ("3 + 40QB", 5, "no unit 'QB'; there are B, KB, MB, GB, ms, s, min, h, %"),
        ("1e3", 1, "no unit 'e'"),
        ("a + pow(a, 2)", 5, "no function 'pow'; there are abs, ceil"),
        ("1 + max(a)", 5, "max takes 2 to 8 arguments"),
        ("abs(a, b)", 1, "abs takes 1 arguments"),
        ("abs()", 5, "unexpected ')'"),
        ("max(a, )", 8, "unexpected ')'"),
        ("not", 4, "the expression ends here"),
        ("a + not b", 5, "unexpected 'not'"),
        ("a not b", 3, "unexpected 'not'"),
        ("\u0663 + 1", 1, "unexpected '\u0663'"),
        ("a.b.", 4, "unexpected '.'"),
    ],
)
def test_a_mistake_is_shown_with_its_column(text: str, column: int, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert str(caught.value).startswith(message)
    assert caught.value.column == column


@pytest.mark.parametrize(("function", "counts"), FUNCTIONS.items())
def test_functions_take_so_many_arguments(function: str, counts: tuple[int, int]) -> None:
    least, most = counts
    for count in range(1, most + 2):
        text = f"{function}({', '.join(['1'] * count)})"
        if least <= count <= most:
            assert check(parse(text), {}) == ("flag" if function == "known" else "count")
            assert not isinstance(result(text), Unresolved)
        else:
            with pytest.raises(ExpressionError, match=f"{function} takes .* arguments"):
                parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "().__class__",
        "a.__class__()",
        "__import__('os')",
        "eval('1')",
        "'x'.upper()",
        "a.b(1)",
        "max.__globals__(1)",
        "(lambda: 1)()",
        "[x for x in a]",
        "a[0]",
        "{'x': 1}",
        "a := 1",
        "f'{a}'",
        "a; b",
        "a ** b",
        "a & b",
        "1 if a",
        "a\\\nb",
        "`a`",
        "@a",
        "None.x",
    ],
)
def test_nothing_of_python_beyond_the_language_is_reachable(text: str) -> None:
    with pytest.raises(ExpressionError):
        check(parse(text), KINDS)


def test_dunder_names_are_names_of_no_fact() -> None:
    with pytest.raises(ExpressionError, match=r"no fact 'a\.__class__'"):
        check(parse("a.__class__ == 1"), KINDS)


def test_a_long_expression_is_refused() -> None:
    fits = "a" + " " * (MAX_CHARACTERS - 1)
    assert names_in(parse(fits)) == ("a",)
    with pytest.raises(ExpressionError, match=f"longer than {MAX_CHARACTERS}"):
        parse(fits + " ")


@pytest.mark.parametrize(
    ("before", "after"),
    [("(", ")"), ("not ", ""), ("-", ""), ("abs(", ")"), ("1 if true else ", "")],
)
def test_deep_nesting_is_refused(before: str, after: str) -> None:
    innermost = "true" if before == "not " else "1"
    deepest = before * MAX_DEPTH + innermost + after * MAX_DEPTH
    assert not isinstance(evaluate(parse(deepest), {}), Unresolved)
    with pytest.raises(ExpressionError, match="nested too deeply"):
        parse(before + deepest + after)


@pytest.mark.parametrize("item", ["(1)", "-1", "abs(1)", "(1 if true else 2)", "max(1, (1))"])
def test_depth_counts_what_is_nested_not_what_stands_side_by_side(item: str) -> None:
    text = " + ".join([item] * (MAX_DEPTH + 10))
    assert isinstance(result(text), int)


@pytest.mark.parametrize("operator", ["+", "*", "and", "or"])
def test_a_chain_of_operators_is_refused_before_it_costs_the_stack(operator: str) -> None:
    item = "true" if operator in ("and", "or") else "1"
    longest = f" {operator} ".join([item] * MAX_HEIGHT)
    assert evaluate(parse(longest), {}) == (MAX_HEIGHT if operator == "+" else 1)
    with pytest.raises(ExpressionError, match="too many operators"):
        parse(f"{longest} {operator} {item}")


def test_a_number_of_many_digits_is_refused() -> None:
    with pytest.raises(ExpressionError, match="digits"):
        parse("1 + " + "9" * 400 + "ms")


# --- names, kinds, dimensions ----------------------------------------------------


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("memory.frnt > 1MB", 1, "no fact 'memory.frnt'; did you mean memory.front"),
        ("a > 1 and mpm.nmae == 'event'", 11, "no fact 'mpm.nmae'; did you mean mpm.name"),
        ("zebra", 1, "no fact 'zebra'"),
    ],
)
def test_an_unknown_name_comes_with_the_nearest_known_ones(
    text: str, column: int, message: str
) -> None:
    with pytest.raises(ExpressionError) as caught:
        check(parse(text), KINDS)
    assert str(caught.value).startswith(message)
    assert caught.value.column == column


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("a * b", "count"),
        ("a * memory.front", "bytes"),
        ("memory.front / memory.budget", "count"),
        ("memory.budget // memory.front", "count"),
        ("memory.budget - 80% * memory.budget", "bytes"),
        ("memory.budget % memory.front", "bytes"),
        ("-memory.budget", "bytes"),
        ("a * server.timeout / b", "seconds"),
        ("memory.front * server.timeout / 2s", "bytes"),
        ("max(memory.front, 1MB, 2GB)", "bytes"),
        ("round_up(memory.front, 1MB)", "bytes"),
        ("ceil(memory.front / 2MB)", "count"),
        ("ln(a)", "count"),
        ("2s if mpm.threaded else 5s", "seconds"),
        ("memory.front > 1MB", "flag"),
        ("1MB < memory.front <= memory.budget", "flag"),
        ("not mpm.threaded and a == b", "flag"),
        ("known(memory.front)", "flag"),
        ("mpm.name == 'event'", "flag"),
        ("mpm.name in ['event', 'worker']", "flag"),
        ("'MaxClients' not in deprecated.names", "flag"),
        ("mpm.threaded == true", "flag"),
        ("mpm.name", "text"),
        ("'Off'", "text"),
        ("deprecated.names", "texts"),
        ("['x', 'y',]", "texts"),
        ("[]", "texts"),
    ],
)
def test_kinds_follow_from_the_parts(text: str, kind: Kind) -> None:
    assert check(parse(text), KINDS) == kind


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("memory.front + a", "'+' between bytes and count"),
        ("memory.front > 5", "'>' between bytes and count"),
        ("memory.front > server.timeout", "'>' between bytes and seconds"),
        ("memory.front % a", "'%' between bytes and count"),
        ("max(memory.front, a)", "'max' between bytes and count"),
        ("round_up(memory.front, 2)", "'round_up' between bytes and count"),
        ("1 < 2 < 3MB", "'<' between count and bytes"),
        ("memory.front * memory.front", "the result is bytes^2"),
        ("a / server.timeout", "the result is seconds^-1"),
        ("memory.front * server.timeout", "the result is bytes seconds"),
        ("ln(memory.front)", "ln takes a plain number"),
        ("mpm.name + 'x'", "a number is needed here, this is text"),
        ("-mpm.threaded", "a number is needed here, this is flag"),
        ("abs(mpm.name)", "a number is needed here, this is text"),
        ("mpm.name == 1", "'==' between text and count"),
        ("mpm.name < 'x'", "text has no order"),
        ("mpm.threaded < true", "flag has no order"),
        ("a and mpm.threaded", "a condition is needed here, this is count"),
        ("mpm.threaded or mpm.name", "a condition is needed here, this is text"),
        ("not a", "a condition is needed here, this is count"),
        ("a if b else 1", "a condition is needed here, this is count"),
        ("1 if mpm.threaded else 1MB", "'else' between count and bytes"),
        ("a in ['x']", "'in' looks for text in a list"),
        ("mpm.name in a", "'in' looks for text in a list"),
        ("deprecated.names in ['x']", "'in' looks for text in a list"),
        ("known(nothing)", "no fact 'nothing'"),
    ],
)
def test_what_does_not_fit_together_is_refused(text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        check(parse(text), KINDS)
    assert str(caught.value).startswith(message)
    assert 1 <= caught.value.column <= len(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("40", 40),
        ("2.5", 2.5),
        ("7B", 7),
        ("40KB", 40 * 2**10),
        ("40MB", 40 * 2**20),
        ("1.5GB", 1.5 * 2**30),
        ("500ms", 0.5),
        ("2s", 2),
        ("3min", 180),
        ("2h", 7200),
        ("80%", 0.8),
        ("10 % 4", 2),
        ("80% * 10", 8),
        ("true", True),
        ("false", False),
        ("'a b'", "a b"),
        ('"it\'s"', "it's"),
        ("['x', \"y\"]", ("x", "y")),
        ("2 + 3 * 4", 14),
        ("(2 + 3) * 4", 20),
        ("10 - 3 - 2", 5),
        ("12 / 3 / 2", 2),
        ("7 // 2 * 2", 6),
        ("-7 // 2", -4),
        ("7 % 3 * 2", 2),
        ("--3", 3),
        ("not true or true", True),
        ("not (true or true)", False),
        ("true or false and false", True),
        ("not 1 == 2", True),
        ("1 < 2 < 3", True),
        ("1 < 3 < 2", False),
        ("1 != 2 == 2", True),
        ("2 < 2", False),
        ("2 <= 2", True),
        ("2 > 2", False),
        ("2 >= 2", True),
        ("2 == 2.0", True),
        ("1 if false else 2 if false else 3", 3),
        ("(1 if true else 2) if false else 3", 3),
        ("max(1, 5, 3)", 5),
        ("min(4, 2)", 2),
        ("floor(2.7) + ceil(2.1)", 5),
        ("round_down(150, 64)", 128),
        ("round_up(150, 64)", 192),
        ("abs(-4)", 4),
        ("ln(1)", 0),
        ("known(1)", True),
        ("'b' in ['a', 'b']", True),
        ("'b' not in ['a', 'b']", False),
        ("'ven' in 'event'", True),
    ],
)
def test_values(text: str, value: Value) -> None:
    found = result(text)
    assert found == value
    assert isinstance(found, bool) == isinstance(value, bool)


# --- three values ----------------------------------------------------------------

T, F, U = True, False, MISSING


@pytest.mark.parametrize(
    ("left", "right", "both", "either"),
    [
        (T, T, T, T),
        (T, F, F, T),
        (F, T, F, T),
        (F, F, F, F),
        (T, U, U, T),
        (U, T, U, T),
        (F, U, F, U),
        (U, F, F, U),
        (U, U, U, U),
    ],
)
def test_truth_tables(left: Value, right: Value, both: Value, either: Value) -> None:
    assert result("p and q", p=left, q=right) == both
    assert result("p or q", p=left, q=right) == either


@pytest.mark.parametrize(("value", "negated"), [(T, F), (F, T), (U, U)])
def test_truth_table_of_not(value: Value, negated: Value) -> None:
    assert result("not p", p=value) == negated


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x > 1", U),
        ("1 + x", U),
        ("-x", U),
        ("max(1, x)", U),
        ("x == x", U),
        ("x in ['a']", U),
        ("3 < 2 < x", F),
        ("x < 3 < 2", F),
        ("2 < 3 < x", U),
        ("known(x)", F),
        ("known(1 + x)", F),
        ("known(1)", T),
        ("known(x) and x > 1", F),
        ("1 if x > 1 else 2", U),
        ("1 if true else x", 1),
        ("x if true else 1", U),
        ("x > 1 or true", T),
        ("x > 1 and false", F),
        ("false and x > 1", F),
    ],
)
def test_an_unknown_fact_makes_unknown_what_depends_on_it(text: str, expected: Value) -> None:
    assert result(text, x=MISSING) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1 / 0", ("division", "by zero")),
        ("1 // 0", ("division", "by zero")),
        ("1 % 0", ("division", "by zero")),
        ("round_up(5, 0)", ("division", "by zero")),
        ("ln(0)", ("arithmetic", "has no result")),
        ("ln(0 - 1)", ("arithmetic", "has no result")),
        ("9" * 30 + " * " + " * ".join(["9" * 30] * 12) + " / 7", ("arithmetic", "has no result")),
    ],
)
def test_arithmetic_without_a_result_is_unknown(text: str, reason: tuple[str, str]) -> None:
    assert result(text) == Unresolved((reason,))


def test_everything_that_is_missing_is_named_once() -> None:
    one, two = Unresolved((("a", "no MPM"),)), Unresolved((("b", "no server"),))
    assert result("a + b > a", a=one, b=two) == Unresolved((("a", "no MPM"), ("b", "no server")))
    assert result("a > 1 or b > 1", a=one, b=two) == Unresolved((*one.missing, *two.missing))
    assert result("1 < a < b", a=one, b=two) == Unresolved((*one.missing, *two.missing))
    assert result("a > 1 or b > 1", a=one, b=0) == one


def test_names_are_listed_once_in_order_of_appearance() -> None:
    text = "b.x > a and max(c, b.x) in d or not e and -a < f.g <= c"
    assert names_in(parse(text)) == ("b.x", "a", "c", "d", "e", "f.g")


# --- explaining ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "explained"),
    [
        ("(a * b)+(c)", "a * b + c"),
        ("a * (b + c)", "a * (b + c)"),
        ("a - (b - c)", "a - (b - c)"),
        ("(a - b) - c", "a - b - c"),
        ("a / (b * c)", "a / (b * c)"),
        ("a - -b", "a - -b"),
        ("-(a + b)", "-(a + b)"),
        ("(-a) * b", "-a * b"),
        ("not (a == b)", "not a == b"),
        ("(not a) == b", "(not a) == b"),
        ("not (a and b)", "not (a and b)"),
        ("not (not a)", "not not a"),
        ("-(-a)", "--a"),
        ("(a or b) and c", "(a or b) and c"),
        ("a or (b and c)", "a or b and c"),
        ("(a < b) == c", "(a < b) == c"),
        ("a<b<=c", "a < b <= c"),
        ("(a if b else c) + 1", "(a if b else c) + 1"),
        ("(a if (b or c) else d)", "a if b or c else d"),
        ("max((a if b else c), d)", "max(a if b else c, d)"),
        ("max( a,b+c )", "max(a, b + c)"),
        ("a in ['on','double']", "a in ['on', 'double']"),
        ('a not in ["it\'s"]', 'a not in ["it\'s"]'),
        (r"a in ['c:\x']", r"a in ['c:\x']"),
        ("a > 40MB and b > 80%", "a > 40MB and b > 80%"),
        ("true", "true"),
    ],
)
def test_parentheses_stay_only_where_they_are_needed(text: str, explained: str) -> None:
    assert explain(parse(text), str) == explained


def test_names_can_be_shown_as_their_values() -> None:
    node = parse("workers * memory.front > memory.budget")
    shown = {"workers": "500", "memory.front": "40 MB", "memory.budget": "16 GB"}
    assert explain(node, shown.__getitem__) == "500 * 40 MB > 16 GB"


# --- against two references --------------------------------------------------------

NAMES = frozenset("abcpqt")


@dataclass(frozen=True)
class Tree:
    """A generated expression: an operator with its parts, or a leaf with its text."""

    operator: str
    parts: tuple["Tree", ...] = ()
    text: str = ""
    value: Value = 0

    def source(self, *, python: bool = False) -> str:
        """The expression in the rule language or in Python, every operation in parentheses."""
        shown = [part.source(python=python) for part in self.parts]
        match self.operator:
            case "leaf":
                return repr(self.value) if python and self.text not in NAMES else self.text
            case "neg":
                return f"(-{shown[0]})"
            case "not":
                return f"(not {shown[0]})"
            case "if":
                return f"({shown[1]} if {shown[0]} else {shown[2]})"
            case "call":
                return f"{self.text}({', '.join(shown)})"
            case "chain":
                operators = self.text.split()
                rest = [f" {one} {part}" for one, part in zip(operators, shown[1:], strict=True)]
                return f"({shown[0]}{''.join(rest)})"
            case "//" if python:
                return f"floor({shown[0]} / {shown[1]})"
            case operator:
                return f"({shown[0]} {operator} {shown[1]})"


def kleene(tree: Tree, facts: Mapping[str, Value]) -> Value | None:
    """Evaluate with None for unknown, written independently of the product."""
    if tree.operator == "leaf":
        return facts.get(tree.text) if tree.text in NAMES else tree.value
    values = [kleene(part, facts) for part in tree.parts]
    first = values[0]
    if tree.operator == "call" and tree.text == "known":
        return first is not None
    if tree.operator == "if":
        return None if first is None else values[1] if first else values[2]
    if tree.operator in ("and", "or"):
        decisive = tree.operator == "or"
        if any(value is decisive for value in values):
            return decisive
        return None if None in values else not decisive
    if tree.operator == "chain":
        pairs = [
            None if left is None or right is None else _PYTHON[one](left, right)
            for one, left, right in zip(tree.text.split(), values, values[1:], strict=False)
        ]
        return False if False in pairs else None if None in pairs else True
    if any(value is None for value in values):
        return None
    name = tree.text if tree.operator == "call" else tree.operator
    try:
        return _PYTHON[name](*values)
    except ZeroDivisionError:
        return None


_PYTHON: dict[str, Callable[..., Value]] = {
    "neg": lambda a: -a,
    "not": lambda a: not a,
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: math.floor(a / b),
    "%": lambda a, b: a % b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "in": lambda a, b: a in b,
    "abs": abs,
    "ceil": math.ceil,
    "floor": math.floor,
    "max": max,
    "min": min,
    "round_down": lambda value, step: math.floor(value / step) * step,
    "round_up": lambda value, step: math.ceil(value / step) * step,
    "known": lambda value: True,
}


def _leaf(text: str, value: Value = 0) -> Tree:
    return Tree("leaf", text=text, value=value)


Trees = st.SearchStrategy[Tree]


def _numbers(flags: Trees, numbers: Trees) -> Trees:
    binary = st.builds(
        lambda op, a, b: Tree(op, (a, b)),
        st.sampled_from(["+", "-", "*", "/", "//", "%"]),
        numbers,
        numbers,
    )
    one = st.builds(lambda f, a: Tree("call", (a,), f), st.sampled_from(["abs", "floor"]), numbers)
    two = st.builds(
        lambda f, a, b: Tree("call", (a, b), f),
        st.sampled_from(["max", "min", "round_down", "round_up"]),
        numbers,
        numbers,
    )
    choice = st.builds(lambda c, a, b: Tree("if", (c, a, b)), flags, numbers, numbers)
    return binary | st.builds(lambda a: Tree("neg", (a,)), numbers) | one | two | choice


def _flags(flags: Trees, numbers: Trees, with_known: bool) -> Trees:
    comparison = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
    pair = st.builds(lambda op, a, b: Tree("chain", (a, b), op), comparison, numbers, numbers)
    triple = st.builds(
        lambda one, two, a, b, c: Tree("chain", (a, b, c), f"{one} {two}"),
        *(comparison, comparison, numbers, numbers, numbers),
    )
    logic = st.builds(
        lambda op, a, b: Tree(op, (a, b)), st.sampled_from(["and", "or"]), flags, flags
    )
    found = pair | triple | logic | st.builds(lambda a: Tree("not", (a,)), flags)
    return (
        found | st.builds(lambda a: Tree("call", (a,), "known"), numbers) if with_known else found
    )


def trees(*, with_known: bool = True) -> Trees:
    numbers: Trees = st.one_of(
        st.sampled_from([_leaf(name) for name in "abc"]),
        st.integers(0, 50).map(lambda value: _leaf(str(value), value)),
        st.sampled_from([_leaf("2.5", 2.5), _leaf("80%", 80 * 0.01), _leaf("0.125", 0.125)]),
    )
    flags: Trees = st.sampled_from(
        [
            _leaf("p"),
            _leaf("q"),
            _leaf("true", True),
            _leaf("false", False),
            Tree("chain", (_leaf("t"), _leaf("['on', 'x']", ("on", "x"))), "in"),
            Tree("chain", (_leaf("t"), _leaf("'on'", "on")), "=="),
        ]
    )
    for _ in range(3):
        numbers, flags = (
            numbers | _numbers(flags, numbers),
            flags | _flags(flags, numbers, with_known),
        )
    return numbers | flags


KNOWN_FACTS = st.fixed_dictionaries(
    {
        **{name: st.integers(-20, 20) | st.sampled_from([0.5, 1.25]) for name in "abc"},
        **{name: st.booleans() for name in "pq"},
        "t": st.sampled_from(["on", "x", "off"]),
    }
)
HIDDEN = st.sets(st.sampled_from(sorted(NAMES)))


def hide(facts: Mapping[str, Value], hidden: set[str]) -> dict[str, Value]:
    return {
        name: Unresolved(((name, "hidden"),)) if name in hidden else value
        for name, value in facts.items()
    }


def or_none(value: Value) -> Value | None:
    return None if isinstance(value, Unresolved) else value


def same(one: Value | None, other: Value | None) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)


@PROPERTY
@given(trees(), KNOWN_FACTS)
def test_known_facts_give_what_python_gives(tree: Tree, facts: dict[str, Value]) -> None:
    found = evaluate(parse(tree.source()), facts)
    try:
        expected = eval(tree.source(python=True), {"__builtins__": {}}, {**_PYTHON, **facts})
    except ZeroDivisionError:
        assert same(or_none(found), kleene(tree, facts))
    else:
        assert same(or_none(found), expected)


Texts = st.SearchStrategy[str]


def joined(parts: Texts, *operators: str, least: int = 0) -> Texts:
    """Return texts of parts with operators between them, and no parentheses."""
    more = st.lists(st.tuples(st.sampled_from(operators), parts), min_size=least, max_size=2)
    return st.builds(
        lambda first, rest: " ".join([first, *(f"{one} {part}" for one, part in rest)]), parts, more
    )


def prefixed(prefix: str, parts: Texts) -> Texts:
    return parts | parts.map(lambda part: prefix + part)


SUMS = joined(prefixed("-", st.sampled_from(["a", "b", "c", "7"])), "+", "-", "*", "//", "%")
CONDITIONS = joined(prefixed("not ", joined(SUMS, "<", ">=", "==", least=1)), "and", "or")


@PROPERTY
@given(
    st.builds("{} if {} else {}".format, SUMS, CONDITIONS, SUMS),
    st.fixed_dictionaries({name: st.integers(1, 20) for name in "abc"}),
)
def test_operators_bind_as_in_python(text: str, facts: dict[str, Value]) -> None:
    try:
        expected = eval(text, {"__builtins__": {}}, facts)
    except ZeroDivisionError:
        return
    assert evaluate(parse(text), facts) == expected


@PROPERTY
@given(trees(), KNOWN_FACTS, HIDDEN)
def test_unknown_facts_give_what_kleene_gives(
    tree: Tree, facts: dict[str, Value], hidden: set[str]
) -> None:
    found = evaluate(parse(tree.source()), hide(facts, hidden))
    seen = {name: value for name, value in facts.items() if name not in hidden}
    assert same(or_none(found), kleene(tree, seen))
    if isinstance(found, Unresolved):
        assert found.missing
        assert {name for name, _ in found.missing} <= hidden | {"division", "arithmetic"}


@PROPERTY
@given(trees(with_known=False), KNOWN_FACTS, HIDDEN)
def test_learning_a_fact_never_turns_a_verdict_around(
    tree: Tree, facts: dict[str, Value], hidden: set[str]
) -> None:
    node = parse(tree.source())
    early = evaluate(node, hide(facts, hidden))
    if not isinstance(early, Unresolved):
        assert evaluate(node, facts) == early


@PROPERTY
@given(trees(), KNOWN_FACTS, HIDDEN)
def test_an_explanation_reads_back_as_the_same_expression(
    tree: Tree, facts: dict[str, Value], hidden: set[str]
) -> None:
    node = parse(tree.source())
    text = explain(node, str)
    again = parse(text)
    assert explain(again, str) == text
    assert evaluate(again, hide(facts, hidden)) == evaluate(node, hide(facts, hidden))
    assert names_in(again) == names_in(node)
    assert shape(again) == shape(node)


def shape(value: object) -> object:
    """Return a node with all its parts, but not where they stand."""
    if isinstance(value, Node):
        inner = [getattr(value, one.name) for one in fields(value) if one.name != "column"]
        return (type(value), *map(shape, inner))
    return tuple(map(shape, value)) if isinstance(value, tuple) else value
