"""Where distributions keep Apache: main file, ServerRoot, environment, static modules."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tuner.apache.reading.files import FileTree
from tuner.apache.startup import Startup, debian, express, gentoo, is_express, red_hat, suse
from tuner.errors import ConfigurationNotFound

Name = Literal["debian", "rhel", "suse", "gentoo", "upstream", "express"]


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
    base = directory.rpartition("/")[0]
    if name == "apache2.conf":
        return _made("debian", main, directory, root, debian(files, directory))
    if is_express(files, directory):
        return _made("express", main, directory, root, express(files, directory))
    if directory.endswith("/httpd/conf"):
        etc = directory.removesuffix("/httpd/conf")
        return _made("rhel", main, base, root, red_hat(files, etc))
    if directory.endswith("/conf"):
        return _made("upstream", main, base, root, Startup())
    if directory.endswith("/apache2"):
        found = gentoo(files, base)
        if found is not None:
            return _made("gentoo", main, directory, root, found)
        return _made("suse", main, directory, root, suse(files, directory, main))
    return _made("upstream", main, directory, root, Startup())


def _made(name: Name, main: str, server_root: str, root: Path | None, startup: Startup) -> Layout:
    return Layout(
        name=name,
        main=main,
        server_root=server_root or "/",
        root=root,
        environment=startup.environment,
        static_modules=startup.static_modules,
        defines=tuple(startup.defines),
        before=tuple(startup.before),
        after=tuple(startup.after),
        notes=tuple(startup.notes),
    )
