"""Byte edits on one file."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuner.errors import PatchError
from tuner.patch.edits import Edit, apply_edits

PATH = Path("/etc/httpd.conf")
PROPERTY = settings(deadline=None, max_examples=200, derandomize=True)


def apply(data: bytes, *edits: tuple[int, int, bytes]) -> bytes:
    return apply_edits(PATH, data, [Edit(PATH, *edit) for edit in edits]).after


@pytest.mark.parametrize(
    ("edits", "after"),
    [
        ([], b"0123456789"),
        ([(2, 4, b"ab")], b"01ab456789"),
        ([(2, 4, b"")], b"01456789"),
        ([(2, 2, b"ab")], b"01ab23456789"),
        ([(0, 0, b"ab")], b"ab0123456789"),
        ([(10, 10, b"ab")], b"0123456789ab"),
        ([(0, 10, b"")], b""),
        ([(6, 7, b"b"), (2, 4, b"a")], b"01a45b789"),
        ([(2, 4, b"a"), (4, 6, b"b")], b"01ab6789"),
        ([(4, 6, b"b"), (4, 4, b"a")], b"0123ab6789"),
        ([(4, 6, b"a"), (6, 6, b"b")], b"0123ab6789"),
        ([(4, 4, b"a"), (4, 4, b"b"), (4, 4, b"c")], b"0123abc456789"),
        ([(4, 4, b"c"), (4, 4, b"b"), (4, 4, b"a")], b"0123cba456789"),
        ([(2, 4, b"a"), (2, 4, b"a")], b"01a456789"),
        ([(4, 4, b"a"), (4, 4, b"b"), (4, 4, b"a")], b"0123ab456789"),
    ],
)
def test_edits(edits: list[tuple[int, int, bytes]], after: bytes) -> None:
    assert apply(b"0123456789", *edits) == after


@pytest.mark.parametrize(
    "edits",
    [
        [(2, 4, b"a"), (2, 4, b"b")],
        [(2, 4, b"a"), (3, 5, b"b")],
        [(2, 6, b"a"), (3, 4, b"b")],
        [(2, 6, b"a"), (3, 3, b"b")],
    ],
)
def test_edits_that_overlap_are_refused(edits: list[tuple[int, int, bytes]]) -> None:
    with pytest.raises(PatchError, match=r"/etc/httpd\.conf: two changes touch the same text"):
        apply(b"0123456789", *edits)


def test_the_change_keeps_both_versions_and_the_edits_in_order() -> None:
    edits = [Edit(PATH, 6, 7, b"b"), Edit(PATH, 2, 4, b"a"), Edit(PATH, 6, 7, b"b")]
    change = apply_edits(PATH, b"0123456789", edits)
    assert (change.path, change.before, change.after) == (PATH, b"0123456789", b"01a45b789")
    assert change.edits == (edits[1], edits[0])


@PROPERTY
@given(st.binary(max_size=60), st.lists(st.tuples(st.integers(0, 60), st.binary(max_size=5))))
def test_no_byte_outside_the_edits_changes(data: bytes, wanted: list[tuple[int, bytes]]) -> None:
    cuts = sorted({min(at, len(data)) for at, _ in wanted})
    spans = list(zip(cuts[::2], cuts[1::2], strict=False))
    edits = [(start, end, text) for (start, end), (_, text) in zip(spans, wanted, strict=False)]
    expected, position = b"", 0
    for start, end, text in edits:
        expected += data[position:start] + text
        position = end
    assert apply(data, *reversed(edits)) == expected + data[position:]
