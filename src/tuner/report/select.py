"""Which findings are shown, and in which order."""

from collections.abc import Iterable

from tuner.rules.finding import SEVERITIES, Finding, Severity


def at_least(findings: Iterable[Finding], severity: Severity) -> tuple[Finding, ...]:
    """Return findings of a severity or above, the highest first, then by id and place."""
    least = SEVERITIES.index(severity)
    kept = [one for one in findings if SEVERITIES.index(one.severity) >= least]
    kept.sort(
        key=lambda one: (
            -SEVERITIES.index(one.severity),
            one.id,
            str(one.locations[0]),
            one.subject,
        )
    )
    return tuple(kept)
