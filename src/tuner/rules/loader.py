"""Find rule files, read them, and refuse them with file, line and column."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Formatter

from pydantic import ValidationError

from tuner.errors import RuleError
from tuner.rules.document import Document, read_document
from tuner.rules.expression import ExpressionError, Node, check, names_in, parse
from tuner.rules.expression.nodes import Kind, Literally
from tuner.rules.schema import Rule
from tuner.rules.vocabulary import facts_in


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule with its expressions parsed and checked."""

    rule: Rule
    when: Node
    let: dict[str, Node]
    kinds: dict[str, Kind]
    """Kind of every name that the rule can use: facts and ``let``."""
    formula: Node
    formula_kind: Kind
    sets: dict[str, Node]
    options: dict[str, Node]
    here: Node | None
    path: Path


def builtin_rules() -> Path:
    """Return the rule pack: inside the installed package, or at the top of a checkout."""
    packaged = Path(str(files("tuner"))) / "_rules"
    if packaged.is_dir():
        return packaged
    checkout = Path(__file__).resolve().parents[3] / "rules"
    if checkout.is_dir():
        return checkout
    raise RuleError("the rule pack is missing from this installation")


def load_rules(
    directories: Sequence[Path], thresholds: Mapping[str, Mapping[str, str]] | None = None
) -> tuple[CompiledRule, ...]:
    """Load every rule below the directories, sorted by id.

    ``thresholds`` replaces values of rules, by rule id and name.

    Raises:
        RuleError: the first mistake, with file, line and column.
    """
    thresholds = thresholds or {}
    found: dict[str, CompiledRule] = {}
    for directory in directories:
        if not directory.is_dir():
            raise RuleError(f"{directory}: no such directory of rules")
        for path in sorted(directory.rglob("*.yaml")):
            compiled = load_rule(path, thresholds)
            other = found.get(compiled.rule.id)
            if other is not None:
                raise RuleError(f"{path}: {compiled.rule.id} is already defined in {other.path}")
            found[compiled.rule.id] = compiled
    unknown = sorted(set(thresholds) - set(found))
    if unknown:
        raise RuleError(f"thresholds for {unknown[0]}: there is no such rule")
    return tuple(found[key] for key in sorted(found))


def load_rule(
    path: Path, thresholds: Mapping[str, Mapping[str, str]] | None = None
) -> CompiledRule:
    """Load one rule file; its name must begin with the rule's id.

    Raises:
        RuleError: the first mistake, with file, line and column.
    """
    document = read_document(path)
    try:
        rule = Rule.model_validate(document.data)
    except ValidationError as error:
        first = error.errors()[0]
        line, column = document.position(first["loc"])
        field = ".".join(map(str, first["loc"])) or "rule"
        raise RuleError(f"{path}:{line}:{column}: {field}: {first['msg']}") from error
    if not path.name.startswith(f"{rule.id}-"):
        raise RuleError(f"{path}: the file of {rule.id} is named {rule.id}-<slug>.yaml")
    return _Compiler(rule, path, document).compile((thresholds or {}).get(rule.id, {}))


