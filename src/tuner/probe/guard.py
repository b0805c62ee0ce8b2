"""A guard is asked all the time during a probe; a reason stops the probe at once."""

from collections.abc import Callable

import psutil

from tuner.units import format_size

Guard = Callable[[], str]
"""Returns why the probe must stop; empty while everything is well."""


def no_guard() -> str:
    """Never stop."""
    return ""


def memory_guard(least_available_bytes: int) -> Guard:
    """Stop when the machine's available memory falls below a floor."""

    def check() -> str:
        available = psutil.virtual_memory().available
        if available >= least_available_bytes:
            return ""
        return (
            f"available memory fell to {format_size(available)}, "
            f"below {format_size(least_available_bytes)}"
        )

    return check
