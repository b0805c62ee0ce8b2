"""Limits that systemd puts on Apache's service, from its unit files.

For a server that does not run here: a running one shows them in its control
group. Drop-ins come after the unit, sorted by name; the last value counts
(systemd.unit(5), systemd.resource-control(5)).
"""

from collections.abc import Iterator
from pathlib import Path

from tuner.errors import UsageError
from tuner.host.cgroup import Limit
from tuner.units import parse_size

SERVICES = ("apache2.service", "httpd.service")
_DIRECTORIES = ("etc/systemd/system", "run/systemd/system", "usr/lib/systemd/system",
                "lib/systemd/system")  # fmt: skip
_NAMES = ("MemoryMax", "MemoryHigh", "MemoryLimit")


def service_memory_limits(total_bytes: int, root: Path = Path("/")) -> list[Limit]:
    """Return the memory limits of Apache's service in bytes, tightest first.

    ``root`` is where the file system to look at begins; shares count from
    ``total_bytes``.
    """
    found: list[Limit] = []
    for service in SERVICES:
        values: dict[str, tuple[str, Path]] = {}
        for path in _files(service, root):
            for name, value in _settings(path):
                values[name] = (value, path)
        for name, (value, path) in values.items():
            size = _size(value, total_bytes)
            if name in _NAMES and size is not None:
                found.append(Limit(size, f"{name} in {path}"))
    return sorted(found, key=lambda limit: limit.value)


def _files(service: str, root: Path) -> Iterator[Path]:
    """Yield the unit that counts, then its drop-ins; a name in /etc hides the same in /lib."""
    units = [root / directory / service for directory in _DIRECTORIES]
    unit = next((path for path in units if path.is_file()), None)
    if unit is None:
        return
    yield unit
    drop_ins: dict[str, Path] = {}
    for directory in reversed(_DIRECTORIES):
        for path in (root / directory / f"{service}.d").glob("*.conf"):
            drop_ins[path.name] = path
    yield from (drop_ins[name] for name in sorted(drop_ins))


def _settings(path: Path) -> Iterator[tuple[str, str]]:
    try:
        lines = path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return
    section = ""
    for line in lines:
        stripped = line.strip()
        if stripped.startswith("["):
            section = stripped
        name, equals, value = stripped.partition("=")
        if equals and section == "[Service]" and not stripped.startswith(("#", ";")):
            yield name.strip(), value.strip()


def _size(value: str, total_bytes: int) -> float | None:
    """Return bytes; None for ``infinity``, an empty value and what systemd ignores."""
    try:
        if value.endswith("%"):
            return total_bytes * float(value[:-1]) / 100
        return float(parse_size(value))
    except (UsageError, ValueError):
        return None
