"""Where results go: stdout or a file written whole; progress and logs go to stderr."""

import os
import sys
from pathlib import Path

from tuner.errors import TunerError


def emit(text: str, output: Path | None) -> None:
    """Write a result to stdout, or to ``output`` completely or not at all.

    Raises:
        TunerError: the file cannot be written.
    """
    data = text.encode("utf-8", "surrogateescape")
    if output is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
        return
    temporary = output.with_name(f".{output.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(data)
        temporary.replace(output)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise TunerError(f"{output}: {error.strerror}") from error


def say(text: str) -> None:
    """Write one line of progress to stderr."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def use_colour(output: Path | None) -> bool:
    """Tell whether stdout is a terminal that wants colour (NO_COLOR, TERM=dumb)."""
    if output is not None or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return sys.stdout.isatty()
