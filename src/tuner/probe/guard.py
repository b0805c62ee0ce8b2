"""A guard is asked all the time during a probe; a reason stops the probe at once."""

from collections.abc import Callable

import psutil

from tuner.units import format_size

Guard = Callable[[], str]
"""Returns why the probe must stop; empty while everything is well."""


def no_guard() -> str:
    """Never stop."""
    return ""


def any_of(*guards: Guard) -> Guard:
    """Stop for the first reason of several guards."""

    def check() -> str:
        return next((reason for guard in guards if (reason := guard())), "")

    return check


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
