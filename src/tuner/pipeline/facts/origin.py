"""Facts about single directives: their value and where it comes from."""

from tuner.apache.effective.values import (
    Setting,
    flag,
    in_force,
    text,
)
from tuner.apache.syntax.words import atoi
from tuner.apache.tree import Configuration
from tuner.fact import Fact, Known, Origin, Unknown
from tuner.rules.expression.nodes import Scalar

Table = dict[str, Fact[Scalar]]


def scalar(fact: Fact[int] | Fact[str]) -> Fact[Scalar]:
    """Return a fact of one kind as one of a table."""
    if isinstance(fact, Unknown):
        return fact
    return Known(fact.value, fact.origin, fact.source)


def of_setting(setting: Setting, *, configured: bool = False) -> Known[Scalar]:
    """Return an MPM setting in force, or ``configured`` as it is written."""
    value = setting.parsed if configured else setting.effective
    if setting.location is None:
        return Known(value, "default", f"default of {setting.name}")
    clamped = "" if configured or setting.parsed == value else f", corrected from {setting.parsed}"
    return Known(value, "configuration", f"{setting.name} at {setting.location}{clamped}")


def _source(configuration: Configuration, name: str) -> str:
    directive = in_force(configuration, name)
    return f"{name} at {directive.location}" if directive else f"default of {name}"


def of_seconds(configuration: Configuration, name: str, default: int) -> Known[Scalar]:
    """Return a time in seconds, or its default."""
    written = text(configuration, name)
    if written is None:
        return Known(default, "default", _source(configuration, name))
    value: float = atoi(written)
    if written.lower().endswith("ms"):
        value /= 1000
    return Known(value, "configuration", _source(configuration, name))


def of_flag(configuration: Configuration, name: str, default: bool) -> Known[Scalar]:
    """Return an On/Off directive, or its default."""
    origin: Origin = "configuration" if in_force(configuration, name) else "default"
    value = flag(configuration, name, default)
    return Known(value, origin, _source(configuration, name))


def of_text(configuration: Configuration, name: str, default: str) -> Known[Scalar]:
    """Return a one-word directive in lower case, or its default."""
    written = text(configuration, name)
    origin: Origin = "default" if written is None else "configuration"
    value = (written or default).lower()
    return Known(value, origin, _source(configuration, name))
