"""What rules are evaluated against: subjects with their facts."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from tuner.apache.effective.values import Location
from tuner.apache.versions import Version
from tuner.fact import Fact, Unknown
from tuner.rules.expression import Unresolved
from tuner.rules.expression.evaluate import Value
from tuner.rules.expression.nodes import Scalar
from tuner.rules.schema import Rule
from tuner.rules.vocabulary import Scope


class Subject(NamedTuple):
    """What a rule is evaluated for: the server, one group, one application."""

    label: str
    facts: Mapping[str, Fact[Scalar]]
    location: Location | None
    group: str | None = None
    occurrence: str | None = None
    """Name of the directive at ``location`` that the subject is."""
    directive: str | None = None
    """Name of the directive at ``location``, for subjects that are one directive."""


class Facts(NamedTuple):
    """Everything that rules are evaluated against."""

    subjects: Mapping[Scope, tuple[Subject, ...]]
    directives: Mapping[str, Location]
    """Where each server directive in force stands, by lower-case name."""
    current: Mapping[str, str]
    """What server directives are worth now, defaults included, by lower-case name:
    setting one to this value would change nothing."""
    fallback: Location
    """Where to point when nothing in the configuration sets the value."""
    versions: Mapping[str, Fact[Version]]
    """Of ``httpd`` and ``mod_wsgi``."""
    modules: frozenset[str] = frozenset()
    """Source files of the loaded modules."""
    occurrences: Callable[[str], tuple[Subject, ...]] = lambda name: ()
    """The subjects of scope occurrence: every place where a directive is in force."""

    def subjects_of(self, rule: Rule) -> tuple[Subject, ...]:
        """Return what a rule is evaluated for."""
        if rule.scope == "occurrence":
            return tuple(one for name in rule.about for one in self.occurrences(name))
        return self.subjects.get(rule.scope, ())


def as_value(name: str, fact: Fact[Scalar]) -> Value:
    """Turn a fact into what expressions work with."""
    if isinstance(fact, Unknown):
        return Unresolved(((name, fact.reason),))
    return fact.value
