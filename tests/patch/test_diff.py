"""Unified diffs of bytes, judged by ``patch`` and ``git apply``."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.patch.support import run
from tuner.patch.diff import CONTEXT_LINES, split_lines, unified_diff
from tuner.patch.edits import Edit, FileChange, apply_edits

PROPERTY = settings(deadline=None, max_examples=150, derandomize=True)
PATH = Path("/etc/httpd.conf")

LINES = st.sampled_from(
    [
        *(b"", b" ", b"\t", b"Listen 80", b"Timeout 60", b"# caf\xe9", b"\xff\xfe\xff", b"\x0c"),
        *(b"a\rb", b"\r", b"a\r", b"a\x0cb", b"a\x0bb\x1cc\xc2\x85d\xe2\x80\xa8e", b"\0", b"a\\"),
        *(b"--- a/etc/httpd.conf", b"+++ b/etc/httpd.conf", b"@@ -1,2 +1,2 @@", b"-- x", b"- x"),
        *(b"+ x", b"++ x", b"\\ No newline at end of file", b"diff --git a/x b/x", b"Index: x"),
        *(b"*** 1,2 ****", b"1,2c3", b"Prereq: 1.0", b"#", b"-", b"+", b"@", b"\\"),
    ]
)
ENDINGS = st.sampled_from([b"\n", b"\n", b"\r\n"])
FEW = st.integers(0, 40).flatmap(
    lambda size: st.lists(st.tuples(LINES, ENDINGS), min_size=size, max_size=size)
)
TEXTS = LINES | st.binary(max_size=6).map(lambda text: text.replace(b"\n", b""))


@st.composite
def changes(draw: st.DrawFn) -> FileChange:
    """Draw a file and edits like those that a patch makes.

    Inside a line, whole lines before a line, a line taken away, and text
    behind a last line that has no newline.
    """
    lines = [text + ending for text, ending in draw(FEW)]
    if len(lines) > 0 and draw(st.booleans()):
        lines[-1] = lines[-1].rstrip(b"\r\n") or b"end"
    data = b"".join(lines)
    edits: list[Edit] = []
    touched = draw(st.sets(st.integers(0, max(0, len(lines) - 1)), max_size=6)) if lines else set()
    position = 0
    for number, line in enumerate(lines):
        if number in touched:
            edits += _edits_in_line(draw, line, position)
        position += len(line)
    if draw(st.integers(0, 3)) == 0:
        edits += _edits_at_the_end(draw, data)
    change = apply_edits(PATH, data, edits)
    assume(change.before != change.after)
    return change


def _edits_in_line(draw: st.DrawFn, line: bytes, start: int) -> list[Edit]:
    kind = draw(st.sampled_from(["inside", "before", "before and inside", "away"]))
    found: list[Edit] = []
    if kind.startswith("before"):
        for _ in range(draw(st.integers(1, 2))):
            text = draw(LINES) + draw(ENDINGS)
            found.append(Edit(PATH, start, start, text))
    if kind.endswith("inside"):
        content = len(line.removesuffix(b"\n"))
        cuts = sorted(draw(st.tuples(st.integers(0, content), st.integers(0, content))))
        text = draw(TEXTS)
        if text or cuts[0] < cuts[1]:
            found.append(Edit(PATH, start + cuts[0], start + cuts[1], text))
    if kind == "away":
        found.append(Edit(PATH, start, start + len(line), b""))
    return found


def _edits_at_the_end(draw: st.DrawFn, data: bytes) -> list[Edit]:
    line = draw(LINES.filter(bool))
    if not data or data.endswith(b"\n"):
        text = line + draw(st.sampled_from([b"\n", b"\r\n"]))
    else:
        text = draw(ENDINGS) + line + draw(st.sampled_from([b"", b"\n", b"\r\n"]))
    return [Edit(PATH, len(data), len(data), text)]


def judge(directory: Path, before: bytes, after: bytes, diff: bytes, name: str) -> None:
    """Let both programs apply the diff and take it back."""
    programs = (
        (("patch", "-p1", "--binary", "--quiet"), ("patch", "-R", "-p1", "--binary", "--quiet")),
        (("git", "apply", "-p1"), ("git", "apply", "-R", "-p1")),
    )
    file = directory / name
    file.parent.mkdir(parents=True, exist_ok=True)
    for forth, back in programs:
        file.write_bytes(before)
        run(directory, *forth, stdin=diff)
        assert file.read_bytes() == after, forth
        run(directory, *back, stdin=diff)
        assert file.read_bytes() == before, back
    left = {path for path in directory.rglob("*") if path.is_file()}
    assert left == {file}


@PROPERTY
@given(changes(), st.booleans())
def test_patch_and_git_apply_make_exactly_the_edited_bytes(
    change: FileChange, with_header: bool
) -> None:
    header = b"# tuner audit: fixes\n#\n# Apply: patch -p1\n" if with_header else b""
    diff = header + unified_diff(change, "etc/httpd.conf")
    with tempfile.TemporaryDirectory() as directory:
        judge(Path(directory), change.before, change.after, diff, "etc/httpd.conf")


@PROPERTY
@given(changes())
def test_a_diff_says_no_more_than_it_has_to(change: FileChange) -> None:
    diff = split_lines(unified_diff(change, "x"))
    old, new = split_lines(change.before), split_lines(change.after)
    taken = [line for line in diff[2:] if line.startswith(b"-")]
    added = [line for line in diff[2:] if line.startswith(b"+")]
    assert len(old) - len(taken) == len(new) - len(added)
    assert len(taken) <= 2 * len(change.edits)
    plain = 0
    for line in diff[2:]:
        plain = plain + 1 if line.startswith(b" ") else 0
        assert plain <= 2 * CONTEXT_LINES


@pytest.mark.parametrize(
    "name",
    [
        "httpd.conf",
        "etc/apache2/mods-available/mpm_event.conf",
        "etc/with space/httpd.conf",
        "etc/caf\u00e9/httpd.conf",
        "etc/a\tb.conf",
        'etc/a"b.conf',
        "etc/a\\b.conf",
        "etc/a'b $HOME;.conf",
        "etc/\udcff.conf",
    ],
)
def test_any_file_name_is_found_again(tmp_path: Path, name: str) -> None:
    change = apply_edits(PATH, b"Timeout 60\n", [Edit(PATH, 8, 10, b"30")])
    judge(tmp_path, change.before, change.after, unified_diff(change, name), name)


def diff_of(data: bytes, *edits: tuple[int, int, bytes]) -> str:
    change = apply_edits(PATH, data, [Edit(PATH, *edit) for edit in edits])
    header, text = unified_diff(change, "x").decode("latin-1").split("+++ b/x\n")
    assert header == "--- a/x\n"
    return text


NUMBERS = b"".join(b"%d\n" % number for number in range(1, 31))


def at(number: int) -> int:
    return NUMBERS.index(b"\n%d\n" % number) + 1 if number > 1 else 0


@pytest.mark.parametrize(
    ("data", "edits", "expected"),
    [
        (b"a\n", [(0, 1, b"b")], "@@ -1 +1 @@\n-a\n+b\n"),
        (b"a", [(0, 1, b"b")], "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n"
                               "\\ No newline at end of file\n"),
        (b"a", [(1, 1, b"\nb\n")], "@@ -1 +1,2 @@\n-a\n\\ No newline at end of file\n+a\n+b\n"),
        (b"a\nb\n", [(2, 2, b"x\n")], "@@ -1,2 +1,3 @@\n a\n+x\n b\n"),
        (b"a\n", [(2, 2, b"x\n")], "@@ -1 +1,2 @@\n a\n+x\n"),
        (b"a\nb\n", [(0, 2, b"")], "@@ -1,2 +1 @@\n-a\n b\n"),
        (b"a\nb\n", [(0, 4, b"")], "@@ -1,2 +0,0 @@\n-a\n-b\n"),
        (b"", [(0, 0, b"a\n")], "@@ -0,0 +1 @@\n+a\n"),
        (b"a\r\nb\r\n", [(3, 4, b"x")], "@@ -1,2 +1,2 @@\n a\r\n-b\r\n+x\r\n"),
        (b"a\nb\n", [(0, 1, b"x"), (2, 3, b"y")], "@@ -1,2 +1,2 @@\n-a\n-b\n+x\n+y\n"),
        (b"a b\n", [(0, 1, b"x"), (2, 3, b"y")], "@@ -1 +1 @@\n-a b\n+x y\n"),
        (b"a\n", [(0, 0, b"x\n"), (0, 1, b"y")], "@@ -1 +1,2 @@\n-a\n+x\n+y\n"),
    ],
)  # fmt: skip
def test_small_diffs(data: bytes, edits: list[tuple[int, int, bytes]], expected: str) -> None:
    assert diff_of(data, *edits) == expected


def test_three_lines_of_context_stand_around_a_change() -> None:
    assert diff_of(NUMBERS, (at(10), at(10) + 2, b"x")) == (
        "@@ -7,7 +7,7 @@\n 7\n 8\n 9\n-10\n+x\n 11\n 12\n 13\n"
    )


@pytest.mark.parametrize(("second", "hunks"), [(17, 1), (18, 2)])
def test_hunks_are_joined_where_their_context_would_meet(second: int, hunks: int) -> None:
    text = diff_of(NUMBERS, (at(10), at(10) + 2, b"x"), (at(second), at(second) + 2, b"y"))
    assert text.count("@@ -") == hunks


def test_later_hunks_count_the_lines_that_came_before() -> None:
    text = diff_of(NUMBERS, (at(5), at(5), b"x\ny\n"), (at(20), at(21), b""), (at(28), at(29), b""))
    headers = [line for line in text.splitlines() if line.startswith("@@")]
    assert headers == ["@@ -2,6 +2,8 @@", "@@ -17,7 +19,6 @@", "@@ -25,6 +26,5 @@"]


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", []),
        (b"\n", [b"\n"]),
        (b"a", [b"a"]),
        (b"a\nb", [b"a\n", b"b"]),
        (b"a\r\x0cb\x0b\n\r\n", [b"a\r\x0cb\x0b\n", b"\r\n"]),
    ],
)
def test_only_lf_ends_a_line(data: bytes, lines: list[bytes]) -> None:
    assert split_lines(data) == lines
