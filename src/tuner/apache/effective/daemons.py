"""Daemon process groups: every WSGIDaemonProcess with its options (mod_wsgi wsgi_daemon.c)."""

from tuner.apache.effective.daemon_options import OPTIONS
from tuner.apache.effective.values import Location, Model, location_of
from tuner.apache.syntax.words import atoi, decode, encode, next_word
from tuner.apache.tree import Configuration, Directive

INTERNAL_THREADS = 3
"""Threads of a daemon process beside its request threads (mod_wsgi 4.9.4)."""


class DaemonGroup(Model):
    """One daemon process group: ``processes`` x ``threads`` requests at a time."""

    name: str
    processes: int
    threads: int
    options: dict[str, str]
    """Every option as written, by name."""
    location: Location
    virtual_host: str | None = None
    errors: tuple[str, ...] = ()
    """Why mod_wsgi refuses the line, if it does."""

    @property
    def capacity(self) -> int:
        """Requests that the group executes at the same time."""
        return self.processes * self.threads

    def number(self, option: str) -> int:
        """Return a numeric option as mod_wsgi reads it (atoi), or its default."""
        known = OPTIONS[option]
        written = self.options.get(option)
        return (known.default or 0) if written is None else known.number(written)


def daemon_groups(configuration: Configuration) -> tuple[DaemonGroup, ...]:
    """Return the daemon process groups in the order in which mod_wsgi defines them."""
    found = [parse_daemon_group(one) for one in configuration.named("WSGIDaemonProcess")]
    first: dict[str, int] = {}
    for position, group in enumerate(found):
        if first.setdefault(group.name, position) != position:
            errors = (*group.errors, "Name duplicates previous WSGI daemon definition.")
            found[position] = group.model_copy(update={"errors": errors})
    return tuple(found)


def parse_daemon_group(directive: Directive) -> DaemonGroup:
    """Parse one WSGIDaemonProcess line.

    The first word is the name, whatever it looks like; then ``option=value``,
    where only the value may be quoted. A repeated option: the last one counts.
    """
    name, rest = next_word(encode(directive.args))
    options: dict[str, str] = {}
    errors = [] if name else ["Name of WSGI daemon process not supplied."]
    while rest.strip():
        found = _next_option(rest)
        if found is None:
            errors.append("Invalid option to WSGI daemon process definition.")
            break
        option, value, rest = found
        known = OPTIONS.get(option)
        if known is None:
            errors.append(f"Invalid option to WSGI daemon process definition: {option}")
        elif refusal := known.refusal(value):
            errors.append(refusal)
        elif option == "user" and value in ("root", "#0"):
            errors.append("WSGI process blocked from running as root.")
        options[option] = value
    if "script-user" in options and "script-group" in options:
        errors.append("Only one of script-user and script-group allowed.")
    processes = atoi(options.get("processes", "1"))
    threads = atoi(options.get("threads", "15"))
    host = directive.virtual_host
    return DaemonGroup(
        name=decode(name),
        processes=max(1, processes),
        threads=max(0, threads),
        options=options,
        location=location_of(directive),
        virtual_host=host.location if host else None,
        errors=tuple(errors),
    )


def _next_option(text: bytes) -> tuple[str, str, bytes] | None:
    """Take one ``name=value`` as mod_wsgi's ``wsgi_parse_option`` does."""
    text = text.lstrip()
    name, equals, rest = text.partition(b"=")
    if not name or not equals or name.split() != [name]:
        return None
    value, rest = next_word(rest)
    return decode(name), decode(value), rest
