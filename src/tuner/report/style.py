"""Colour and layout of text reports."""

_CODES = {
    "high": "1;31", "medium": "1;33", "low": "1;36", "info": "1",
    "bold": "1", "dim": "2",
}  # fmt: skip


class Style:
    """Wraps text in terminal colour, or leaves it alone."""

    def __init__(self, colour: bool) -> None:
        self.colour = colour

    def paint(self, text: str, kind: str) -> str:
        """Return ``text`` in a colour."""
        return f"\x1b[{_CODES[kind]}m{text}\x1b[0m" if self.colour else text


def count_of(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun: ``1 finding``, ``2 findings``."""
    return f"{number} {noun}" if number == 1 else f"{number} {plural or noun + 's'}"


def printable(text: str) -> str:
    """Return text from a configuration with control and broken characters made visible."""
    return "".join(
        char if char.isprintable() or char == "\n" else char.encode("unicode_escape").decode()
        for char in text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    )
