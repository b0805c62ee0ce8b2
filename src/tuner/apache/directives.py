"""The directives that httpd's own modules and mod_wsgi know.

``data/directives.tsv`` holds, for httpd 2.4.71 and mod_wsgi 4.9.4, one line a
directive: name, source file of its module, how it takes its arguments
(``AP_INIT_*`` in http_config.h) and where it may stand: ``S`` server and
virtual host, ``D`` directory sections, ``i l o f a`` .htaccess by AllowOverride
class, ``X`` executed while reading.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class DirectiveKind:
    """One directive as one module defines it."""

    name: str
    source: str
    arguments: str
    where: str

    @property
    def executed_while_reading(self) -> bool:
        """Whether httpd executes it at once instead of keeping it (EXEC_ON_READ)."""
        return "X" in self.where


@cache
def known_directives() -> dict[str, tuple[DirectiveKind, ...]]:
    """Return every known directive by its name in lower case.

    A name that several modules define (the MPM directives) has several kinds.
    """
    table: dict[str, tuple[DirectiveKind, ...]] = {}
    text = (Path(__file__).parent / "data/directives.tsv").read_text("ascii")
    for row in text.splitlines():
        name, source, arguments, where = row.split("\t")
        kind = DirectiveKind(name, source, arguments, where)
        table[name.lower()] = (*table.get(name.lower(), ()), kind)
    return table


@cache
def names_by_source() -> dict[str, tuple[str, ...]]:
    """Return the lower-case names of the directives that each module defines."""
    table: dict[str, list[str]] = {}
    for key, kinds in known_directives().items():
        for kind in kinds:
            table.setdefault(kind.source, []).append(key)
    return {source: tuple(names) for source, names in table.items()}
