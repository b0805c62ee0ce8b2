"""The error logs that a configuration names, with their rotated siblings.

With ``--root`` everything is looked up inside it; nothing else is ever opened
than regular files beside a log that the configuration names.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tuner.apache.reading.files import FileTree
from tuner.apache.reading.state import merge_path
from tuner.apache.tree import Configuration

MAX_LOGS = 20
MAX_ROTATED = 4
"""Rotated files that are read for each log, the newest ones."""

_DEFAULT = {"debian": "/var/log/apache2/error.log"}
_ROTATED = re.compile(r"[.-](\d+)(\.gz)?")


@dataclass(frozen=True, slots=True)
class ErrorLogs:
    """Paths of logs as httpd names them, and destinations that are no files."""

    paths: tuple[str, ...]
    elsewhere: tuple[str, ...]
    """Programs and syslog."""


def error_logs(configuration: Configuration) -> ErrorLogs:
    """Return every ErrorLog in force, of the main server first; at most ``MAX_LOGS``."""
    paths: dict[str, None] = {}
    elsewhere: dict[str, None] = {}
    found = configuration.named("ErrorLog")
    words = [one.words[0] for one in found if one.words]
    if not any(one.section is None for one in found):
        words.insert(0, _DEFAULT.get(configuration.layout, "logs/error_log"))
    for word in words:
        if word.startswith("|") or word.lower().startswith("syslog") or "${" in word:
            elsewhere[word] = None
        else:
            paths[merge_path(configuration.server_root, word)] = None
    return ErrorLogs(tuple(paths)[:MAX_LOGS], tuple(elsewhere))


def with_rotated(files: FileTree, path: str) -> Iterator[str]:
    """Yield a log, then its newest rotated siblings: ``.1``, ``.2.gz``, ``-20260101``."""
    yield path
    directory, _, name = path.rpartition("/")
    try:
        names = [entry for entry, _ in files.entries(directory or "/")]
    except OSError:
        return
    rotated: list[tuple[int, str]] = []
    for entry in names:
        match = _ROTATED.fullmatch(entry.removeprefix(name)) if entry.startswith(name) else None
        if match is not None:
            number = int(match[1])
            # error.log.1 is newer than .2, but error_log-20260102 newer than -20260101.
            rotated.append((number if number < 10_000 else -number, entry))
    for _, entry in sorted(rotated)[:MAX_ROTATED]:
        yield f"{directory}/{entry}"
