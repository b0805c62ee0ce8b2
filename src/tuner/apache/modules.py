"""Names of modules: the symbol that LoadModule takes and the source file that <IfModule> takes."""

from collections.abc import Mapping

_UNUSUAL_SOURCES = {
    "core_module": "core.c",
    "http_module": "http_core.c",
    "ldap_module": "util_ldap.c",
    "mpm_event_module": "event.c",
    "mpm_prefork_module": "prefork.c",
    "mpm_worker_module": "worker.c",
    "mpm_itk_module": "mpm_itk.c",
}

_UPSTREAM_STATIC = ("core_module", "so_module", "http_module")
_DEBIAN_STATIC = (
    *_UPSTREAM_STATIC,
    "log_config_module",
    "logio_module",
    "unixd_module",
    "version_module",
    "watchdog_module",
)

STATIC_MODULES: dict[str, tuple[str, ...]] = {
    "debian": _DEBIAN_STATIC,
    "upstream": _UPSTREAM_STATIC,
}
"""Modules compiled into httpd, by build (``httpd -l`` on each)."""

MPMS = {
    "mpm_event_module": "event",
    "mpm_worker_module": "worker",
    "mpm_prefork_module": "prefork",
}


def source_of(symbol: str) -> str:
    """Return the source file name that a module symbol answers to in <IfModule>."""
    if symbol in _UNUSUAL_SOURCES:
        return _UNUSUAL_SOURCES[symbol]
    return f"mod_{symbol.removesuffix('_module')}.c"


def symbol_of(name: str) -> str:
    """Return the symbol for a module named in any usual way: symbol, source or short name."""
    for symbol, source in _UNUSUAL_SOURCES.items():
        if name in (source, symbol):
            return symbol
    if name.endswith("_module"):
        return name
    return f"{name.removeprefix('mod_').removesuffix('.c')}_module"


def static_modules(names: tuple[str, ...]) -> dict[str, str]:
    """Return symbol and source of modules compiled into httpd."""
    symbols = [symbol_of(name) for name in names]
    return {symbol: source_of(symbol) for symbol in symbols}


def misnamed_module(word: str, modules: Mapping[str, str]) -> tuple[str, str] | None:
    """Return symbol and source of the loaded module that ``word`` means but does not name.

    <IfModule> knows only the two; ``mpm_event`` or ``mod_mpm_event.c`` match nothing.
    """
    if word in modules or word in modules.values():
        return None
    near = {f"{word}_module", f"mod_{word}.c", f"{word}.c", word.replace("mod_", "", 1)}
    near |= {word.lower(), word.replace(".so", ".c"), word.replace("mod_mpm_", "", 1)}
    near |= {f"mpm_{word}_module", f"mpm_{word}"}
    for symbol, source in modules.items():
        if symbol in near or source in near:
            return symbol, source
    return None
