"""A YAML file as plain text values, with the line and column of each.

Scalars stay as they are written: ``On``, ``0755`` and ``1:30`` mean what Apache
takes them for, not what YAML 1.1 does. Aliases, repeated keys and deep nesting
are refused. The values are built from parser events, because libyaml's own
composer recurses without a limit.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML, events
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from tuner.errors import RuleError

MAX_FILE_BYTES = 256 * 1024
MAX_DEPTH = 20

Location = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A mapping out of one file."""

    data: dict[str, Any]
    marks: dict[Location, Any]
    """The event that each value began with."""
    text: str

    def position(self, location: Sequence[str | int], column: int = 1) -> tuple[int, int]:
        """Return line and column, from 1, of a value or of what is nearest around it.

        ``column`` counts from 1 within the text of the value, folded lines included.
        """
        where = tuple(location)
        while where not in self.marks:
            where = where[:-1]
        event = self.marks[where]
        index = event.start_mark.index
        if isinstance(event, events.ScalarEvent):
            index = self._index_in(event, column)
        before = self.text[:index]
        return before.count("\n") + 1, index - before.rfind("\n")

    def _index_in(self, event: Any, column: int) -> int:
        """Return where in the file a character of a scalar stands: folding moves only blanks."""
        index: int = event.start_mark.index
        end: int = event.end_mark.index
        if event.style in ("|", ">"):
            index = self.text.index("\n", index) + 1
        elif event.style:
            index += 1
        skip = sum(not one.isspace() for one in event.value[: column - 1])
        while index < end and (skip or self.text[index].isspace()):
            skip -= not self.text[index].isspace()
            index += 1
        return index


def read_document(path: Path) -> Document:
    """Read a file that holds one mapping.

    Raises:
        RuleError: it cannot be read, is no YAML, or holds something else.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
        if len(data) > MAX_FILE_BYTES:
            raise RuleError(f"{path}: larger than {MAX_FILE_BYTES // 1024} KiB")
        text = data.decode("utf-8")
        builder = _build(path, text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
        raise RuleError(f"{path}:{where}: {error.problem or error.context}") from error
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise RuleError(f"{path}: {' '.join(str(error).split())}") from error
    if not isinstance(builder.root, dict):
        raise RuleError(f"{path}:1:1: a rule is a mapping")
    return Document(builder.root, builder.marks, text)


def _build(path: Path, text: str) -> "_Builder":
    """Parse with libyaml, 30 times faster; what it refuses, YAML 1.2 may still allow."""
    try:
        return _built(path, _libyaml().parse(text))
    except YAMLError:
        return _built(path, YAML(typ="safe", pure=True).parse(text))


@cache
def _libyaml() -> YAML:
    """Return the one parser: each new one looks for plug-ins on the disk."""
    return YAML(typ="safe")


def _built(path: Path, parsed: Iterable[Any]) -> "_Builder":
    builder = _Builder(path)
    for event in parsed:
        builder.take(event)
    return builder


@dataclass(slots=True)
class _Builder:
    """Puts events together; ``open`` holds the collections around the next value."""

    path: Path
    root: Any = None
    marks: dict[Location, Any] = field(default_factory=dict)
    open: list[tuple[Location, Any]] = field(default_factory=list)
    key: str | None = None
    documents: int = 0

    def take(self, event: Any) -> None:
        match event:
            case events.ScalarEvent():
                if self.open and isinstance(self.open[-1][1], dict) and self.key is None:
                    self._take_key(event)
                else:
                    self._add(event, event.value)
            case events.MappingStartEvent():
                self._open(event, {})
            case events.SequenceStartEvent():
                self._open(event, [])
            case events.CollectionEndEvent():
                self.open.pop()
            case events.AliasEvent():
                raise self._error(event, "aliases are not understood here")
            case events.DocumentStartEvent():
                self.documents += 1
                if self.documents > 1:
                    raise self._error(event, "one file holds one rule")

    def _take_key(self, event: Any) -> None:
        if event.value in self.open[-1][1]:
            raise self._error(event, f"{event.value} is there twice")
        self.key = event.value

    def _open(self, event: Any, empty: Any) -> None:
        if len(self.open) >= MAX_DEPTH:
            raise self._error(event, f"nested more than {MAX_DEPTH} deep")
        self.open.append((self._add(event, empty), empty))

    def _add(self, event: Any, value: Any) -> Location:
        if not self.open:
            where: Location = ()
            self.root = value
        else:
            around, collection = self.open[-1]
            if isinstance(collection, list):
                where = (*around, len(collection))
                collection.append(value)
            elif self.key is None:
                raise self._error(event, "a key is plain text")
            else:
                where = (*around, self.key)
                collection[self.key] = value
                self.key = None
        self.marks[where] = event
        return where

    def _error(self, event: Any, message: str) -> RuleError:
        mark = event.start_mark
        return RuleError(f"{self.path}:{mark.line + 1}:{mark.column + 1}: {message}")
