"""The run directory: everything that was measured, written as it happens."""

import json
import os
import time
from pathlib import Path
from typing import Any

from tuner.errors import TunerError

SCHEMA_VERSION = 1


class RunRecord:
    """Appends one JSON line for each measurement, on disk before the next begins."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.path = directory / "trials.jsonl"

    @classmethod
    def create(cls, directory: Path | None) -> "RunRecord":
        """Make the directory; by default ``tuner-runs/DATE-TIME``.

        Raises:
            TunerError: it cannot be made.
        """
        chosen = directory or Path("tuner-runs") / time.strftime("%Y%m%d-%H%M%S")
        try:
            chosen.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise TunerError(f"{chosen}: {error.strerror}", hint="see --run-dir") from error
        return cls(chosen)

    def append(self, kind: str, **data: Any) -> None:
        """Write one line and make sure that it is on disk."""
        line = {"schema_version": SCHEMA_VERSION, "kind": kind, "time": time.time(), **data}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, sort_keys=True) + "\n")
            file.flush()
            os.fsync(file.fileno())
