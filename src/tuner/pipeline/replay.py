"""Measurements of a run that was interrupted, given back in their order and at their time."""

import time
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

from tuner.capacity.settings import Settings


class Replay:
    """Gives back what was recorded, as long as the same is asked for in the same order.

    The search is the same for the same measurements, so a run that goes on asks for
    the same settings again, and for others once the record ends. The first
    measurement that is not in the record ends the replay: what was recorded behind
    it belongs to another course of events. Without lines there is nothing to replay.
    """

    def __init__(self, lines: Iterable[dict[str, Any]] = ()) -> None:
        self._lines = deque(line for line in lines if "probe" in line)
        self._spent_seconds = 0.0
        self._since: float | None = None
        if not self._lines:
            self.end()

    @property
    def elapsed_seconds(self) -> float:
        """Time that the run has taken: as recorded, then as it passes. Pauses do not count."""
        if self._since is None:
            return self._spent_seconds
        return self._spent_seconds + time.monotonic() - self._since

    def take(
        self, kind: str, settings: Settings, concurrencies: tuple[int, ...]
    ) -> list[dict[str, Any]]:
        """Return the recorded lines if exactly these come next; nothing otherwise."""
        wanted = settings.model_dump(mode="json")
        head = list(self._lines)[: len(concurrencies)]
        found = [(line["kind"], line["settings"], line["probe"]["concurrency"]) for line in head]
        if not head or found != [(kind, wanted, number) for number in concurrencies]:
            return []
        for _ in head:
            self._lines.popleft()
        self._spent_seconds = head[-1]["elapsed_seconds"]
        if not self._lines:
            self.end()
        return head

    def demand(self, kinds: Sequence[str]) -> None:
        """End the replay unless measurements of these kinds come next, all of them."""
        if [line["kind"] for line in list(self._lines)[: len(kinds)]] != list(kinds):
            self.end()

    def end(self) -> None:
        """Replay no more: from now on everything is measured."""
        self._lines.clear()
        if self._since is None:
            self._since = time.monotonic()
