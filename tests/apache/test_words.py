"""Words: cut and unescaped as ``ap_getword_conf`` does, numbers read as ``atoi`` does."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tuner.apache.syntax.words import (
    atoi,
    decode,
    encode,
    is_number,
    next_word,
    quote_word,
    split_arguments,
    word_spans,
    words,
)

ANY_TEXT = st.binary(max_size=40).map(decode)
LINES = st.text(st.sampled_from("ab \t\\\"'#>\u00a0"), max_size=25).map(lambda text: text.strip())


@pytest.mark.parametrize(
    ("text", "word", "rest"),
    [
        (b"", b"", b""),
        (b"   ", b"", b""),
        (b"a", b"a", b""),
        (b" a  b c ", b"a", b"b c "),
        (b"a\tb\vc", b"a", b"b\vc"),
        (b'"a b" c', b"a b", b"c"),
        (b"'a b'c", b"a b", b"c"),
        (b'"a\'b"', b"a'b", b""),
        (b'"a\\"b"', b'a"b', b""),
        (b"'a\\'b'", b"a'b", b""),
        (b"'a\\\"b'", b'a\\"b', b""),
        (b'"a\\\\b"', b"a\\b", b""),
        (b'"a\\db"', b"a\\db", b""),
        (b'"a b c', b"a b c", b""),
        (b'"', b"", b""),
        (b'"a\\', b"a\\", b""),
        (b'"a\\"', b'a"', b""),
        (b'""x', b"", b"x"),
        (b'a"b c"d', b'a"b', b'c"d'),
        (b'a\\\\b\\c\\"d e', b'a\\b\\c\\"d', b"e"),
        (b"\\\\\\ x", b"\\\\", b"x"),
        (b"a\\ b", b"a\\", b"b"),
        (b"#a b", b"#a", b"b"),
        (b"\xc2\xa0 b", b"\xc2\xa0", b"b"),
    ],
)
def test_a_word_is_taken_as_httpd_takes_it(text: bytes, word: bytes, rest: bytes) -> None:
    assert next_word(text) == (word, rest)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", []),
        (b'a "b c" d', [b"a", b"b c", b"d"]),
        (b'"a""b"c', [b"a", b"b", b"c"]),
        (b'a "" b', [b"a", b"", b"b"]),
        (b"  a  ", [b"a"]),
        (b'name="x y"', [b'name="x', b'y"']),
    ],
)
def test_a_line_is_cut_into_words(text: bytes, expected: list[bytes]) -> None:
    assert words(text) == expected


def test_arguments_are_text_that_keeps_every_byte() -> None:
    assert split_arguments("'caf\u00e9 \udcff' b") == ("caf\u00e9 \udcff", "b")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", []),
        (b"a", [(0, 1)]),
        (b" a  bc", [(1, 2), (4, 6)]),
        (b"\"a b\"c 'd'", [(0, 5), (5, 6), (7, 10)]),
        (b'"a b', [(0, 4)]),
    ],
)
def test_the_place_of_a_word_includes_its_quotes(
    text: bytes, expected: list[tuple[int, int]]
) -> None:
    assert word_spans(text) == expected


@pytest.mark.parametrize(
    ("word", "quoted"),
    [
        ("a", "a"),
        ("a=b", "a=b"),
        ("", '""'),
        ("a b", '"a b"'),
        ('a"b', '"a\\"b"'),
        ("it's", '"it\'s"'),
        ("a\\b", '"a\\\\b"'),
        ("%{GLOBAL}", "%{GLOBAL}"),
    ],
)
def test_a_word_is_quoted_only_where_it_needs_it(word: str, quoted: str) -> None:
    assert quote_word(word) == quoted


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("150", 150),
        ("150abc", 150),
        ("1e3", 1),
        ("0x20", 0),
        ("abc", 0),
        ("", 0),
        ("-5", -5),
        ("+7", 7),
        ("  12", 12),
        ("1 2", 1),
        ("- 5", 0),
        ("\u0663", 0),
        ("2147483647", 2**31 - 1),
        ("99999999999", 2**31 - 1),
        ("-99999999999", -(2**31)),
    ],
)
def test_a_number_is_read_as_c_reads_it(text: str, value: int) -> None:
    assert atoi(text) == value


@pytest.mark.parametrize("text", ["1", "+1", "-20", " 5 ", "007"])
def test_a_whole_number_is_a_number(text: str) -> None:
    assert is_number(text)


@pytest.mark.parametrize("text", ["", "1e3", "0x20", "5s", "1.5", "150abc", "abc", "- 1"])
def test_anything_else_is_no_number(text: str) -> None:
    assert not is_number(text)


@given(st.binary(max_size=40))
def test_decoding_loses_no_byte(raw: bytes) -> None:
    assert encode(decode(raw)) == raw


@given(ANY_TEXT)
@example("")
@example("\\")
@example('"')
@example("\x1c")
def test_quote_word_and_next_word_round_trip(word: str) -> None:
    assert next_word(encode(quote_word(word))) == (encode(word), b"")


@given(st.lists(ANY_TEXT, max_size=6))
def test_quoted_words_survive_being_joined(found: list[str]) -> None:
    assert split_arguments(" ".join(map(quote_word, found))) == tuple(found)


@given(LINES)
@example('"a "')
@example("'\\' b")
def test_spans_hold_the_words_and_nothing_else(line: str) -> None:
    text = encode(line)
    spans = word_spans(text)
    assert [next_word(text[start:end])[0] for start, end in spans] == words(text)
    gaps = zip([0, *(end for _, end in spans)], [*(s for s, _ in spans), len(text)], strict=True)
    assert all(start <= end and not text[start:end].strip() for start, end in gaps)


@given(LINES)
def test_each_word_is_shorter_than_what_it_is_taken_from(line: str) -> None:
    text = encode(line)
    while text:
        word, rest = next_word(text)
        assert text.endswith(rest)
        assert len(word) + len(rest) <= len(text)
        assert len(rest) < len(text)
        text = rest


@given(st.integers(-(2**31), 2**31 - 1), st.sampled_from(("", "x", " 9", "e3", ".5", "M")))
def test_a_number_ends_at_the_first_other_character(value: int, behind: str) -> None:
    assert atoi(f"{value}{behind}") == value
