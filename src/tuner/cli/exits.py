"""Exit codes that are results; errors carry their own (see ``tuner.errors``)."""

from collections.abc import Iterable

CLEAN = 0
NOTHING_BETTER = 4
REGRESSED = 6
FINDINGS = {"info": 11, "low": 12, "medium": 13, "high": 14}


def code_for_severities(severities: Iterable[str]) -> int:
    """Return the code of the highest severity, 0 when there is none."""
    return max((FINDINGS[severity] for severity in severities), default=CLEAN)
