"""Sizes and durations as people write them; inside the program: bytes and seconds.

Apache, mod_wsgi and the kernel count memory in powers of 1024, so K, M, G and
KB, MB, GB mean the same as KiB, MiB, GiB here.
"""

import re

from tuner.errors import UsageError

_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([KMGT]?)(i?B)?", re.IGNORECASE)
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(us|ms|s|m|min|h)?", re.IGNORECASE)
_FACTORS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


def parse_size(text: str) -> int:
    """Return bytes for ``40M``, ``1.5G``, ``512MiB`` or ``4096``.

    Raises:
        UsageError: the text is not a size.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"{text!r} is not a size", hint="write 40M, 1.5G or a number of bytes")
    return int(float(match[1]) * _FACTORS[match[2].upper()])


def parse_share(text: str, whole_bytes: int) -> int:
    """Return bytes for a size or for a percentage of ``whole_bytes``."""
    stripped = text.strip()
    if not stripped.endswith("%"):
        return parse_size(stripped)
    try:
        share = float(stripped[:-1])
    except ValueError:
        share = -1.0
    if not 0 <= share <= 100:
        raise UsageError(f"{text!r} is not a share", hint="write a size or 0% to 100%")
    return int(whole_bytes * share / 100)


def parse_percent(text: str) -> float:
    """Return a share for ``10%``; the sign may be left out.

    Raises:
        UsageError: it is not a percentage between 0 and 1000.
    """
    try:
        percent = float(text.strip().removesuffix("%"))
    except ValueError:
        percent = -1.0
    if not 0 <= percent <= 1000:
        raise UsageError(f"{text!r} is not a percentage", hint="write 10%")
    return percent / 100


def parse_duration(text: str) -> float:
    """Return seconds for ``500ms``, ``2s``, ``3m``; a bare number means seconds.

    Raises:
        UsageError: the text is not a duration.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"{text!r} is not a duration", hint="write 500ms, 2s or 3m")
    return float(match[1]) * _SECONDS[(match[2] or "s").lower()]


def format_size(size_bytes: float) -> str:
    """Return a size with three significant digits: ``40 MB``, ``19.5 GB``."""
    value, units = float(size_bytes), ["B", "KB", "MB", "GB", "TB"]
    while abs(value) >= 1000 and len(units) > 1:
        value /= 1024
        units.pop(0)
    sign = "-" if value < 0 else ""
    return f"{sign}{_three_digits(abs(value))} {units[0]}"


def format_seconds(seconds: float) -> str:
    """Return a duration with three significant digits: ``12.4 ms``, ``1.5 s``."""
    if seconds == 0:
        return "0 s"
    if seconds < 1e-3:
        return f"{_three_digits(seconds * 1e6)} us"
    if seconds < 1:
        return f"{_three_digits(seconds * 1e3)} ms"
    if seconds < 120:
        return f"{_three_digits(seconds)} s"
    return f"{seconds / 60:.1f} min"


def _three_digits(value: float) -> str:
    if value >= 100 or value == int(value):
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}".rstrip("0").rstrip(".")
