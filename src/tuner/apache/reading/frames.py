"""What is open while httpd reads: files, macro texts in them, true blocks, Includes."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tuner.apache.syntax.lines import LogicalLine, logical_lines
from tuner.apache.tree import Directive, Source


@dataclass(slots=True)
class Input:
    """What httpd calls a config file: a file, with macro texts stacked upon it."""

    sources: list[tuple[Source, Iterator[LogicalLine]]]

    @property
    def source(self) -> Source:
        """The innermost text, which is being read."""
        return self.sources[-1][0]

    @property
    def lines(self) -> Iterator[LogicalLine]:
        """The lines of the innermost text that are still to come."""
        return self.sources[-1][1]

    def leave_macro(self) -> bool:
        """Go back to the text that used the macro; False at the end of the file itself."""
        if len(self.sources) == 1:
            return False
        self.sources.pop()
        return True

    def next_line(self) -> LogicalLine | None:
        """Return the next line of any text; None at the end of the file.

        Raises:
            LineTooLongError: where httpd says "Line too long".
        """
        line = next(self.lines, None)
        while line is None:
            if not self.leave_macro():
                return None
            line = next(self.lines, None)
            if line is not None:
                line = self.line_after_macro(line)
        return line

    def line_after_macro(self, line: LogicalLine) -> LogicalLine | None:
        """Return what httpd makes of the line behind a macro's text.

        mod_macro reads it byte by byte (``array_getstr``) and forgets what the end of
        the file cuts short: a last physical line without a line feed is lost.
        """
        data = self.source.data
        if line.end < len(data) or data.endswith(b"\n") or not data:
            return line
        whole = data[line.start : data.rfind(b"\n") + 1]
        kept = next(logical_lines(whole), None)
        return line._replace(text=kept.text) if kept else None


@dataclass(slots=True)
class Frame:
    """A file, or the true block of a condition inside a file."""

    input: Input
    base: Directive | None
    """The section around the whole frame."""
    condition: Directive | None
    """The condition whose true block this is in or is."""
    closing: bytes = b""
    """``ifmodule>`` for the block of a condition; empty for a file."""
    open: list[Directive] = field(default_factory=list)

    @property
    def section(self) -> Directive | None:
        """The section that a line stands in now."""
        return self.open[-1] if self.open else self.base


@dataclass(slots=True)
class Inclusion:
    """An Include that is being read: the files still to come."""

    directive: Directive
    paths: Iterator[str]
