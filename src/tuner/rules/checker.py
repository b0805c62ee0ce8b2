"""Evaluate rules against facts: findings, and what could not be decided."""

from collections.abc import Callable, Mapping, Sequence
from string import Formatter
from typing import NamedTuple

from tuner.apache.changes import (
    Change,
    RemoveDirective,
    RemoveLine,
    SetArguments,
    SetDirective,
    SetOption,
    restart_class,
)
from tuner.apache.directives import known_directives
from tuner.apache.versions import parse_version
from tuner.fact import Fact, Known, Unknown
from tuner.rules.expression import Unresolved, evaluate, explain
from tuner.rules.expression.evaluate import Value
from tuner.rules.expression.nodes import Kind, Scalar
from tuner.rules.facts import Facts, Subject, as_value
from tuner.rules.finding import (
    CONFIDENCES,
    Confidence,
    Evidence,
    Finding,
    Fix,
    Input,
    Skipped,
)
from tuner.rules.loader import CompiledRule, names_used
from tuner.rules.schema import Rule
from tuner.units import format_seconds, format_size


class Outcome(NamedTuple):
    """Everything that came of a set of rules."""

    findings: tuple[Finding, ...]
    skipped: tuple[Skipped, ...]


def evaluate_rules(rules: Sequence[CompiledRule], facts: Facts) -> Outcome:
    """Evaluate every rule for every subject of its scope."""
    findings: list[Finding] = []
    skipped: list[Skipped] = []
    for compiled in rules:
        if not _applies(compiled.rule, facts):
            continue
        missing = _unknown_versions(compiled.rule, facts)
        for subject in facts.subjects_of(compiled.rule):
            outcome = _evaluate(compiled, subject, facts)
            if outcome is not None and missing:
                outcome = _skipped(compiled.rule, subject, missing)
            if isinstance(outcome, Finding):
                findings.append(outcome)
            elif isinstance(outcome, Skipped):
                skipped.append(outcome)
    return Outcome(tuple(findings), tuple(skipped))


def _unknown_versions(rule: Rule, facts: Facts) -> tuple[str, ...]:
    return tuple(
        f"{program}.version: {version.reason}"
        for program in rule.versions
        if isinstance(version := facts.versions[program], Unknown)
    )


def _applies(rule: Rule, facts: Facts) -> bool:
    """Tell whether the versions here, as far as they are known, are those of the rule."""
    for program, wanted in rule.versions.items():
        version = facts.versions[program]
        if isinstance(version, Known):
            until = parse_version(wanted.until)
            if not parse_version(wanted.since) <= version.value:
                return False
            if version.value[: len(until)] > until:
                return False
    return True


def _evaluate(compiled: CompiledRule, subject: Subject, facts: Facts) -> Finding | Skipped | None:
    values = _values(compiled, subject)
    holds = evaluate(compiled.when, values)
    if isinstance(holds, Unresolved):
        missing = tuple(f"{name}: {reason}" for name, reason in holds.missing)
        return _skipped(compiled.rule, subject, missing)
    return _finding(compiled, subject, facts, values) if holds else None


def _skipped(rule: Rule, subject: Subject, missing: tuple[str, ...]) -> Skipped:
    return Skipped(id=rule.id, title=rule.title, subject=subject.label, missing=missing)


class _Values(dict[str, Value]):
    """Facts as values, turned into them when a rule asks."""

    def __init__(self, subject: Subject) -> None:
        self.facts = subject.facts

    def __missing__(self, name: str) -> Value:
        self[name] = value = as_value(name, self.facts[name])
        return value


def _values(compiled: CompiledRule, subject: Subject) -> dict[str, Value]:
    values = _Values(subject)
    for name, node in compiled.let.items():
        values[name] = evaluate(node, values)
    return values


def _finding(
    compiled: CompiledRule, subject: Subject, facts: Facts, values: Mapping[str, Value]
) -> Finding:
    rule = compiled.rule
    inputs = tuple(
        _input(name, subject.facts[name], compiled.kinds[name]) for name in names_used(compiled)
    )

    def show(name: str) -> str:
        return format_value(values[name], compiled.kinds[name])

    where = [facts.directives[key] for name in rule.at if (key := name.lower()) in facts.directives]
    locations = tuple(dict.fromkeys(where)) or (subject.location or facts.fallback,)
    fix = _fix(compiled, subject, facts, values)
    return Finding(
        id=rule.id,
        name=rule.name,
        title=rule.title,
        severity=rule.severity,
        confidence=_confidence(rule.confidence, inputs),
        message=_render(rule.message, show),
        locations=locations,
        subject=subject.label,
        evidence=Evidence(
            formula=explain(compiled.formula, lambda name: name),
            substituted=explain(compiled.formula, show),
            result=_result(compiled, values),
            inputs=inputs,
        ),
        fix=fix,
        restart=restart_class(fix.changes) if fix else "graceful",
        url=rule.url,
    )


