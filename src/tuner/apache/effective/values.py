"""Single-valued server settings: which occurrence wins, and what it is worth."""

from functools import cache

from pydantic import BaseModel, ConfigDict

from tuner.apache.syntax.words import atoi, is_number
from tuner.apache.tree import Configuration, Directive

ALIASES = {
    "maxrequestworkers": ("MaxRequestWorkers", "MaxClients"),
    "maxconnectionsperchild": ("MaxConnectionsPerChild", "MaxRequestsPerChild"),
}
"""Names that share one slot in httpd; the first is the current one (since 2.3.13)."""


class Model(BaseModel):
    """Base of all values here: frozen, nothing beyond its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Location(Model):
    """Where a directive stands."""

    file: str
    line_first: int
    line_last: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line_last}"


class Setting(Model):
    """One numeric directive: as written, as httpd reads it, as it runs."""

    name: str
    """The name that the file uses; the current name when it is not set."""
    configured: str | None
    """The argument as written; None when the default applies."""
    parsed: int
    """The argument through C's ``atoi``, or the default."""
    effective: int
    """What httpd runs with after its corrections."""
    location: Location | None = None

    @property
    def is_default(self) -> bool:
        """Whether nothing in the configuration sets it."""
        return self.configured is None

    @property
    def is_numeric(self) -> bool:
        """Whether the argument is a whole number, not something that atoi cuts."""
        return self.configured is None or is_number(self.configured)


def location_of(directive: Directive) -> Location:
    """Return where ``directive`` stands."""
    return Location(file=directive.file, line_first=directive.line_first, line_last=directive.line)


@cache
def names_of(name: str) -> tuple[str, ...]:
    """Return every name that sets the same value, the current one first."""
    key = name.lower()
    for names in ALIASES.values():
        if key in (one.lower() for one in names):
            return names
    return (name,)


def occurrences(
    configuration: Configuration, name: str, host: Directive | None = None
) -> tuple[Directive, ...]:
    """Return the active settings of ``name`` at server level, or directly in ``host``.

    The last one is in force: httpd executes them in order.
    """
    return configuration.standing_in(host, *names_of(name))


def in_force(
    configuration: Configuration, name: str, host: Directive | None = None
) -> Directive | None:
    """Return the occurrence that is in force; for a virtual host, else the main server's."""
    found = occurrences(configuration, name, host)
    if not found and host is not None:
        found = occurrences(configuration, name)
    return found[-1] if found else None


def number(configuration: Configuration, name: str, default: int) -> Setting:
    """Return a numeric server setting before any clamp."""
    directive = in_force(configuration, name)
    if directive is None:
        return Setting(name=name, configured=None, parsed=default, effective=default)
    text = directive.words[0] if directive.words else ""
    parsed = atoi(text)
    return Setting(
        name=directive.name,
        configured=text,
        parsed=parsed,
        effective=parsed,
        location=location_of(directive),
    )


def text(configuration: Configuration, name: str, host: Directive | None = None) -> str | None:
    """Return the first argument of the occurrence in force."""
    directive = in_force(configuration, name, host)
    if directive is None or not directive.words:
        return None
    return directive.words[0]


def flag(
    configuration: Configuration, name: str, default: bool, host: Directive | None = None
) -> bool:
    """Return an On/Off setting; httpd looks only at its first word."""
    value = text(configuration, name, host)
    return default if value is None else value.lower() == "on"
