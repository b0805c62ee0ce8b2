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
    loads = [
        one.words[1]
        for one in configuration.directives
        if one.active and one.key == "loadmodule" and one.words[:1] == ("wsgi_module",)
        if len(one.words) > 1
    ]
    if not loads:
        return Unknown("mod_wsgi is not loaded by this configuration")
    path = merge_path(configuration.server_root, loads[0])
    try:
        real = FileTree(configuration.root).real_path(path)
        found = version_in_module(real)
    except OSError as error:
        return Unknown(f"{path}: {error.strerror}")
    return Known(found, "measured", path) if found else Unknown(f"{path} names no version")


def version_in_module(path: Path) -> Version | None:
    """Return the version of a mod_wsgi shared object; None when it is something else.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        content = file.read(_MAX_MODULE_BYTES)
    if b"mod_wsgi/%s" not in content:
        return None
    found = _VERSION.search(content)
    return parse_version(found[1].decode()) if found else None
