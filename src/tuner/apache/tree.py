"""The configuration tree as httpd reads it: every directive with where it stands.

These are slotted dataclasses, not pydantic models: a large configuration has a
hundred thousand of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

from tuner.apache.reading.options import ReadOptions
from tuner.apache.syntax.words import split_arguments

Phase = Literal["tree", "read"]
"""``tree``: httpd keeps the directive and executes it after reading everything.
``read``: httpd executes it while reading (Include, Define, LoadModule, IfModule...)."""

COMMAND_LINE = "-c/-C directives"
"""The name that httpd gives to what its command line adds."""


MAX_SHOWN_SECTIONS = 20
"""Of a deeper nesting, only the inner sections are written out."""


@dataclass(frozen=True, slots=True, eq=False)
class MacroUse:
    """A macro expansion: where the macro is defined and where it is used."""

    name: str
    defined_in: "Source"
    defined_line: int
    used_by: "Directive"
    body_lines: tuple[tuple[int, int], ...]
    """First and last physical line of each body line, in the defining file."""


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """One reading of one file; a file that is included twice gives two sources."""

    path: str
    """The path as httpd names it; not a path for what a macro or the command line gives."""
    real: Path | None
    """The real file, symbolic links resolved; None for macros and the command line."""
    data: bytes
    included_by: "Directive | None" = None
    macro: MacroUse | None = None


@dataclass(slots=True, eq=False)
class Directive:
    """One logical line with what httpd makes of it."""

    name: str
    """As httpd keeps it: ``Timeout``, or ``<VirtualHost`` for a section."""
    args: str
    """The rest of the line after variable expansion; a section keeps its ``>``."""
    source: Source
    line: int
    """The last physical line, the one that httpd reports."""
    line_first: int
    start: int
    end: int
    phase: Phase
    section: "Directive | None"
    """The section around it, among those that httpd keeps."""
    depth: int
    condition: "Directive | None"
    """The innermost <IfModule>, <IfDefine>... around it."""
    variables: tuple[str, ...] = ()
    """Names of the ${variables} that were replaced in this line."""
    reason: str | None = None
    """Why httpd ignores it; None when it is active. For a condition: why it is false."""
    active: bool = True

    @property
    def file(self) -> str:
        """The file as httpd names it."""
        return self.source.path

    @property
    def words(self) -> tuple[str, ...]:
        """The arguments as words; without the closing ``>`` of a section."""
        if self.is_section:
            return split_arguments(self.args.rpartition(">")[0])
        return split_arguments(self.args)

    @property
    def is_section(self) -> bool:
        """Whether it opens a section."""
        return self.name.startswith("<")

    @property
    def key(self) -> str:
        """The name in lower case: httpd ignores case in names."""
        return self.name.lower()

    @property
    def label(self) -> str:
        """How people write it: ``<VirtualHost *:80>`` or ``Timeout 60``."""
        if self.is_section:
            return f"{self.name} {self.args}".replace(" >", ">")
        return f"{self.name} {self.args}".rstrip()

    @property
    def sections(self) -> "tuple[Directive, ...]":
        """The sections around it, outermost first."""
        around: list[Directive] = []
        section = self.section
        while section is not None:
            around.append(section)
            section = section.section
        return tuple(reversed(around))

    @property
    def conditions(self) -> "tuple[Directive, ...]":
        """The conditions around it, outermost first."""
        around: list[Directive] = []
        condition = self.condition
        while condition is not None:
            around.append(condition)
            condition = condition.condition
        return tuple(reversed(around))

    @property
    def context(self) -> str:
        """The sections around it in one line; ``server`` at the top level."""
        labels: list[str] = []
        section = self.section
        while section is not None and len(labels) < MAX_SHOWN_SECTIONS:
            labels.append(section.label)
            section = section.section
        if section is not None:
            labels.append(f"({section.depth + 1} more)")
        labels.reverse()
        return " > ".join(labels) or "server"

    @property
    def virtual_host(self) -> "Directive | None":
        """The <VirtualHost> around it."""
        return next((one for one in self.sections if one.key == "<virtualhost"), None)

    @property
    def location(self) -> str:
        """``file:line`` as httpd would report it."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class ReadError:
    """What httpd would say while reading; ``fatal`` when it would refuse to start."""

    message: str
    file: str
    line: int
    fatal: bool = True

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: " if self.line else f"{self.file}: "
        return where + self.message


@dataclass(frozen=True, eq=False)
class Configuration:
    """A whole configuration: directives in the order in which httpd meets them."""

    main: str
    options: ReadOptions
    server_root: str
    """The value in force after reading; ``options.server_root`` is where it began."""
    directives: tuple[Directive, ...]
    errors: tuple[ReadError, ...]
    sources: tuple[Source, ...]
    modules: dict[str, str] = field(default_factory=dict)
    """Symbol to source file of every module, static ones included."""
    defines: tuple[str, ...] = ()
    variables: dict[str, str] = field(default_factory=dict)
    """Values given by Define, by lower-case name."""
    layout: str = "upstream"
    assumptions: tuple[str, ...] = ()
    """What had to be assumed to read it, in words for the report."""

    @property
    def tree(self) -> Iterator[Directive]:
        """What httpd keeps after reading, in its order."""
        return (one for one in self.directives if one.active and one.phase == "tree")

    @property
    def fatal_errors(self) -> tuple[ReadError, ...]:
        """The errors that keep httpd from starting."""
        return tuple(error for error in self.errors if error.fatal)

    @property
    def root(self) -> Path | None:
        """The directory that was read as if it were ``/``."""
        return self.options.root

    def has_module(self, name: str) -> bool:
        """Tell whether a module is loaded, by symbol or by source file name."""
        return name in self.modules or name in self.modules.values()

    def named(self, *names: str) -> tuple[Directive, ...]:
        """Return the active directives of the tree with one of these names."""
        found = [one for name in names for one in self._by_key.get(name.lower(), ())]
        if len(names) > 1:
            found.sort(key=self._order)
        return tuple(found)

    def standing_in(self, section: Directive | None, *names: str) -> tuple[Directive, ...]:
        """Return the active directives with one of these names directly in ``section``.

        ``None`` is the top level: what the main server gets.
        """
        table = self._by_section
        found = [one for name in names for one in table.get((id(section), name.lower()), ())]
        if len(names) > 1:
            found.sort(key=self._order)
        return tuple(found)

    @cached_property
    def module_lines(self) -> tuple[Directive, ...]:
        """The active LoadModule lines outside sections; httpd does not keep them in its tree."""
        return tuple(
            one
            for one in self.directives
            if one.key == "loadmodule" and one.active and one.section is None
        )

    @cached_property
    def _by_section(self) -> dict[tuple[int, str], list[Directive]]:
        table: dict[tuple[int, str], list[Directive]] = {}
        for one in self.tree:
            table.setdefault((id(one.section), one.key), []).append(one)
        return table

    @cached_property
    def _by_key(self) -> dict[str, list[Directive]]:
        table: dict[str, list[Directive]] = {}
        for one in self.tree:
            table.setdefault(one.key, []).append(one)
        return table

    @cached_property
    def _positions(self) -> dict[int, int]:
        return {id(one): position for position, one in enumerate(self.directives)}

    def _order(self, directive: Directive) -> int:
        return self._positions[id(directive)]
