"""Where words and options stand in a line, continuations included."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.patch.support import WSGI, load
from tuner.apache.syntax.words import quote_word
from tuner.apache.tree import Directive, Source
from tuner.patch.spans import RawLine

PROPERTY = settings(deadline=None, max_examples=200, derandomize=True)


def line_of(data: bytes, start: int = 0, end: int | None = None) -> RawLine:
    """Return the raw line of a directive that stands at ``start`` of a file."""
    source = Source("/etc/httpd.conf", Path("/etc/httpd.conf"), data)
    last = len(data) if end is None else end
    return RawLine(Directive("X", "", source, 1, 1, start, last, "tree", None, 0, None))


def words(data: bytes) -> list[bytes]:
    raw = line_of(data)
    return [raw.text[start:end] for start, end in raw.words()]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"Timeout 60\n", [b"Timeout", b"60"]),
        (b"  Timeout\t60  \r\n", [b"Timeout", b"60"]),
        (b"Timeout 60", [b"Timeout", b"60"]),
        (b'ServerAdmin "a b" c\n', [b"ServerAdmin", b'"a b"', b"c"]),
        (b"X 'a \\' b'c\n", [b"X", b"'a \\' b'", b"c"]),
        (b"Timeout \\\n60\n", [b"Timeout", b"60"]),
        (b"Time\\\r\nout 60\r\n", [b"Timeout", b"60"]),
        (b"Timeout 6\\\n0\n", [b"Timeout", b"60"]),
        (b"Timeout \xff\n", [b"Timeout", b"\xff"]),
        (b"X a\\b\n", [b"X", b"a\\b"]),
        (b"\n", []),
    ],
)
def test_words(data: bytes, expected: list[bytes]) -> None:
    assert words(data) == expected


@pytest.mark.parametrize(
    ("data", "word", "in_file"),
    [
        (b"Timeout 60\n", 1, b"60"),
        (b"Timeout 6\\\n0\n", 1, b"6\\\n0"),
        (b"Timeout 6\\\r\n0\r\n", 1, b"6\\\r\n0"),
        (b"Timeout \\\n  60\n", 1, b"60"),
        (b"Timeout \\\n\\\n60 \\\n\n", 1, b"60"),
        (b"Time\\\nout 60\n", 0, b"Time\\\nout"),
    ],
)
def test_a_word_has_its_place_in_the_file(data: bytes, word: int, in_file: bytes) -> None:
    before = b"# something before\n"
    raw = line_of(before + data + b"Listen 80\n", len(before), len(before + data))
    start, end = raw.in_file(*raw.words()[word])
    assert (before + data)[start:end] == in_file


def test_an_empty_span_has_its_place_too() -> None:
    raw = line_of(b"A \\\nb\n")
    assert raw.text == b"A b"
    assert [raw.in_file(at, at) for at in range(4)] == [(0, 0), (1, 1), (4, 4), (5, 5)]


@pytest.mark.parametrize(
    ("data", "indentation"),
    [(b"A b\n", b""), (b"  A b\n", b"  "), (b"\t A b\n", b"\t "), (b"  \\\n  A b\n", b"    ")],
)
def test_indentation(data: bytes, indentation: bytes) -> None:
    assert line_of(data).indentation == indentation


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (b"app", {}),
        (b"app processes=2 threads=15", {"processes": b"2", "threads": b"15"}),
        (b"app  processes=2\tthreads=15 ", {"processes": b"2", "threads": b"15"}),
        (b'app display-name="the app" threads=5', {"display-name": b'"the app"', "threads": b"5"}),
        (b"app home='/srv/my app'threads=5", {"home": b"'/srv/my app'", "threads": b"5"}),
        (b"app \\\n  processes=2 \\\n  threads=15", {"processes": b"2", "threads": b"15"}),
        (b"app processes= 2 threads=15", {"processes": b"2", "threads": b"15"}),
        (b"app threads=5 threads=7", {"threads": b"7"}),
        (b"app python-path=/a:/b=c threads=5", {"python-path": b"/a:/b=c", "threads": b"5"}),
        (b"'my app' threads=5", {"threads": b"5"}),
        (b"a=b threads=5", {"threads": b"5"}),
        (b"app broken threads=5", {}),
        (b"app threads=5 broken", {"threads": b"5"}),
        (b"app =5", {}),
    ],
)
def test_options(arguments: bytes, expected: dict[str, bytes]) -> None:
    raw = line_of(b"WSGIDaemonProcess " + arguments + b"\n")
    found = {name: raw.text[start:end] for name, (start, end) in raw.options().items()}
    assert found == expected


def test_options_are_those_that_mod_wsgi_reads(tmp_path: Path) -> None:
    text = b"WSGIDaemonProcess app \\\r\n home='/a b'threads=5 processes= 3 threads=7\r\n"
    configuration = load(tmp_path, WSGI + text)
    (directive,) = configuration.named("WSGIDaemonProcess")
    raw = RawLine(directive)
    data = directive.source.data
    last = [data[slice(*raw.in_file(*raw.options()[name]))] for name in ("threads", "processes")]
    assert last == [b"7", b"3"]


CONTINUATIONS = st.sampled_from([b"\\\n", b"\\\r\n"])
WORDS = st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters="\0\n\r"), min_size=1
)


@PROPERTY
@given(st.lists(WORDS, min_size=1, max_size=5), st.data())
def test_every_word_is_found_behind_any_continuation(texts: list[str], draw: st.DataObject) -> None:
    pick: Callable[[st.SearchStrategy[int]], int] = draw.draw
    line = b"Name " + b" ".join(quote_word(text).encode() for text in texts)
    pieces: list[bytes] = []
    for position in range(len(line)):
        if pick(st.integers(0, 6)) == 0 and line[position - 1 : position] != b"\\":
            pieces.append(draw.draw(CONTINUATIONS))
        pieces.append(line[position : position + 1])
    raw = line_of(b"".join(pieces) + b"\n")
    assert raw.text == line
    shown = [raw.in_file(*span) for span in raw.words()]
    data = b"".join(pieces)
    plain = [data[a:b].replace(b"\\\r\n", b"").replace(b"\\\n", b"") for a, b in shown]
    assert plain == [b"Name", *(quote_word(text).encode() for text in texts)]
