"""What httpd knows while it reads: modules, defines, variables, macros, ServerRoot."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tuner.apache.reading.files import FileTree
from tuner.apache.reading.macros import Macro


class ReadFailure(Exception):  # noqa: N818 - httpd refuses the line, the program is fine
    """Something that makes httpd refuse the line being read."""


@dataclass(slots=True)
class ReadState:
    """The mutable state of one reading; it lives only as long as the reading."""

    files: FileTree
    server_root: str
    httpd_version: tuple[int, int, int]
    version_suffix: str
    environment: Mapping[str, str]
    static_modules: Mapping[str, str]
    defines: list[str]
    modules: dict[str, str]
    """Symbol to source file, in load order, static modules first."""
    variables: dict[str, str] = field(default_factory=dict)
    macros: dict[str, Macro] | None = None
    directive_names: set[str] = field(default_factory=set)
    warnings: list[str] = field(default_factory=list)
    """Warnings for the line being read; the reader places and clears them."""

    def has_module(self, name: str) -> bool:
        """Match as <IfModule> does: exactly, by symbol or by source file."""
        return name in self.modules or name in self.modules.values()


def merge_path(base: str, path: str) -> str:
    """Join and normalise as ``apr_filepath_merge`` does: lexically, a final slash stays."""
    joined = path if path.startswith("/") else f"{base}/{path}"
    kept: list[str] = []
    for part in joined.split("/"):
        if part == "..":
            if kept:
                kept.pop()
        elif part not in ("", "."):
            kept.append(part)
    last = joined.rstrip("/").rpartition("/")[2]
    ends_in_slash = joined.endswith("/") and kept and last not in (".", "..")
    return "/" + "/".join(kept) + ("/" if ends_in_slash else "")
