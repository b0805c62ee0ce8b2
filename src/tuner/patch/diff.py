"""Unified diffs of bytes, made from known edits (``diff -u`` as POSIX describes it).

Lines end at LF only, so that CR, form feeds and any encoding pass through.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from tuner.patch.edits import Edit, FileChange

CONTEXT_LINES = 3
_NO_NEWLINE = b"\n\\ No newline at end of file\n"


@dataclass(slots=True)
class _Region:
    """Old lines ``first..last`` (last excluded) and the lines that replace them."""

    first: int
    last: int
    new: list[bytes]


def unified_diff(change: FileChange, name: str) -> bytes:
    """Return the diff of one file; ``name`` is its path without leading slash."""
    old = split_lines(change.before)
    regions = _regions(change, old)
    out = [f"--- {_label('a/' + name)}\n".encode(), f"+++ {_label('b/' + name)}\n".encode()]
    shift = 0
    for hunk in _hunks(regions):
        text, shift = _render(hunk, old, shift)
        out += text
    return b"".join(out)


def split_lines(data: bytes) -> list[bytes]:
    """Split at LF, keeping it; a last line without LF stays without."""
    lines = data.split(b"\n")
    last = lines.pop()
    kept = [line + b"\n" for line in lines]
    return [*kept, last] if last else kept


def _label(name: str) -> str:
    r"""Quote unusual names as git and GNU patch do; a space needs a tab behind."""
    raw = name.encode("utf-8", "surrogateescape")
    if all(32 <= byte < 127 and byte not in b'"\\' for byte in raw):
        return f"{name}\t" if " " in name else name
    quoted = "".join(
        chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\{byte:03o}" for byte in raw
    )
    return f'"{quoted}"'


def _regions(change: FileChange, old: Sequence[bytes]) -> list[_Region]:
    """Turn byte edits into line regions; edits in the same or adjacent lines are joined."""
    starts = [0, *accumulate(len(line) for line in old)]
    regions: list[_Region] = []
    pending: list[Edit] = []
    first = last = 0

    def close() -> None:
        if pending:
            text = _edited(change.before, starts[first], starts[last], pending)
            regions.append(_Region(first, last, split_lines(text)))
            pending.clear()

    for edit in change.edits:
        begin, end = _line_range(edit, starts, change.before.endswith(b"\n"))
        if pending and begin > last:
            close()
        if not pending:
            first, last = begin, end
        pending.append(edit)
        last = max(last, end)
    close()
    return regions


def _line_range(edit: Edit, starts: Sequence[int], ends_in_newline: bool) -> tuple[int, int]:
    """Return the old lines that an edit touches; an insertion between lines touches none."""
    lines = len(starts) - 1
    begin = min(bisect_right(starts, edit.start) - 1, lines)
    whole_lines = edit.replacement.endswith(b"\n") or not edit.replacement
    unfinished = begin == lines and lines > 0 and not ends_in_newline
    if edit.start == edit.end == starts[begin] and whole_lines and not unfinished:
        return begin, begin
    if begin == lines:
        return max(0, lines - 1), lines
    end = bisect_right(starts, max(edit.start, edit.end - 1)) - 1
    return begin, min(lines, end + 1)


def _edited(data: bytes, start: int, end: int, edits: Sequence[Edit]) -> bytes:
    pieces: list[bytes] = []
    position = start
    for edit in edits:
        pieces += [data[position : edit.start], edit.replacement]
        position = edit.end
    return b"".join([*pieces, data[position:end]])


def _hunks(regions: Sequence[_Region]) -> list[list[_Region]]:
    hunks: list[list[_Region]] = []
    for region in regions:
        if hunks and region.first - hunks[-1][-1].last <= 2 * CONTEXT_LINES:
            hunks[-1].append(region)
        else:
            hunks.append([region])
    return hunks


def _render(hunk: Sequence[_Region], old: Sequence[bytes], shift: int) -> tuple[list[bytes], int]:
    begin = max(0, hunk[0].first - CONTEXT_LINES)
    end = min(len(old), hunk[-1].last + CONTEXT_LINES)
    body: list[bytes] = []
    position, added = begin, 0
    for region in hunk:
        body += [_line(b" ", line) for line in old[position : region.first]]
        body += [_line(b"-", line) for line in old[region.first : region.last]]
        body += [_line(b"+", line) for line in region.new]
        position = region.last
        added += len(region.new) - (region.last - region.first)
    body += [_line(b" ", line) for line in old[position:end]]
    count_old, count_new = end - begin, end - begin + added
    header = f"@@ -{_range(begin, count_old)} +{_range(begin + shift, count_new)} @@\n".encode(
        "ascii"
    )
    return [header, *body], shift + added


def _range(begin: int, count: int) -> str:
    start = begin + 1 if count else begin
    return f"{start},{count}" if count != 1 else f"{start}"


def _line(mark: bytes, line: bytes) -> bytes:
    return mark + line if line.endswith(b"\n") else mark + line + _NO_NEWLINE
