"""Logical lines: every byte of a file belongs to one, and none is changed on the way."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tuner.apache.syntax.lines import LineTooLongError, LogicalLine, logical_lines

PIECES = st.sampled_from(
    (b"a", b"bc", b" ", b"\t", b"#", b"\\", b"\\\\", b"\r", b"\n", b"\r\n", b"\\\n", b"\\\r\n")
)
TEXT = st.lists(PIECES, max_size=30).map(b"".join)
TEXT_WITH_NUL = st.lists(st.one_of(PIECES, st.just(b"\0")), max_size=30).map(b"".join)


def texts(data: bytes) -> list[bytes]:
    return [line.text for line in logical_lines(data)]


def numbers(data: bytes) -> list[tuple[int, int]]:
    return [(line.first, line.last) for line in logical_lines(data)]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"\n", [b""]),
        (b"a", [b"a"]),
        (b"a\n", [b"a"]),
        (b"a\nb", [b"a", b"b"]),
        (b"a\n\nb\n", [b"a", b"", b"b"]),
        (b"  a \t\r\n\v\fb\r\n", [b"a", b"b"]),
        (b"# a\n", [b"# a"]),
        (b"a\rb\r", [b"a\rb"]),
        (b"\xef\xbb\xbfa\n", [b"\xef\xbb\xbfa"]),
        (b"\xc2\xa0\n", [b"\xc2\xa0"]),
    ],
)
def test_a_line_ends_at_a_line_feed_and_is_trimmed(data: bytes, expected: list[bytes]) -> None:
    assert texts(data) == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a\\\nb\n", [b"ab"]),
        (b"a \\\n  b\n", [b"a   b"]),
        (b"a\\\r\nb\r\n", [b"ab"]),
        (b"a\\\r\r\nb\n", [b"a\\", b"b"]),
        (b"a\\ \nb\n", [b"a\\", b"b"]),
        (b"a\\\n\\\nb\nc\n", [b"ab", b"c"]),
        (b"a\\\\\nb\n", [b"a\\b"]),
        (b"a\\\\\n\nb\n", [b"ab"]),
        (b"a\\\\\n\r\nb\n", [b"ab"]),
        (b"# a\\\nb\nc\n", [b"# ab", b"c"]),
        (b"a\\\n# b\n", [b"a# b"]),
        (b"a\\", [b"a\\"]),
        (b"a\\\n", [b"a"]),
        (b"a\n\\\n", [b"a"]),
        (b"\\\n \n", [b""]),
    ],
)
def test_a_continuation_joins_lines_without_a_space(data: bytes, expected: list[bytes]) -> None:
    assert texts(data) == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a\0b\nc\n", [b"a", b"c"]),
        (b"\0\nc\n", [b"", b"c"]),
        (b"a\0\\\nc\n", [b"a", b"c"]),
        (b"a\\\0\nc\n", [b"a\\", b"c"]),
        (b"a\\\nb\0c\\\nd\n", [b"ab", b"d"]),
        (b"a\0b", [b"a"]),
        (b"a\nb\\\nc\0\n", [b"a", b"bc"]),
    ],
)
def test_a_nul_drops_the_rest_of_its_physical_line(data: bytes, expected: list[bytes]) -> None:
    assert texts(data) == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a\nb\nc\n", [(1, 1), (2, 2), (3, 3)]),
        (b"a\\\nb\\\nc\nd\n", [(1, 3), (4, 4)]),
        (b"a\\\n\nb\n", [(1, 2), (3, 3)]),
        (b"a\nb\\\n", [(1, 1), (2, 3)]),
        (b"a\nb\\\nc", [(1, 1), (2, 3)]),
        (b"a\0\nb\\\nc\nd\n", [(1, 1), (2, 3), (4, 4)]),
    ],
)
def test_lines_are_numbered_from_first_to_last(
    data: bytes, expected: list[tuple[int, int]]
) -> None:
    assert numbers(data) == expected


def test_the_span_of_a_line_holds_its_line_ending() -> None:
    assert list(logical_lines(b"a\r\n b\\\n c\nd")) == [
        LogicalLine(b"a", 1, 1, 0, 3),
        LogicalLine(b"b c", 2, 3, 3, 10),
        LogicalLine(b"d", 4, 4, 10, 11),
    ]


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"x" * 9, 1),
        (b"a\n" + b"x" * 9 + b"\nb\n", 2),
        (b"a\nxxxxx\\\nxxxxx\n", 3),
        (b"\0\nxxxxxxxxxxx\n", 2),
    ],
)
def test_a_line_longer_than_the_limit_is_refused(data: bytes, line: int) -> None:
    with pytest.raises(LineTooLongError, match="Line too long") as caught:
        list(logical_lines(data, max_bytes=10))
    assert caught.value.line == line


def test_a_line_of_just_the_limit_is_read() -> None:
    assert [line.text for line in logical_lines(b"xxxxxxxx\n\\\nyyyyyyyy\n", max_bytes=10)] == [
        b"x" * 8,
        b"y" * 8,
    ]


def test_lines_before_one_that_is_too_long_are_read() -> None:
    lines = logical_lines(b"a\nb\n" + b"x" * 20, max_bytes=10)
    assert (next(lines).text, next(lines).text) == (b"a", b"b")
    with pytest.raises(LineTooLongError):
        next(lines)


@given(TEXT_WITH_NUL)
@example(b"a\n\\\n\\\r\n")
def test_spans_partition_the_file(data: bytes) -> None:
    lines = list(logical_lines(data))
    ends = [0, *(line.end for line in lines)]
    assert [line.start for line in lines] == ends[:-1]
    # What follows the last line is nothing but continuations of nothing.
    assert re.fullmatch(rb"(\\\r?\n)*", data[ends[-1] :])


@given(TEXT)
@example(b"a\\\\\n\r\nb")
@example(b"\\\n\\\\\n\n")
def test_joined_text_covers_all_bytes(data: bytes) -> None:
    joined = data
    while (shorter := re.sub(rb"\\\r?\n", b"", joined, count=1)) != joined:
        joined = shorter
    expected = joined.split(b"\n")
    if not expected[-1]:
        expected.pop()
    assert texts(data) == [line.strip() for line in expected]


@given(TEXT_WITH_NUL)
def test_numbers_agree_with_spans(data: bytes) -> None:
    following = 1
    for line in logical_lines(data):
        feeds = data[line.start : line.end].count(b"\n")
        assert line.first == data[: line.start].count(b"\n") + 1 == following
        assert line.last in (line.first + feeds - 1, line.first + feeds)
        following = line.first + feeds


@given(TEXT_WITH_NUL)
def test_each_span_gives_its_line_again(data: bytes) -> None:
    for line in logical_lines(data):
        alone = list(logical_lines(data[line.start : line.end]))
        assert [one.text for one in alone] == [line.text]
