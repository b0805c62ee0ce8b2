"""Measurements of a run that was interrupted, given back in their order and at their time."""

import time
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

from tuner.capacity.settings import Settings

CUT = "cut"
"""The kind of a line that takes back measurements before it: all but the first ``kept``."""


def in_force(lines: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the lines of a record without measurements that were taken back."""
    found: list[dict[str, Any]] = []
    for line in lines:
        if line["kind"] == CUT:
            measured = [one for one in found if _is_measured(one)]
            gone = {id(one) for one in measured[line["kept"] :]}
            found = [one for one in found if id(one) not in gone]
        else:
            found.append(line)
    return found


def _is_measured(line: dict[str, Any]) -> bool:
    """Tell whether a line holds a measurement, or why there is none."""
    return "probe" in line or "error" in line


class Replay:
    """Gives back what was recorded, as long as the same is asked for in the same order.

    The search is the same for the same measurements, so a run that goes on asks for
    the same settings again, and for others once the record ends. The first
    measurement that is not in the record ends the replay: what was recorded behind
    it belongs to another course of events. What failed last is tried again: the run may
    have ended with it. Without lines there is nothing to replay.
    """

    def __init__(self, lines: Iterable[dict[str, Any]] = ()) -> None:
        self._lines = deque(line for line in in_force(lines) if _is_measured(line))
        self._has_stale = False
        while self._lines and "error" in self._lines[-1]:
            self._lines.pop()
            self._has_stale = True
        self._taken = 0
        self._spent_seconds = 0.0
        self._since: float | None = None
        if not self._lines:
            self._start_clock()

    @property
    def elapsed_seconds(self) -> float:
        """Time that the run has taken: as recorded, then as it passes. Pauses do not count."""
        if self._since is None:
            return self._spent_seconds
        return self._spent_seconds + time.monotonic() - self._since

    @property
    def upcoming(self) -> str | None:
        """The kind of the measurement that comes next; None where nothing is replayed."""
        return self._lines[0]["kind"] if self._lines else None

    def take(
        self, kind: str, settings: Settings, concurrencies: tuple[int, ...]
    ) -> list[dict[str, Any]]:
        """Return the recorded lines if exactly these come next; nothing otherwise.

        The last of them may say why there are no more (``error``).
        """
        wanted = settings.model_dump(mode="json")
        head: list[dict[str, Any]] = []
        for number, line in zip(concurrencies, list(self._lines), strict=False):
            if (line["kind"], line["settings"]) != (kind, wanted):
                return []
            if "probe" in line and line["probe"]["concurrency"] != number:
                return []
            head.append(line)
            if "error" in line:
                break
        if not head or (len(head) < len(concurrencies) and "error" not in head[-1]):
            return []
        for _ in head:
            self._lines.popleft()
        self._taken += len(head)
        self._spent_seconds = head[-1]["elapsed_seconds"]
        if not self._lines:
            self._start_clock()
        return head

    def continues(self, kinds: Sequence[str]) -> bool:
        """Tell whether measurements of these kinds come next, all of them."""
        return [line["kind"] for line in list(self._lines)[: len(kinds)]] == list(kinds)

    def end(self) -> int | None:
        """Replay no more; return how many were given back, None where none is left over."""
        has_stale = self._has_stale or bool(self._lines)
        self._has_stale = False
        self._lines.clear()
        self._start_clock()
        return self._taken if has_stale else None

    def _start_clock(self) -> None:
        if self._since is None:
            self._since = time.monotonic()
