"""Logical lines, cut exactly as httpd cuts them (server/util.c, ``ap_cfg_getline``).

httpd has no grammar above this level: a file is a sequence of logical lines,
and every directive parses the rest of its own line.
"""

from collections.abc import Iterator
from io import BytesIO
from typing import NamedTuple

MAX_LINE_BYTES = 16 * 1024 * 1024
"""Longest logical line in a configuration file (config.c, ``VARBUF_MAX_LEN``)."""

MAX_MACRO_LINE_BYTES = 8192
"""Longest logical line in a macro body (httpd.h, ``MAX_STRING_LEN``)."""


class LineTooLongError(ValueError):
    """A logical line exceeds the limit; ``line`` is its last physical line."""

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line}: Line too long")
        self.line = line


class LogicalLine(NamedTuple):
    """One logical line: continuations joined, white space trimmed at both ends."""

    text: bytes
    first: int
    """Number of its first physical line, from 1."""
    last: int
    """Number that httpd reports for it: its last physical line, or one more when
    the file ends inside a continuation."""
    start: int
    """Offset of its first byte in the file."""
    end: int
    """Offset behind its last byte, line ending included."""


def logical_lines(data: bytes, max_bytes: int = MAX_LINE_BYTES) -> Iterator[LogicalLine]:
    """Yield every logical line of ``data``, empty lines and comments included.

    Raises:
        LineTooLongError: where httpd says "Line too long".
    """
    if b"\0" in data:
        yield from _lines_with_nul(data, max_bytes)
        return
    longest = max_bytes - 2
    make = tuple.__new__  # a NamedTuple's own constructor takes three times as long
    stream = BytesIO(data)
    start = number = 0
    for raw in stream:
        number += 1
        end = start + len(raw)
        if raw.endswith((b"\\\n", b"\\\r\n")):
            line = _continued(data, start, number, max_bytes)
            if line is None:
                return
            number, end = line.last, line.end
            stream.seek(end)
            yield line
        elif len(raw) > longest and len(raw.removesuffix(b"\n")) > longest:
            raise LineTooLongError(number)
        else:
            yield make(LogicalLine, (raw.strip(), number, number, start, end))
        start = end


def _lines_with_nul(data: bytes, max_bytes: int) -> Iterator[LogicalLine]:
    position, number = 0, 1
    while position < len(data):
        line = _continued(data, position, number, max_bytes)
        if line is None:
            return
        number, position = line.last + 1, line.end
        yield line


def _continued(data: bytes, start: int, first: int, max_bytes: int) -> LogicalLine | None:
    """Join the logical line that begins at ``start``; None at the end of the file.

    The test for a continuation looks at all that was joined so far, so a line
    that ends in two backslashes also swallows an empty line behind it. A NUL
    drops the rest of its physical line, which then cannot continue.
    """
    joined = bytearray()
    position, number = start, first
    while True:
        if position >= len(data):
            if not joined:
                return None
            break
        newline = data.find(b"\n", position)
        end = len(data) if newline < 0 else newline
        raw = data[position:end]
        position = end if newline < 0 else newline + 1
        nul = raw.find(b"\0")
        joined += raw if nul < 0 else raw[:nul]
        if len(joined) > max_bytes - 2:
            raise LineTooLongError(number)
        if nul >= 0 or newline < 0:
            break
        if joined.endswith(b"\\"):
            del joined[-1:]
        elif joined.endswith(b"\\\r"):
            del joined[-2:]
        else:
            break
        number += 1
    return LogicalLine(bytes(joined.strip()), first, number, start, position)
