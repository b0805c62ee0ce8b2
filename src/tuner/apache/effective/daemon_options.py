"""Every option of WSGIDaemonProcess: default, what mod_wsgi refuses, what a zero means.

From ``wsgi_add_daemon_process`` of mod_wsgi 4.9.4 and 6.1 (wsgi_daemon.c); the tests
ask both whether they take what stands here.
"""

import re
from dataclasses import dataclass
from typing import Literal

from tuner.apache.syntax.words import atoi

Only = Literal["4", "6"]
"""The series of mod_wsgi that knows an option which the other does not."""


@dataclass(frozen=True, slots=True)
class DaemonOption:
    """One option: a number with limits, or text."""

    name: str
    default: int | None
    """None for text, which then is that of the server."""
    noun: str = ""
    """What mod_wsgi calls it where it refuses a value; empty where it takes any text."""
    least: int = 0
    most: int = 2**63 - 1
    least_bytes: int = 0
    """A buffer has at least so many bytes, or 0."""
    zero: str = "off"
    """What 0 stands for."""
    pattern: str = ".+"
    """What a text has to match."""
    only: Only | None = None

    def refusal(self, value: str) -> str | None:
        """Return mod_wsgi's words against a value; None when it takes it."""
        if not self.noun:
            return None
        invalid = f"Invalid {self.noun} for WSGI daemon process."
        if self.default is None:
            return None if re.fullmatch(self.pattern, value, re.DOTALL) else invalid
        number = self.number(value)
        if not value or not self.least <= number <= self.most:
            return invalid
        if self.least_bytes and number and number < self.least_bytes:
            name = self.noun.capitalize()
            default = "system default" if self.zero == _SYSTEM else "default"
            return f"{name} must be >= {self.least_bytes} bytes, or 0 for {default}."
        return None

    def number(self, value: str) -> int:
        """Read a number as mod_wsgi does: limits of memory are 64 bits wide, others ``int``."""
        return atoi(value, bits=64 if self.name.endswith("memory-limit") else 32)


_SYSTEM = "system default"


def _seconds(name: str, default: int, zero: str = "off", only: Only | None = None) -> DaemonOption:
    return DaemonOption(name, default, name.replace("-", " "), zero=zero, only=only)


def _buffer(name: str, least: int, zero: str) -> DaemonOption:
    noun = name.replace("-", " ")
    return DaemonOption(name, 0, noun, -(2**31), least_bytes=least, zero=zero)


def _text(name: str, noun: str = "", pattern: str = ".+", only: Only | None = None) -> DaemonOption:
    return DaemonOption(name, None, noun, pattern=pattern, only=only)


OPTIONS = {
    option.name: option
    for option in (
        DaemonOption("processes", 1, "process count", least=1),
        DaemonOption("threads", 15, "thread count", most=65533, zero="no requests, a script only"),
        DaemonOption("listen-backlog", 100, "listen backlog", zero="0"),
        _seconds("connect-timeout", 15),
        _seconds("queue-timeout", 0),
        _seconds("socket-timeout", 0, "Timeout of the server"),
        _seconds("request-timeout", 0),
        _seconds("interrupt-timeout", 0, only="6"),
        _seconds("response-socket-timeout", 0, "socket-timeout"),
        _seconds("deadlock-timeout", 300),
        _seconds("startup-timeout", 0),
        _seconds("graceful-timeout", 15),
        _seconds("eviction-timeout", 0, "graceful-timeout"),
        _seconds("shutdown-timeout", 5),
        _seconds("inactivity-timeout", 0),
        DaemonOption("maximum-requests", 0, "request count"),
        _seconds("restart-interval", 0),
        DaemonOption("cpu-time-limit", 0, "CPU time limit"),
        DaemonOption("cpu-priority", 0, "CPU priority", least=-(2**31), zero="0"),
        DaemonOption("memory-limit", 0, "memory limit"),
        DaemonOption("virtual-memory-limit", 0, "virtual memory limit"),
        DaemonOption("stack-size", 0, "stack size", least=1, zero=_SYSTEM),
        _buffer("header-buffer-size", 8192, "32768"),
        _buffer("response-buffer-size", 65536, "65536 (8 MB since mod_wsgi 6.0.2)"),
        _buffer("send-buffer-size", 512, _SYSTEM),
        _buffer("receive-buffer-size", 512, _SYSTEM),
        DaemonOption("response-flush-delay", 5, "response flush delay", only="6"),
        _text("switch-interval", "switch interval", r"\s*\+?(?!0*\.?0*$)[0-9.].*", only="6"),
        _text("user", "user"),
        _text("group", "group"),
        _text("supplementary-groups"),
        _text("umask", "umask", "[0-7]+"),
        _text("chroot", "chroot directory", "/.*"),
        _text("home", "home directory", "/.*"),
        _text("lang"),
        _text("locale"),
        _text("display-name"),
        _text("python-home"),
        _text("python-path"),
        _text("python-eggs"),
        _text("server-metrics", "server metrics flag", "(?i:on|off)"),
        _text("script-user", "script user"),
        _text("script-group", "script group"),
        _text("socket-user", "socket user"),
        _text("newrelic-config-file", only="4"),
        _text("newrelic-environment", only="4"),
    )
}
"""In the order in which a report lists them."""
