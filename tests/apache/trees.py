"""Small configurations: write them, read them, and show the kept tree as plain lines.

One kept directive is one line, ``FILE:LINE NAME ARGUMENTS``, indented by two
spaces for every section around it. ``$ROOT`` stands for the directory of the
files, which is ServerRoot too.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tuner.apache.reading.options import ReadOptions
from tuner.apache.reading.reader import read_configuration
from tuner.apache.tree import COMMAND_LINE, Configuration

MAIN = "t.conf"
VERSION = (2, 4, 71)
MODULES = ("info", "mpm_event", "authz_core", "alias", "env", "setenvif", "macro")
"""Loaded with -C before every small configuration; mod_info lets httpd show its tree."""

SETTINGS = ("ServerName localhost", "ErrorLog /dev/null")
"""Given with -C behind them, so that httpd neither asks DNS nor looks for a log directory."""

FIRST = len(MODULES) + len(SETTINGS) + 1
"""Line number of the first -C that a case adds."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One directive that httpd keeps after reading."""

    depth: int
    name: str
    args: str
    file: str
    line: int

    def __str__(self) -> str:
        return f"{'  ' * self.depth}{self.file}:{self.line} {self.name} {self.args}".rstrip()


@dataclass(frozen=True, slots=True)
class Case:
    """A small configuration and what httpd makes of it."""

    files: Mapping[str, str | bytes]
    """Content by path below ServerRoot; a ``str`` is UTF-8."""
    tree: tuple[str, ...] = ()
    error: str = ""
    """``FILE:LINE: MESSAGE`` of the first fatal error; empty when httpd reads it all."""
    defines: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    """Symbolic links below ServerRoot: path to target."""
    directories: tuple[str, ...] = ()


def one(
    text: str | bytes,
    *tree: str,
    error: str = "",
    defines: tuple[str, ...] = (),
    environment: Mapping[str, str] | None = None,
) -> Case:
    """A case with nothing but the main file."""
    return Case({MAIN: text}, tree, error, defines=defines, environment=environment or {})


def load(modules: Iterable[str], directory: Path = Path("/modules")) -> tuple[str, ...]:
    """LoadModule lines for -C; the reader does not need the files."""
    return tuple(f"LoadModule {name}_module {directory}/mod_{name}.so" for name in modules)


def write(root: Path, case: Case) -> None:
    """Put the files of a case below ``root``."""
    for name, content in case.files.items():
        raw = content.encode() if isinstance(content, str) else content
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw.replace(b"$ROOT", str(root).encode()))
    for name in case.directories:
        (root / name).mkdir(parents=True, exist_ok=True)
    for name, target in case.links.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).symlink_to(target)


def read_case(root: Path, case: Case) -> Configuration:
    """Write a case below ``root`` and read it."""
    write(root, case)
    options = ReadOptions(
        server_root=str(root),
        defines=case.defines,
        before=(*load(MODULES), *SETTINGS, *case.before),
        after=case.after,
        environment=dict(case.environment),
        httpd_version=VERSION,
    )
    return read_configuration(f"{root}/{MAIN}", options)


def read_text(root: Path, text: str, *modules: str) -> Configuration:
    """Read one file with ``text``, with these modules loaded before it."""
    (root / MAIN).write_text(text)
    options = ReadOptions(server_root=str(root), before=load(modules), httpd_version=VERSION)
    return read_configuration(f"{root}/{MAIN}", options)


def kept(configuration: Configuration) -> list[Kept]:
    """The tree of a configuration, without what every case begins with."""
    rows = [Kept(one.depth, one.name, one.args, one.file, one.line) for one in configuration.tree]
    return without_settings(rows)


def without_settings(rows: list[Kept]) -> list[Kept]:
    """Leave out SETTINGS, where a tree begins with them."""
    first = [f"{row.name} {row.args}" for row in rows[: len(SETTINGS)]]
    return rows[len(SETTINGS) :] if tuple(first) == SETTINGS else rows


def shown(rows: Iterable[Kept], root: Path) -> list[str]:
    """The tree as lines; files below ``root`` by their relative path."""
    return [relative(str(row), root) for row in rows]


def relative(text: str, root: Path) -> str:
    """Write ``root`` as ``$ROOT``, and leave it out where the text begins with it."""
    plain = text.lstrip(" ")
    indent = text[: len(text) - len(plain)]
    plain = plain.removeprefix(f"{root}/").replace(str(root), "$ROOT")
    return indent + plain.replace(COMMAND_LINE, "command line")


def first_error(configuration: Configuration, root: Path) -> str:
    """The first fatal error as ``FILE:LINE: MESSAGE``; empty when there is none."""
    errors = configuration.fatal_errors
    return relative(str(errors[0]), root) if errors else ""
