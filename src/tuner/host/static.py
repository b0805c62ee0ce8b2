"""How much static files there are: what the page cache is asked to hold."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

MOST_FILES = 10_000
"""More are not counted: the walk must not delay a report."""


class StaticFiles(NamedTuple):
    """Regular files below some directories."""

    files: int
    size_bytes: int
    is_complete: bool
    """False when there are more than were counted."""


def static_files(directories: Iterable[Path], most: int = MOST_FILES) -> StaticFiles:
    """Add up files below directories, each directory once; links are not followed."""
    waiting = [str(path) for path in sorted(set(directories))]
    seen: set[str] = set()
    files = size = 0
    while waiting:
        directory = waiting.pop()
        if directory in seen:
            continue
        seen.add(directory)
        try:
            with os.scandir(directory) as entries:
                for entry in entries:
                    if files >= most:
                        return StaticFiles(files, size, is_complete=False)
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    elif entry.is_file(follow_symlinks=False):
                        files += 1
                        size += entry.stat(follow_symlinks=False).st_size
        except OSError:
            continue
    return StaticFiles(files, size, is_complete=True)
