"""Live progress on stderr: one line that moves on a terminal, whole lines elsewhere."""

import os
import sys
import time

_ERASE = "\r\x1b[K"


class Progress:
    """Shows which probe runs and how far it is; takes finished lines."""

    def __init__(self, quiet: bool) -> None:
        self.quiet = quiet
        self.is_live = not quiet and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._label = ""
        self._began = self._seconds = self._shown = 0.0

    def say(self, line: str) -> None:
        """Show a line that stays."""
        if not self.quiet:
            sys.stderr.write((_ERASE if self.is_live else "") + line + "\n")
            sys.stderr.flush()

    def begin(self, label: str, seconds: float, number: int, count: int) -> None:
        """Note that a probe begins."""
        self._label = f"[{number}/{count}] {label}"
        self._began, self._seconds = time.monotonic(), seconds
        self.tick()

    def tick(self) -> None:
        """Show how far the probe is."""
        now = time.monotonic()
        if not self.is_live or now - self._shown < 0.1:
            return
        self._shown = now
        sys.stderr.write(f"{_ERASE}{self._label}: {now - self._began:.0f} of {self._seconds:.0f} s")
        sys.stderr.flush()

    def end(self) -> None:
        """Clear the line that moves."""
        if self.is_live:
            sys.stderr.write(_ERASE)
            sys.stderr.flush()
