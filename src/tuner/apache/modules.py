"""Names of modules: the symbol that LoadModule takes and the source file that <IfModule> takes."""

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