def _result(compiled: CompiledRule, values: Mapping[str, Value]) -> str:
    """Return what the formula gives; empty when the condition itself is the formula."""
    if not compiled.rule.formula:
        return ""
    return format_value(evaluate(compiled.formula, values), compiled.formula_kind)


def _fix(
    compiled: CompiledRule, subject: Subject, facts: Facts, values: Mapping[str, Value]
) -> Fix | None:
    rule_fix = compiled.rule.fix
    if rule_fix is None:
        return None
    changes: list[Change] = [RemoveDirective(name=name) for name in rule_fix.remove]
    if rule_fix.remove_line and subject.directive and subject.location:
        where = subject.location
        changes.append(RemoveLine(name=subject.directive, file=where.file, line=where.line_last))
    for names, node in compiled.sets.items():
        value = evaluate(node, values)
        name = _known_name(names, facts)
        if name is None or isinstance(value, Unresolved):
            return None
        if facts.current.get(name.lower()) != _written(value):
            changes.append(SetDirective(name=name, value=_written(value)))
    for option, node in compiled.options.items():
        value = evaluate(node, values)
        if isinstance(value, Unresolved) or subject.group is None:
            return None
        changes.append(SetOption(group=subject.group, option=option, value=_written(value)))
    if compiled.here is not None:
        value = evaluate(compiled.here, values)
        if isinstance(value, Unresolved) or not subject.occurrence or not subject.location:
            return None
        where = subject.location
        name, text = subject.occurrence, _written(value)
        changes.append(
            SetArguments(name=name, file=where.file, line=where.line_last, arguments=text)
        )
    if not changes:
        return None
    return Fix(title=rule_fix.title, safety=rule_fix.safety, changes=tuple(changes))


def _known_name(names: str, facts: Facts) -> str | None:
    """Choose among ``A|B`` the directive that a loaded module knows."""
    first, *others = names.split("|")
    if not others:
        return first
    for name in (first, *others):
        kinds = known_directives().get(name.lower(), ())
        if any(kind.source in facts.modules for kind in kinds):
            return name
    return None


def _written(value: Scalar) -> str:
    """Write a value as Apache takes it: whole numbers, plain text."""
    if isinstance(value, bool):
        return "On" if value else "Off"
    if isinstance(value, float):
        return str(round(value))
    return str(value)


def _input(name: str, fact: Fact[Scalar], kind: Kind) -> Input:
    if isinstance(fact, Known):
        return Input(
            name=name,
            value=str(fact.value),
            shown=format_value(fact.value, kind),
            unit=kind,
            origin=fact.origin,
            source=fact.source,
        )
    return Input(
        name=name,
        value="unknown",
        shown="unknown",
        unit=kind,
        origin="unknown",
        source=fact.reason,
    )


def _confidence(wanted: Confidence, inputs: Sequence[Input]) -> Confidence:
    """Lower the confidence by one when a decisive number is assumed, not measured."""
    if any(one.origin == "assumed" for one in inputs):
        return CONFIDENCES[max(0, CONFIDENCES.index(wanted) - 1)]
    return wanted


def _render(template: str, show: Callable[[str], str]) -> str:
    parts: list[str] = []
    for text, name, _, _ in Formatter().parse(template):
        parts.append(text)
        if name is not None:
            parts.append(show(name))
    return " ".join("".join(parts).split())


def format_value(value: Value, kind: Kind) -> str:
    """Write a value for people, by its kind."""
    if isinstance(value, Unresolved):
        return "unknown"
    if kind == "bytes" and isinstance(value, int | float):
        return format_size(value)
    if kind == "seconds" and isinstance(value, int | float):
        return format_seconds(value)
    if isinstance(value, bool):
        return "On" if value else "Off"
    if isinstance(value, tuple):
        return ", ".join(value)
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 100 or value.is_integer() else f"{value:.3g}"
    return str(value)
