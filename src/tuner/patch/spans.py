"""Where words and options stand in a raw line, continuations included."""

from tuner.apache.syntax.words import next_word, word_spans
from tuner.apache.tree import Directive


class RawLine:
    r"""A directive's bytes as they stand in the file, cut into words.

    Offsets of the joined text are mapped back over ``\`` and line endings, so
    that a word that a continuation splits still has a place in the file.
    """

    def __init__(self, directive: Directive) -> None:
        self.base = directive.start
        raw = directive.source.data[directive.start : directive.end]
        body = raw.rstrip(b"\r\n")
        joined = bytearray()
        offsets: list[int] = []
        position = 0
        while position < len(body):
            skip = _continuation_at(raw, position)
            if skip:
                position += skip
                continue
            joined.append(body[position])
            offsets.append(position)
            position += 1
        self.text = bytes(joined)
        self._offsets = [*offsets, len(body)]

    @property
    def indentation(self) -> bytes:
        """White space before the directive."""
        return self.text[: len(self.text) - len(self.text.lstrip())]

    def words(self) -> list[tuple[int, int]]:
        """Return the spans of all words in the joined text; the first is the name."""
        return word_spans(self.text)

    def options(self) -> dict[str, tuple[int, int]]:
        """Return the value spans of ``name=value`` options behind the first argument."""
        words = self.words()
        found: dict[str, tuple[int, int]] = {}
        position = words[1][1] if len(words) > 1 else len(self.text)
        while True:
            rest = self.text[position:]
            name_start = position + len(rest) - len(rest.lstrip())
            equals = self.text.find(b"=", name_start)
            name = self.text[name_start:equals] if equals >= 0 else b""
            if not name or name.split() != [name]:
                return found
            behind = self.text[equals + 1 :]
            value_start = equals + 1 + len(behind) - len(behind.lstrip())
            _, left = next_word(behind)
            after = len(self.text) - len(left)
            value_end = after - (
                len(self.text[value_start:after]) - len(self.text[value_start:after].rstrip())
            )
            found[name.decode("utf-8", "surrogateescape")] = (value_start, value_end)
            position = after

    def end_of_words(self) -> int:
        """Return where the last word ends."""
        return len(self.text.rstrip())

    def in_file(self, start: int, end: int) -> tuple[int, int]:
        """Map a span of the joined text to the file."""
        first = self._offsets[start]
        last = self._offsets[end - 1] + 1 if end > start else first
        return self.base + first, self.base + last


def _continuation_at(raw: bytes, position: int) -> int:
    """Return how many bytes of line continuation stand at ``position``."""
    for mark in (b"\\\n", b"\\\r\n"):
        if raw.startswith(mark, position):
            return len(mark)
    return 0
