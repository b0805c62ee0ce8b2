"""Changes that someone wants in a configuration, before anybody knows where they go."""

from typing import Literal

from tuner.apache.effective.values import Model

RestartClass = Literal["graceful", "restart", "stop+start"]

_RESTART: dict[str, RestartClass] = {
    "serverlimit": "stop+start",
    "threadlimit": "stop+start",
    "listenbacklog": "stop+start",
    "listencoresbucketsratio": "stop+start",
    "listen": "restart",
    "extendedstatus": "restart",
}
"""Directives for which a graceful restart is not enough (mpm_common.html; listen.c
keeps open sockets, so that ListenBacklog needs a stop)."""

_ORDER: tuple[RestartClass, ...] = ("graceful", "restart", "stop+start")


class SetDirective(Model):
    """Give a server-level directive a value, adding it where nothing sets it."""

    kind: Literal["directive"] = "directive"
    name: str
    value: str


class SetOption(Model):
    """Give an option of one WSGIDaemonProcess a value."""

    kind: Literal["option"] = "option"
    group: str
    option: str
    value: str


class RemoveDirective(Model):
    """Take every active occurrence of a server-level directive out."""

    kind: Literal["remove"] = "remove"
    name: str


class SetArguments(Model):
    """Give the directive that stands at one place other arguments."""

    kind: Literal["arguments"] = "arguments"
    name: str
    file: str
    """As httpd names it."""
    line: int
    """The last physical line."""
    arguments: str
    """As they are to be written, quotes included."""


class RemoveLine(Model):
    """Take one directive out of the place where it stands; others of its name stay."""

    kind: Literal["line"] = "line"
    name: str
    file: str
    """As httpd names it."""
    line: int
    """The last physical line."""


Change = SetDirective | SetOption | RemoveDirective | RemoveLine | SetArguments


def restart_class(changes: tuple[Change, ...]) -> RestartClass:
    """Return the mildest restart after which all changes are in force."""
    needed = [
        "graceful" if isinstance(one, SetOption) else _RESTART.get(one.name.lower(), "graceful")
        for one in changes
    ]
    return max(needed, key=_ORDER.index, default="graceful")
