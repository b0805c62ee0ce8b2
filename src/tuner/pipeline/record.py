"""The run directory: everything that was measured, written as it happens, and read again."""

import json
import os
import time
from collections.abc import Iterator
from itertools import chain, count
from pathlib import Path
from typing import Any

from tuner.errors import TunerError, UsageError

SCHEMA_VERSION = 3
FILE = "trials.jsonl"


class RunRecord:
    """Appends one JSON line for each measurement, on disk before the next begins.

    The directory, by default ``tuner-runs/DATE-TIME``, is made with the first
    line, so that a run that fails before it measured anything leaves nothing.
    ``start`` is the first line; None goes on with a file that has one. The file is
    for its owner alone: it holds the headers and cookies that were sent.

    Raises:
        UsageError: a new run is to begin where one is recorded already.
    """

    def __init__(self, directory: Path | None, start: dict[str, Any] | None) -> None:
        self.directory = directory or _new_directory()
        self.path = self.directory / FILE
        self._start = start
        if start is not None and self.path.exists():
            raise UsageError(
                f"{self.path} is the record of a run",
                hint=f"name another --run-dir, or go on with it: --resume {self.directory}",
            )

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been measured."""
        return self._start is not None

    def append(self, kind: str, **data: Any) -> None:
        """Write one line and make sure that it is on disk.

        Raises:
            TunerError: it cannot be written.
        """
        try:
            if self._start is not None:
                self.directory.mkdir(parents=True, exist_ok=True)
                self._write("start", self._start)
                self._start = None
            self._write(kind, data)
        except OSError as error:
            raise TunerError(f"{self.path}: {error.strerror}", hint="see --run-dir") from error

    def _write(self, kind: str, data: dict[str, Any]) -> None:
        line = {"schema_version": SCHEMA_VERSION, "kind": kind, "time": time.time(), **data}
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "a", encoding="utf-8") as file:
            file.write(json.dumps(line, sort_keys=True) + "\n")
            file.flush()
            os.fsync(file.fileno())


def _new_directory() -> Path:
    """Return a name by the date and time that is not taken."""
    first = Path("tuner-runs") / time.strftime("%Y%m%d-%H%M%S")
    others = (first.with_name(f"{first.name}-{number}") for number in count(2))
    return next(one for one in chain((first,), others) if not one.exists())


def read_run(directory: Path, *, repair: bool = False) -> list[dict[str, Any]]:
    """Return the lines of a run, the first one of kind ``start``.

    A last line that was cut off when tuner was killed is left out; with ``repair`` in
    the file too, so that more can be appended.

    Raises:
        UsageError: there is no run, or it was written by another version.
    """
    path = directory / FILE
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", hint="give a run directory") from error
    whole = content[: content.rfind(b"\n") + 1]
    try:
        lines = list(_parse(whole))
    except (ValueError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not the record of a run: {error}") from error
    if not lines or lines[0].get("kind") != "start":
        raise UsageError(f"{path} is not the record of a run: it has no start")
    if lines[0].get("schema_version") != SCHEMA_VERSION:
        raise UsageError(
            f"{path} has schema {lines[0].get('schema_version')}, this tuner writes "
            f"{SCHEMA_VERSION}",
            hint="run it again",
        )
    if repair and len(whole) < len(content):
        with path.open("r+b") as file:
            file.truncate(len(whole))
    return lines


def _parse(content: bytes) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(content.decode("utf-8").splitlines(), 1):
        document = json.loads(line)
        if not isinstance(document, dict):
            raise ValueError(f"line {number} is not an object")
        yield document
