"""Where distributions keep Apache: main file, ServerRoot, environment, static modules."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tuner.apache.environment import (
    DEBIAN_DEFAULTS,
    arguments_in,
    parse_environment_file,
    parse_envvars,
)
from tuner.apache.modules import STATIC_MODULES
from tuner.apache.reading.files import FileTree
from tuner.errors import ConfigurationNotFound

Name = Literal["debian", "rhel", "suse", "upstream", "express"]


@dataclass(frozen=True, slots=True)
class Layout:
    """What has to be known beside the files to read a configuration as httpd does."""

    name: Name
    main: str
    """Absolute path of the main file, as httpd would name it."""
    server_root: str
    root: Path | None
    environment: dict[str, str]
    static_modules: tuple[str, ...]
    defines: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


_MAIN_FILES = ("apache2.conf", "conf/httpd.conf", "httpd.conf")
_TREES = (
    "etc/apache2/apache2.conf",
    "etc/httpd/conf/httpd.conf",
    "etc/apache2/httpd.conf",
    "usr/local/apache2/conf/httpd.conf",
)
"""Main files below a directory that stands for ``/``."""


def recognise(path: Path, root: Path | None) -> Layout:
    """Find the main file at ``path`` and recognise whose layout it is.

    ``path`` is a main file, a configuration directory, or a directory that holds
    a whole tree (``etc/apache2/apache2.conf`` below it), which then is the root.

    Raises:
        ConfigurationNotFound: there is none.
    """
    if root is not None and not root.is_dir():
        raise ConfigurationNotFound(f"{root}: no such directory, given with --root")
    if root is None and path.is_dir() and not _main_in(path):
        for tree in _TREES:
            if (path / tree).is_file():
                return _layout("/" + tree, path)
    if root is not None:
        return _inside(path, root)
    absolute = path.absolute()
    if not absolute.exists():
        raise ConfigurationNotFound(f"{path}: no such file or directory")
    main = absolute if not absolute.is_dir() else _main_in(absolute)
    if main is None:
        raise ConfigurationNotFound(
            f"{path}: no Apache configuration here", hint=f"looked for {', '.join(_MAIN_FILES)}"
        )
    return _layout(str(main), None)


def _inside(path: Path, root: Path) -> Layout:
    """PATH is a path inside ``root``; a path of this machine below it is understood too."""
    absolute = path.absolute()
    if path.parts and absolute.is_relative_to(root.absolute()):
        path = Path("/") / absolute.relative_to(root.absolute())
    elif not path.is_absolute():
        path = Path("/") / path
    files = FileTree(root)
    if files.kind(str(path)) == "file":
        return _layout(str(path), root)
    for name in (*_MAIN_FILES, *_TREES):
        candidate = str(path / name)
        if files.kind(candidate) == "file":
            return _layout(candidate, root)
    raise ConfigurationNotFound(f"{path}: no Apache configuration inside {root}")


def _main_in(directory: Path) -> Path | None:
    return next((directory / name for name in _MAIN_FILES if (directory / name).is_file()), None)


def _layout(main: str, root: Path | None) -> Layout:
    directory, _, name = main.rpartition("/")
    files = FileTree(root)
    if name == "apache2.conf":
        return _debian(main, directory, root, files)
    if (
        files.kind(f"{directory}/apachectl") == "file"
        and files.kind(f"{directory}/rc") != "missing"
    ):
        return Layout("express", main, directory, root, {}, STATIC_MODULES["upstream"])
    if directory.endswith("/conf"):
        return _red_hat(main, directory.removesuffix("/conf") or "/", root, files)
    return Layout("suse", main, directory or "/", root, {}, STATIC_MODULES["upstream"])


def _debian(main: str, directory: str, root: Path | None, files: FileTree) -> Layout:
    notes: list[str] = []
    text = _text(files, f"{directory}/envvars")
    if text is None:
        environment = dict(DEBIAN_DEFAULTS)
        notes.append("no envvars beside apache2.conf: Debian's defaults are assumed")
    else:
        parsed = parse_envvars(text, {"APACHE_CONFDIR": "/etc/apache2"})
        environment = parsed.variables
        notes += [f"envvars {line} is not understood and was skipped" for line in parsed.skipped]
    defines, before, after = arguments_in(environment.get("APACHE_ARGUMENTS", ""))
    return Layout(
        "debian",
        main,
        directory or "/",
        root,
        environment,
        STATIC_MODULES["debian"],
        tuple(defines),
        tuple(before),
        tuple(after),
        tuple(notes),
    )


def _red_hat(main: str, server_root: str, root: Path | None, files: FileTree) -> Layout:
    name: Name = "rhel" if server_root.endswith("/httpd") else "upstream"
    environment: dict[str, str] = {}
    notes: list[str] = []
    base = server_root.removesuffix("/httpd")
    text = _text(files, f"{base}/sysconfig/httpd") if name == "rhel" else None
    if text is not None:
        parsed = parse_environment_file(text)
        environment = parsed.variables
        notes += [f"sysconfig/httpd {line} is not understood" for line in parsed.skipped]
    defines, before, after = arguments_in(environment.get("OPTIONS", ""))
    return Layout(
        name,
        main,
        server_root,
        root,
        environment,
        STATIC_MODULES["upstream"],
        tuple(defines),
        tuple(before),
        tuple(after),
        tuple(notes),
    )


def _text(files: FileTree, path: str) -> str | None:
    try:
        return files.read(path).decode("utf-8", "surrogateescape")
    except OSError:
        return None
