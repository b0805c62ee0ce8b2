"""Read the ends of error logs, bounded, and count what they say."""

import gzip
import os
import stat
import zlib
from dataclasses import dataclass

from tuner.apache.evidence.events import Tally
from tuner.apache.evidence.files import error_logs, with_rotated
from tuner.apache.reading.files import FileTree
from tuner.apache.tree import Configuration

MAX_TAIL_BYTES = 4 * 2**20
"""Read from the end of each file; a compressed file is read up to 4 times that."""

MAX_TOTAL_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was read, and the counts."""

    tally: Tally
    files: tuple[str, ...]
    unread: tuple[str, ...]
    """``path: reason`` for each log of which nothing could be read."""


def read_evidence(configuration: Configuration) -> Evidence:
    """Read the tails of every error log that the configuration names."""
    tree = FileTree(configuration.root)
    logs = error_logs(configuration)
    tally = Tally()
    read: list[str] = []
    unread = [f"{one}: not a file" for one in logs.elsewhere]
    left = MAX_TOTAL_BYTES
    for log in logs.paths:
        for path in with_rotated(tree, log):
            if left <= 0:
                break
            try:
                text = _tail(tree, path)
            except (OSError, EOFError, zlib.error) as error:
                if path == log:
                    unread.append(f"{path}: {getattr(error, 'strerror', None) or error}")
                continue
            left -= len(text)
            tally.add(text)
            read.append(path)
    return Evidence(tally, tuple(read), tuple(unread))


def _tail(tree: FileTree, path: str) -> bytes:
    """Return the last whole lines of a regular file, decompressed.

    Raises:
        OSError: it cannot be read or is not a regular file.
        EOFError: a compressed file is cut short.
    """
    descriptor = os.open(tree.real_path(path), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(f"{path} is not a regular file")
        if path.endswith(".gz"):
            with gzip.open(file) as unpacked:
                return _last_lines(unpacked.read(4 * MAX_TAIL_BYTES))
        file.seek(max(0, status.st_size - MAX_TAIL_BYTES))
        text = file.read(MAX_TAIL_BYTES)
    if status.st_size > MAX_TAIL_BYTES:
        text = text[text.find(b"\n") + 1 :]
    return text


def _last_lines(text: bytes) -> bytes:
    return text[-MAX_TAIL_BYTES:] if len(text) > MAX_TAIL_BYTES else text
