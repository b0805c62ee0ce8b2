"""The role of each process of one Apache, from facts and not from names.

The parent is the pid given. A daemon process listens on its group's Unix socket
and on no TCP port; a front process holds the TCP listener, until it is told to
finish: then it is the parent's own program below the parent, with no listener at
all. What is left are helpers: mod_cgid's own server listens on another Unix socket,
a piped logger is another program below the parent that reads a pipe, a CGI script is
another program below anything else. Without the right to see descriptors, a display-name and the
number of threads stand in, and the source says so.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from tuner.host.sockets import ListeningSockets, held_sockets

Role = Literal["parent", "front", "daemon", "other"]
Helper = Literal["logger", "cgid", "cgi"]
RoleSource = Literal["pid", "sockets", "display-name", "threads", "program"]

_DAEMON_SOCKET = re.compile(r"\.(\d+)\.[u\d]+\.(\d+)\.sock$")
"""``PREFIX.PARENT.GENERATION.NUMBER.sock`` (mod_wsgi, src/server/mod_wsgi.c)."""
_DISPLAY_NAME = re.compile(r"^\(wsgi:(.*?)\)?\s*$")


@dataclass(frozen=True, slots=True)
class Expected:
    """What the configuration says about processes: names and numbers of threads."""

    groups: tuple[str, ...] = ()
    """Daemon process groups in the order of their definition: mod_wsgi numbers its
    sockets in that order."""
    front_threads: int | None = None
    """All threads of a front process at work; None when it is not known."""
    daemon_threads: Mapping[str, int] | None = None


class Recognised(NamedTuple):
    """A process's role, and which fact told it."""

    role: Role
    group: str | None
    helper: Helper | None
    source: RoleSource
    is_stopping: bool = False
    """A front process that only finishes what it has begun, after a graceful restart."""


def role_of(
    pid: int,
    below: int,
    parent_pid: int,
    threads: int,
    sockets: ListeningSockets,
    expected: Expected,
    above: Helper | None = None,
) -> Recognised:
    """Return the role of process ``pid``, whose own parent is ``below``.

    ``above`` is what that parent is, if it is a helper: its children are the same.

    Raises:
        OSError: the process has ended.
    """
    if pid == parent_pid:
        return Recognised("parent", None, None, "pid")
    if above == "cgid":
        above = "cgi"
    held = held_sockets(pid)
    if held is None:
        return _without_sockets(pid, below, parent_pid, threads, expected, above)
    if any(inode in sockets.tcp_ports for inode in held):
        return Recognised("front", None, None, "sockets")
    listens_elsewhere = False
    for inode in held:
        path = sockets.unix_paths.get(inode)
        match = _DAEMON_SOCKET.search(path or "")
        if match and int(match[1]) == parent_pid:
            return Recognised("daemon", _numbered(int(match[2]), expected.groups), None, "sockets")
        listens_elsewhere = listens_elsewhere or path is not None
    if below == parent_pid and _program(pid) == _program(parent_pid):
        if listens_elsewhere:
            return Recognised("other", None, "cgid", "sockets")
        return Recognised("front", None, None, "program", is_stopping=True)
    return Recognised("other", None, above or _helper(pid, below, parent_pid), "sockets")


def _numbered(number: int, groups: Sequence[str]) -> str | None:
    return groups[number - 1] if 0 < number <= len(groups) else None


def _displayed(shown: str, groups: Sequence[str]) -> str | None:
    """Return the group that a display-name means; it is cut off at the length of argv[0]."""
    if shown in groups:
        return shown
    possible = [name for name in groups if name.startswith(shown)]
    return possible[0] if len(possible) == 1 else None


def _helper(pid: int, below: int, parent_pid: int) -> Helper | None:
    if below != parent_pid:
        return "cgi"
    return "logger" if _reads_a_pipe(pid) else None


def _reads_a_pipe(pid: int) -> bool:
    try:
        return os.readlink(f"/proc/{pid}/fd/0").startswith("pipe:")  # noqa: PTH115 - only the text of the link is wanted
    except PermissionError:
        return False


def _program(pid: int) -> str:
    """Return the program's file, or its short name where the file may not be seen."""
    try:
        return os.readlink(f"/proc/{pid}/exe")  # noqa: PTH115 - only the text of the link is wanted
    except PermissionError:
        return Path(f"/proc/{pid}/comm").read_text()


def _without_sockets(
    pid: int,
    below: int,
    parent_pid: int,
    threads: int,
    expected: Expected,
    above: Helper | None,
) -> Recognised:
    words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    match = _DISPLAY_NAME.match(words[0].decode("utf-8", "replace"))
    if match:
        return Recognised("daemon", _displayed(match[1], expected.groups), None, "display-name")
    names = [Path(f"/proc/{one}/comm").read_text() for one in (pid, parent_pid)]
    if names[0] != names[1]:
        helper: Helper = above or ("logger" if below == parent_pid else "cgi")
        return Recognised("other", None, helper, "program")
    same = [name for name, count in (expected.daemon_threads or {}).items() if count == threads]
    if same and threads != expected.front_threads:
        return Recognised("daemon", same[0] if len(same) == 1 else None, None, "threads")
    if threads == 1 and expected.front_threads not in (None, 1):
        return Recognised("other", None, None, "threads")
    return Recognised("front", None, None, "threads" if expected.front_threads else "program")
