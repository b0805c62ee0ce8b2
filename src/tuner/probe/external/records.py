"""A log with one record for each request, as the native loop's document."""

from collections.abc import Iterable
from typing import NamedTuple

from tuner.probe.external.child import Finished
from tuner.probe.loop.tally import WINDOW_SECONDS, quantize
from tuner.probe.shards import Document


class Record(NamedTuple):
    """One request that ended."""

    ended_seconds: float
    """Since the first request began."""
    microseconds: int
    kind: str
    """What failed; empty when nothing did."""
    status: int
    """0 when there was no answer."""


def document_of(records: Iterable[Record], seconds: float, finished: Finished) -> Document:
    """Return records by windows, so that they are merged and cut as the loop's own are."""
    windows: dict[int, dict[int, int]] = {}
    errors: dict[int, dict[str, int]] = {}
    statuses: dict[int, int] = {}
    for record in records:
        window = int(record.ended_seconds / WINDOW_SECONDS)
        if record.status:
            statuses[record.status] = statuses.get(record.status, 0) + 1
        if record.kind:
            kinds = errors.setdefault(window, {})
            kinds[record.kind] = kinds.get(record.kind, 0) + 1
        else:
            counts = windows.setdefault(window, {})
            value = quantize(record.microseconds)
            counts[value] = counts.get(value, 0) + 1
    return {
        "elapsed_seconds": seconds,
        "window_seconds": WINDOW_SECONDS,
        "windows": windows,
        "errors": errors,
        "statuses": statuses,
        "bytes": 0,
        "mismatches": 0,
        "races": 0,
        "opened": 0,
        "connect": {},
        "censored": [],
        "backlog": 0,
        "lags": {},
        "usage": [(0.0, 0.0, 0.0), (finished.seconds, finished.cpu_seconds, 0.0)],
        "per_connection": [],
    }