class _Compiler:
    def __init__(self, rule: Rule, path: Path, document: Document) -> None:
        self.rule, self.path, self.document = rule, path, document
        self.kinds: dict[str, Kind] = {
            name: spec.kind for name, spec in facts_in(rule.scope).items()
        }

    def compile(self, thresholds: Mapping[str, str]) -> CompiledRule:
        rule = self.rule
        let: dict[str, Node] = {}
        for name, text in rule.thresholds.items():
            self._demand_new_name(name, "thresholds")
            let[name] = node = self._literal(text, ("thresholds", name))
            self.kinds[name] = node.kind
        for name, text in thresholds.items():
            let[name] = self._chosen_threshold(name, text)
        for name, text in rule.let.items():
            self._demand_new_name(name, "let")
            let[name] = self._parse(text, ("let", name))
            self.kinds[name] = self._check(let[name], ("let", name))
        when = self._parse(rule.when, ("when",))
        if self._check(when, ("when",)) != "flag":
            raise self._error("the condition must be true or false", ("when",), 1)
        formula = self._parse(rule.formula, ("formula",)) if rule.formula else when
        formula_kind = self._check(formula, ("formula",))
        fix = rule.fix
        sets = self._all(fix.set if fix else {}, "set")
        options = self._all(fix.option if fix else {}, "option")
        if options and rule.scope != "group":
            raise self._error("options belong to rules of scope group", ("fix", "option"), 1)
        here = self._here(fix.here) if fix and fix.here else None
        if (rule.scope == "occurrence") != bool(rule.about):
            raise self._error("about and scope occurrence go together", ("about",), 1)
        if fix and fix.remove_line and rule.scope != "directive":
            raise self._error("remove_line belongs to scope directive", ("fix", "remove_line"), 1)
        self._check_message()
        return CompiledRule(
            rule, when, let, self.kinds, formula, formula_kind, sets, options, here, self.path
        )

    def _demand_new_name(self, name: str, field: str) -> None:
        if name in self.kinds:
            raise self._error(f"{name!r} has a meaning already", (field, name), 1)

    def _literal(self, text: str, location: tuple[str, ...]) -> Literally:
        node = self._parse(text, location)
        if not isinstance(node, Literally):
            raise self._error("a threshold is one value, such as 30s or 64M", location, 1)
        return node

    def _chosen_threshold(self, name: str, text: str) -> Literally:
        """Return a user's value in place of the rule's own."""
        what = f"threshold {name} of {self.rule.id}"
        if name not in self.rule.thresholds:
            known = ", ".join(self.rule.thresholds) or "none"
            raise RuleError(f"{what}: there is none of this name", hint=f"there are: {known}")
        try:
            node = parse(text)
        except ExpressionError as error:
            raise RuleError(f"{what}: {error}") from error
        if not isinstance(node, Literally) or node.kind != self.kinds[name]:
            own = self.rule.thresholds[name]
            raise RuleError(f"{what}: {text!r} is not like its own value", hint=f"that is {own}")
        return node

    def _all(self, texts: dict[str, str], key: str) -> dict[str, Node]:
        nodes: dict[str, Node] = {}
        for name, text in texts.items():
            nodes[name] = self._parse(text, ("fix", key, name))
            self._check(nodes[name], ("fix", key, name))
        return nodes

    def _here(self, text: str) -> Node:
        location = ("fix", "here")
        if self.rule.scope != "occurrence":
            raise self._error("here belongs to rules of scope occurrence", location, 1)
        node = self._parse(text, location)
        self._check(node, location)
        return node

    def _parse(self, text: str, location: tuple[str, ...]) -> Node:
        try:
            return parse(text)
        except ExpressionError as error:
            raise self._error(str(error), location, error.column) from error

    def _check(self, node: Node, location: tuple[str, ...]) -> Kind:
        try:
            return check(node, self.kinds)
        except ExpressionError as error:
            raise self._error(str(error), location, error.column) from error

    def _check_message(self) -> None:
        try:
            parts = list(Formatter().parse(self.rule.message))
        except ValueError as error:
            raise self._error(str(error), ("message",), 1) from error
        for _, name, _, _ in parts:
            if name is not None and name not in self.kinds:
                raise self._error(f"no fact {name!r}", ("message",), 1)

    def _error(self, message: str, location: tuple[str, ...], column: int) -> RuleError:
        line, column = self.document.position(location, column)
        field = ".".join(location)
        return RuleError(f"{self.path}:{line}:{column}: {field}: {message}")


def names_used(compiled: CompiledRule) -> tuple[str, ...]:
    """Return the facts behind a rule's condition and formula, ``let`` names resolved."""
    pending = [*names_in(compiled.when), *names_in(compiled.formula)]
    found: dict[str, None] = {}
    while pending:
        name = pending.pop(0)
        if name in compiled.let:
            pending[:0] = names_in(compiled.let[name])
        else:
            found[name] = None
    return tuple(found)
