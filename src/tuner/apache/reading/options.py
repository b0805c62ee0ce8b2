"""What httpd gets beside the files: command line, environment, build."""

from dataclasses import dataclass, field
from pathlib import Path

from tuner.apache.modules import STATIC_MODULES

DEFAULT_VERSION = (2, 4, 62)
"""Assumed for <IfVersion> and for rules where no httpd can be asked."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What httpd gets from its command line, its environment and its build."""

    server_root: str
    defines: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    """Directives given with -C."""
    after: tuple[str, ...] = ()
    """Directives given with -c."""
    environment: dict[str, str] = field(default_factory=dict)
    static_modules: tuple[str, ...] = STATIC_MODULES["debian"]
    httpd_version: tuple[int, int, int] = DEFAULT_VERSION
    version_suffix: str = ""
    root: Path | None = None
