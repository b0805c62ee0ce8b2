"""One reading: what httpd knows by now, what was read, what is open, what is wrong.

It bounds what a hostile configuration can make the reader do.
"""

from tuner.apache.directives import known_directives
from tuner.apache.reading.conditions import Verdict
from tuner.apache.reading.frames import Frame, Inclusion
from tuner.apache.reading.state import ReadFailure, ReadState
from tuner.apache.syntax.words import decode
from tuner.apache.tree import Directive, ReadError, Source

MAX_DIRECTIVES = 300_000
"""A configuration with more lines than this is refused: it is a loop or an attack."""

MAX_SOURCES = 20_000

MAX_BYTES = 128 * 1024 * 1024
"""Of all files and macro texts together."""

MAX_ERRORS = 100
"""Fatal ones; as many warnings are kept beside them."""


class Progress:
    """The reading of one configuration; it lives only as long as that."""

    def __init__(self, state: ReadState) -> None:
        self.state = state
        self.directives: list[Directive] = []
        self.errors: list[ReadError] = []
        self.sources: list[Source] = []
        self.frames: list[Frame | Inclusion] = []
        self.names: dict[bytes, tuple[str, str, bool]] = {}
        """Raw name to display name, key, and whether httpd executes it while reading."""
        self.verdicts: dict[tuple[str, str], Verdict] = {}
        """Conditions that were evaluated, until something changes what they depend on."""
        self.open_includes = 0
        """How many of the frames are Includes."""
        self.stopped = False
        self._warned = 0
        self._bytes = 0

    def learn_name(self, raw: bytes) -> tuple[str, str, bool]:
        """Return what ``names`` is to hold for a name that it does not know yet."""
        text = decode(raw)
        key = text.lower()
        known = (text, key, False)
        if key in self.state.directive_names:
            sources = set(self.state.modules.values())
            kinds = [kind for kind in known_directives()[key] if kind.source in sources]
            if kinds:
                known = (kinds[0].name, key, kinds[0].executed_while_reading)
        self.names[raw] = known
        return known

    def add_source(self, source: Source, cause: Directive) -> bool:
        """Note a text that is going to be read; False when there are too many."""
        self.sources.append(source)
        self._bytes += len(source.data)
        if len(self.sources) > MAX_SOURCES:
            self.stop(f"more than {MAX_SOURCES} files and macro uses", cause)
        elif self._bytes > MAX_BYTES:
            self.stop(f"more than {MAX_BYTES // 2**20} MiB of configuration", cause)
        return not self.stopped

    def fail(self, message: str, path: str, line: int) -> None:
        """Note an error for which httpd refuses to start."""
        if len(self.errors) - self._warned < MAX_ERRORS:
            self.errors.append(ReadError(message, path, line))
        else:
            self.stopped = True

    def stop(self, message: str, directive: Directive) -> None:
        """End the reading for a reason of our own."""
        self.fail(f"tuner stops reading: {message}", directive.source.path, directive.line)
        self.stopped = True

    def stop_at_too_many(self, directive: Directive) -> None:
        """End the reading when there are too many directives.

        Raises:
            ReadFailure: it has ended.
        """
        if len(self.directives) > MAX_DIRECTIVES:
            self.stop(f"more than {MAX_DIRECTIVES} directives", directive)
            raise ReadFailure("reading stopped")

    def place_warnings(self, directive: Directive) -> None:
        """Give the warnings that a line has caused its place."""
        for message in self.state.warnings:
            if self._warned < MAX_ERRORS:
                error = ReadError(message, directive.source.path, directive.line, fatal=False)
                self.errors.append(error)
                self._warned += 1
        self.state.warnings.clear()
