"""Words of a line, as ``ap_getword_conf`` (server/util.c) takes them."""

import re
from functools import lru_cache

_QUOTED = {
    quote: (
        re.compile(rb"(?:[^\\%b]++|\\[\\%b]|\\)*+" % (quote, quote)),
        re.compile(rb"\\([\\%b])" % quote),
    )
    for quote in (b'"', b"'")
}
"""What a quoted word holds, up to its end, and what is unescaped in it."""

_LEADING_INTEGER = re.compile(r"\s*([+-]?[0-9]{1,19})", re.ASCII)


def next_word(text: bytes) -> tuple[bytes, bytes]:
    r"""Return the first word of ``text`` and what follows it, white space skipped.

    A word in quotes ends at the same quote or at the end of the line, and the
    next word may follow it directly; inside, ``\q`` (that quote) and ``\\`` are
    unescaped. A bare word ends at white space; only ``\\`` is unescaped, and
    quotes inside it are text. An empty result means that no word is left.
    """
    parts = text.split(None, 1)
    if not parts:
        return b"", b""
    word = parts[0]
    if word[0] in b"\"'":
        return _quoted_word(text.lstrip())
    if b"\\" in word:
        word = word.replace(b"\\\\", b"\\")
    return word, parts[1] if len(parts) > 1 else b""


def _quoted_word(text: bytes) -> tuple[bytes, bytes]:
    body, escape = _QUOTED[text[:1]]
    match = body.match(text, 1)
    assert match is not None
    word = match[0]
    if b"\\" in word:
        word = escape.sub(rb"\1", word)
    return word, text[match.end() + 1 :].lstrip()


def word_spans(text: bytes) -> list[tuple[int, int]]:
    """Return where each word of ``text`` stands, quotes included."""
    spans: list[tuple[int, int]] = []
    position = len(text) - len(text.lstrip())
    while position < len(text):
        _, rest = next_word(text[position:])
        after = len(text) - len(rest)
        end = after - (len(text[position:after]) - len(text[position:after].rstrip()))
        spans.append((position, end))
        position = after
    return spans


def words(text: bytes) -> list[bytes]:
    """Return every word of ``text``; empty quoted words count."""
    found = []
    rest = text.strip()
    while rest:
        word, rest = next_word(rest)
        found.append(word)
    return found


@lru_cache(maxsize=2**18)
def split_arguments(args: str) -> tuple[str, ...]:
    """Return the words of a directive's arguments as text."""
    return tuple(decode(word) for word in words(encode(args)))


def quote_word(word: str) -> str:
    r"""Return ``word`` written so that ``next_word`` gives it back unchanged."""
    if word and not re.search(r"[\s\\\"']", word):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def decode(raw: bytes) -> str:
    """Turn configuration bytes into text without losing any byte."""
    return raw.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """Undo ``decode``."""
    return text.encode("utf-8", "surrogateescape")


def atoi(text: str, bits: int = 32) -> int:
    """Read a number as httpd's ``atoi`` does: leading digits, anything else is 0.

    ``150abc`` is 150, ``1e3`` is 1, ``0x20`` is 0. Values outside a C ``int``
    (or another number of ``bits``) are clamped, where C leaves the result open.
    """
    match = _LEADING_INTEGER.match(text)
    if not match:
        return 0
    most = (1 << (bits - 1)) - 1
    return max(-most - 1, min(most, int(match[1])))


def is_number(text: str) -> bool:
    """Tell whether ``text`` is a plain whole number, as a careful admin writes it."""
    return re.fullmatch(r"[+-]?[0-9]+", text.strip()) is not None
