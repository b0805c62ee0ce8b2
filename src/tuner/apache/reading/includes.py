"""Include and IncludeOptional: which files, in which order (server/util.c, ap_dir_fnmatch)."""

import os
import re
from collections.abc import Iterator

from tuner.apache.reading.files import FileTree
from tuner.apache.reading.state import ReadFailure

MAX_INCLUDE_DEPTH = 128
"""Nested Include directives (core.c, ``AP_MAX_INCLUDE_DEPTH``)."""

MAX_DIRECTORY_DEPTH = 128

_PREFIX = "Include/IncludeOptional: "


def find_files(files: FileTree, path: str, optional: bool) -> Iterator[str]:
    """Yield the files that an Include of ``path`` reads, in httpd's order.

    ``path`` is absolute. A directory stands for every file below it; wildcards
    work in every segment. Files before a failure are yielded first, as httpd
    reads them first.

    Raises:
        ReadFailure: with httpd's message.
    """
    if is_pattern(path):
        yield from _match(files, "/", path.lstrip("/"), optional)
    else:
        yield from _take(files, path, optional, 0)


def is_pattern(text: str) -> bool:
    """Tell whether APR sees a wildcard: ``*``, ``?`` or a closed ``[``."""
    plain = re.sub(r"\\.", "", text, flags=re.DOTALL)
    return "*" in plain or "?" in plain or re.search(r"\[.*\]", plain, re.DOTALL) is not None


def _match(files: FileTree, directory: str, rest: str, optional: bool) -> Iterator[str]:
    segment, slash, rest = rest.partition("/")
    while not is_pattern(segment):
        directory = _join(directory, segment)
        if not slash:
            yield from _take(files, directory, optional, 0)
            return
        segment, slash, rest = rest.partition("/")
    try:
        entries = files.entries(directory)
    except OSError as error:
        if optional and isinstance(error, FileNotFoundError):
            return
        raise _cannot_open(directory, error) from error
    pattern = NamePattern(segment)
    names = [
        name
        for name, is_directory in entries
        if (is_directory or not slash) and pattern.matches(name)
    ]
    if not names and not optional:
        raise ReadFailure(
            f"{_PREFIX}No matches for the wildcard '{segment}' in '{directory}', failing"
        )
    for name in names:
        if slash:
            yield from _match(files, _join(directory, name), rest, optional)
        else:
            yield from _take(files, _join(directory, name), optional, 0)


def _take(files: FileTree, path: str, optional: bool, depth: int) -> Iterator[str]:
    kind = files.kind(path)
    if kind != "directory":
        if not (optional and kind == "missing"):
            yield path
        return
    if depth >= MAX_DIRECTORY_DEPTH:
        raise ReadFailure(
            f"{_PREFIX}Directory '{path}' exceeds the maximum include directory nesting level "
            f"of {MAX_DIRECTORY_DEPTH}. You have probably a recursion somewhere."
        )
    try:
        entries = files.entries(path)
    except OSError as error:
        raise _cannot_open(path, error) from error
    for name, _ in entries:
        yield from _take(files, _join(path, name), optional, depth + 1)


def _cannot_open(directory: str, error: OSError) -> ReadFailure:
    return ReadFailure(f"{_PREFIX}Could not open directory {directory}: {reason_of(error)}")


def reason_of(error: OSError) -> str:
    """Return the operating system's words for an error, without the path."""
    return error.strerror or str(error)


def _join(directory: str, name: str) -> str:
    return directory + name if directory.endswith("/") else f"{directory}/{name}"


class NamePattern:
    """Matches a file name as ``apr_fnmatch`` does with ``APR_FNM_PERIOD``."""

    def __init__(self, pattern: str) -> None:
        self._expression = re.compile(os.fsencode(_translate(pattern)), re.DOTALL)
        self._dot = pattern.startswith((".", "\\."))

    def matches(self, name: str) -> bool:
        """Tell whether ``name`` matches; a leading dot must be written out."""
        if name.startswith(".") and not self._dot:
            return False
        return self._expression.fullmatch(os.fsencode(name)) is not None


def _translate(pattern: str) -> str:
    out: list[str] = []
    position = 0
    while position < len(pattern):
        char = pattern[position]
        position += 1
        if char == "*":
            out.append(".*")
        elif char == "?":
            out.append(".")
        elif char == "\\" and position < len(pattern):
            out.append(re.escape(pattern[position]))
            position += 1
        elif char == "[" and (closing := _class_end(pattern, position)) > 0:
            out.append(_translate_class(pattern[position:closing]))
            position = closing + 1
        else:
            out.append(re.escape(char))
    return "".join(out)


def _class_end(pattern: str, position: int) -> int:
    """Return where the bracket closes, or -1: an unclosed ``[`` is a plain character."""
    if pattern[position : position + 1] in ("!", "^"):
        position += 1
    while position < len(pattern):
        if pattern[position] == "]":
            return position
        position += 2 if pattern[position] == "\\" else 1
    return -1


def _translate_class(body: str) -> str:
    negated = body[:1] in ("!", "^")
    if negated:
        body = body[1:]
    if not body:
        return "." if negated else "(?!)"
    out: list[str] = []
    position = 0
    while position < len(body):
        char = body[position]
        if char == "\\" and position + 1 < len(body):
            position += 1
            char = body[position]
        if body[position + 1 : position + 2] == "-" and position + 2 < len(body):
            last = body[position + 2]
            if char <= last:
                out.append(f"{re.escape(char)}-{re.escape(last)}")
            position += 3
        else:
            out.append(re.escape(char))
            position += 1
    if not out:
        return "." if negated else "(?!)"
    return f"[{'^' if negated else ''}{''.join(out)}]"
