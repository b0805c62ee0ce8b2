"""The run directory: everything that was measured, written as it happens."""

import json
import os
import time
from pathlib import Path
from typing import Any

from tuner.errors import TunerError

SCHEMA_VERSION = 1


class RunRecord:
    """Appends one JSON line for each measurement, on disk before the next begins.

    The directory, by default ``tuner-runs/DATE-TIME``, is made with the first
    line, so that a run that fails before it measured anything leaves nothing.
    """

    def __init__(self, directory: Path | None, environment: dict[str, Any]) -> None:
        self.directory = directory or Path("tuner-runs") / time.strftime("%Y%m%d-%H%M%S")
        self.path = self.directory / "trials.jsonl"
        self._environment: dict[str, Any] | None = environment

    def append(self, kind: str, **data: Any) -> None:
        """Write one line and make sure that it is on disk.

        Raises:
            TunerError: it cannot be written.
        """
        try:
            if self._environment is not None:
                self.directory.mkdir(parents=True, exist_ok=True)
                self._write("start", self._environment)
                self._environment = None
            self._write(kind, data)
        except OSError as error:
            raise TunerError(f"{self.path}: {error.strerror}", hint="see --run-dir") from error

    def _write(self, kind: str, data: dict[str, Any]) -> None:
        line = {"schema_version": SCHEMA_VERSION, "kind": kind, "time": time.time(), **data}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, sort_keys=True) + "\n")
            file.flush()
            os.fsync(file.fileno())
