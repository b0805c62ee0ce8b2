"""Byte edits, and applying them to a file: nothing outside an edit's span changes."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tuner.errors import PatchError


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace ``data[start:end]`` of a real file; an insertion has ``start == end``."""

    path: Path
    start: int
    end: int
    replacement: bytes


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file before and after, with its edits in order."""

    path: Path
    before: bytes
    after: bytes
    edits: tuple[Edit, ...]


def apply_edits(path: Path, data: bytes, edits: Iterable[Edit]) -> FileChange:
    """Apply edits to the content of one file.

    Equal edits count once. Insertions at one place keep their order.

    Raises:
        PatchError: two edits overlap with different text.
    """
    unique = list(dict.fromkeys(edits))
    unique.sort(key=lambda edit: (edit.start, edit.end))
    pieces: list[bytes] = []
    position = 0
    for edit in unique:
        if edit.start < position:
            raise PatchError(f"{path}: two changes touch the same text")
        pieces += [data[position : edit.start], edit.replacement]
        position = edit.end
    pieces.append(data[position:])
    return FileChange(path, data, b"".join(pieces), tuple(unique))
