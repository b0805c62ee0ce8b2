"""Which httpd and which mod_wsgi a configuration is for."""

import re
from pathlib import Path

from tuner.apache.reading.files import FileTree
from tuner.apache.reading.state import merge_path
from tuner.apache.tree import Configuration
from tuner.fact import Fact, Known, Unknown

Version = tuple[int, ...]

_MAX_MODULE_BYTES = 32 * 2**20
# src/server/wsgi_version.h: the version is a literal of its own in the program. So
# is that of Python, which is 3.6 or newer; mod_wsgi 3 ended with 3.5.
_VERSION = re.compile(rb"\x00((?!3\.(?:[6-9]|\d\d))\d{1,2}\.\d{1,3}\.\d{1,3})\x00")


def parse_version(text: str) -> Version:
    """Return ``2.4.66`` as (2, 4, 66).

    Raises:
        ValueError: it is not numbers and dots.
    """
    return tuple(int(part) for part in text.split("."))


def server_version(configuration: Configuration, is_asked: bool) -> Fact[Version]:
    """Return the httpd that the configuration was read for, if one could be asked."""
    if not is_asked:
        return Unknown("no httpd here to ask for its version")
    return Known(configuration.options.httpd_version, "measured", "httpd -V")


def wsgi_version(configuration: Configuration) -> Fact[Version]:
    """Read the version out of the mod_wsgi that the configuration loads."""
    path = _module_path(configuration)
    if path is None:
        return Unknown("mod_wsgi is not loaded by this configuration")
    try:
        found = version_in_module(FileTree(configuration.root).real_path(path))
    except OSError as error:
        return Unknown(f"{path}: {error.strerror}")
    return Known(found, "measured", path) if found else Unknown(f"{path} names no version")


def _module_path(configuration: Configuration) -> str | None:
    loads = [
        one.words[1]
        for one in configuration.directives
        if one.active and one.key == "loadmodule" and one.words[:1] == ("wsgi_module",)
        if len(one.words) > 1
    ]
    return merge_path(configuration.server_root, loads[0]) if loads else None


def version_in_module(path: Path) -> Version | None:
    """Return the version of a mod_wsgi shared object; None when it is something else.

    Raises:
        OSError: it cannot be read.
    """
    content = _content(path)
    if b"mod_wsgi/%s" not in content:
        return None
    found = _VERSION.search(content)
    return parse_version(found[1].decode()) if found else None


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_MAX_MODULE_BYTES)


def wsgi_python_version(configuration: Configuration) -> Fact[str]:
    """Read ``X.Y`` of the Python that the loaded mod_wsgi is linked with."""
    path = _module_path(configuration)
    if path is None:
        return Unknown("mod_wsgi is not loaded by this configuration")
    try:
        content = _content(FileTree(configuration.root).real_path(path))
    except OSError as error:
        return Unknown(f"{path}: {error.strerror}")
    match = re.search(rb"libpython(3\.\d+)[a-z]*\.so", content)
    return Known(match[1].decode(), "measured", path) if match else Unknown(f"{path} names none")
