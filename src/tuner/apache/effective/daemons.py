"""Daemon process groups: every WSGIDaemonProcess with its options (mod_wsgi wsgi_daemon.c)."""

from collections.abc import Mapping

from tuner.apache.effective.values import Location, Model, location_of
from tuner.apache.syntax.words import atoi, decode, encode, next_word
from tuner.apache.tree import Configuration, Directive

OPTION_DEFAULTS: dict[str, int] = {
    "processes": 1,
    "threads": 15,
    "listen-backlog": 100,
    "connect-timeout": 15,
    "queue-timeout": 0,
    "socket-timeout": 0,
    "request-timeout": 0,
    "response-socket-timeout": 0,
    "deadlock-timeout": 300,
    "startup-timeout": 0,
    "graceful-timeout": 15,
    "eviction-timeout": 0,
    "shutdown-timeout": 5,
    "inactivity-timeout": 0,
    "maximum-requests": 0,
    "restart-interval": 0,
    "cpu-time-limit": 0,
    "cpu-priority": 0,
    "memory-limit": 0,
    "virtual-memory-limit": 0,
    "stack-size": 0,
    "header-buffer-size": 0,
    "response-buffer-size": 0,
    "send-buffer-size": 0,
    "receive-buffer-size": 0,
}
"""Numeric options; 0 means off or "the default of the system"."""

TEXT_OPTIONS = frozenset(
    {
        "user",
        "group",
        "supplementary-groups",
        "umask",
        "chroot",
        "home",
        "lang",
        "locale",
        "display-name",
        "python-home",
        "python-path",
        "python-eggs",
        "server-metrics",
        "script-user",
        "script-group",
        "socket-user",
        "dump-stack-traces",
        "interrupt-timeout",
        "newrelic-config-file",
        "newrelic-environment",
        "response-flush-delay",
        "switch-interval",
    }
)
"""Options that hold text, or exist only in mod_wsgi 6."""

_LEAST_OR_ZERO = {
    "header-buffer-size": ("Header", 8192, "0 for default"),
    "response-buffer-size": ("Response", 65536, "0 for default"),
    "send-buffer-size": ("Send", 512, "0 for system default"),
    "receive-buffer-size": ("Receive", 512, "0 for system default"),
}

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
        written = self.options.get(option)
        return OPTION_DEFAULTS[option] if written is None else atoi(written)


def daemon_groups(configuration: Configuration) -> tuple[DaemonGroup, ...]:
    """Return the daemon process groups in the order in which mod_wsgi defines them."""
    return tuple(parse_daemon_group(one) for one in configuration.named("WSGIDaemonProcess"))


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
        if option not in OPTION_DEFAULTS and option not in TEXT_OPTIONS:
            errors.append(f"Invalid option to WSGI daemon process definition: {option}")
        options[option] = value
    processes = atoi(options.get("processes", "1"))
    threads = atoi(options.get("threads", "15"))
    if processes < 1:
        errors.append("Invalid process count for WSGI daemon process.")
    if not 0 <= threads < 65534:
        errors.append("Invalid thread count for WSGI daemon process.")
    errors += _refused_numbers(options)
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


def _refused_numbers(options: Mapping[str, str]) -> list[str]:
    """Return what mod_wsgi says about numbers out of range (wsgi_add_daemon_process)."""
    errors: list[str] = []
    for option, (what, least, default) in _LEAST_OR_ZERO.items():
        value = atoi(options.get(option, "0"))
        if value < least and value != 0:
            errors.append(f"{what} buffer size must be >= {least} bytes, or {default}.")
    if atoi(options.get("stack-size", "1")) <= 0:
        errors.append("Invalid stack size for WSGI daemon process.")
    errors += [
        f"Invalid {option.replace('-', ' ')} for WSGI daemon process."
        for option in OPTION_DEFAULTS
        if option.endswith(("-timeout", "-backlog")) and atoi(options.get(option, "0")) < 0
    ]
    return errors


def _next_option(text: bytes) -> tuple[str, str, bytes] | None:
    """Take one ``name=value`` as mod_wsgi's ``wsgi_parse_option`` does."""
    text = text.lstrip()
    name, equals, rest = text.partition(b"=")
    if not name or not equals or name.split() != [name]:
        return None
    value, rest = next_word(rest)
    return decode(name), decode(value), rest
