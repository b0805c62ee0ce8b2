"""Parsing of option values."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuner.search.trial import Goal, Objective


def parse_slo(text: str | None, max_error_rate: float, goal: "Goal") -> "Objective":
    """Parse ``p99=500ms``.

    Raises:
        UsageError: it is not a percentile and a duration.
    """
    from tuner.errors import UsageError
    from tuner.search.trial import Objective

    if text is None:
        return Objective(goal=goal, max_error_rate=max_error_rate)
    percentile, equals, limit = text.partition("=")
    if not equals or percentile not in ("p50", "p90", "p95", "p99"):
        raise UsageError(f"--slo {text}: write p99=500ms (p50, p90, p95 or p99)")
    seconds = _duration(f"--slo {text}", limit)
    if seconds <= 0:
        raise UsageError(f"--slo {text}: the latency must be above 0")
    return Objective(
        goal=goal,
        percentile=percentile,  # type: ignore[arg-type]  # one of the four, checked above
        latency_seconds=seconds,
        max_error_rate=max_error_rate,
    )


def _duration(said: str, text: str) -> float:
    """Parse a duration; an error names the option that it was said with."""
    from tuner.errors import UsageError
    from tuner.units import parse_duration

    try:
        return parse_duration(text)
    except UsageError as error:
        raise UsageError(f"{said}: {error.message}", hint=error.hint) from error


def parse_length(option: str, text: str, least: str, most: str) -> float:
    """Parse a duration between two others; return seconds.

    Raises:
        UsageError: it is none, or outside.
    """
    from tuner.errors import UsageError
    from tuner.units import parse_duration

    seconds = _duration(option, text)
    if not parse_duration(least) <= seconds <= parse_duration(most):
        raise UsageError(f"{option} {text}: between {least} and {most}")
    return seconds


def parse_percent(option: str, text: str) -> float:
    """Parse ``30%`` or ``0.3`` as a share below 1.

    Raises:
        UsageError: it is neither.
    """
    from tuner.errors import UsageError

    number, percent, rest = text.partition("%")
    try:
        value = float(number) / (100 if percent else 1)
    except ValueError:
        value = -1.0
    if rest or not 0 <= value < 1:
        raise UsageError(f"{option} {text}: write a share below 100%, such as 30%")
    return value


def parse_interval(text: str) -> float:
    """Parse the seconds between two samples, ``5`` or ``500ms``.

    Raises:
        UsageError: it is less than a second: reading page tables holds a process up.
    """
    from tuner.errors import UsageError
    from tuner.units import parse_duration

    seconds = parse_duration(text)
    if seconds < 1:
        raise UsageError(f"--watch {text}: at least 1s", hint="reading holds every process up")
    return seconds
