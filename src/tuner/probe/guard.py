"""A guard is asked all the time during a probe; a reason stops the probe at once."""

from collections.abc import Callable

from tuner.host.free import free_memory
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


def memory_guard(least_share: float) -> Guard:
    """Stop when less than a share of the memory is free, here or in our control groups."""

    def check() -> str:
        free = min(free_memory(), key=lambda one: one.share)
        if free.share >= least_share:
            return ""
        return (
            f"available memory fell to {format_size(free.free_bytes)}, below {least_share:.0%} of "
            f"{format_size(free.limit_bytes)} ({free.source})"
        )

    return check
