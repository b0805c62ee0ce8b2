"""Coordinate search: change one value at a time, keep what is better beyond noise.

The first guess comes from a simple model of one request: ``busy`` seconds of CPU
and ``waiting`` seconds of anything else. Cores are full when
``cores x (busy + waiting) / busy`` requests are in service; a Python process
cannot use more than about one core, so processes come first for busy
applications and threads for waiting ones.
"""

import math
from collections.abc import Generator
from dataclasses import dataclass

from tuner.search.space import Point, Space
from tuner.search.trial import Objective, Trial

LEAST_GAIN = 0.03
"""A step must gain 3 % to be taken; less is noise or not worth a process."""

BUSY_SHARE = 0.2
"""Above this share of CPU in the response time, every core gets a process."""


@dataclass(frozen=True, slots=True)
class ServiceDemand:
    """What one request costs when nothing else runs, in seconds."""

    busy_seconds: float
    waiting_seconds: float

    @property
    def busy_share(self) -> float:
        """Share of the service time that needs a CPU."""
        return self.busy_seconds / max(self.busy_seconds + self.waiting_seconds, 1e-9)

    @property
    def concurrency_per_core(self) -> float:
        """Requests in service that keep one core busy."""
        return 1 / max(self.busy_share, 1e-6)


class CoordinateSearch:
    """Ask for a point, tell its trial, until there is nothing more to ask."""

    def __init__(
        self, space: Space, objective: Objective, demand: ServiceDemand, max_trials: int
    ) -> None:
        self.space = space
        self.objective = objective
        self.demand = demand
        self._left = max_trials
        self._measured: dict[Point, Trial] = {}
        self._plan = self._search()
        self._next: Point | None = next(self._plan)

    def ask(self) -> Point | None:
        """Return the point to measure next; None when the search is over."""
        return self._next if self._left > 0 else None

    def tell(self, trial: Trial) -> None:
        """Answer the last ``ask``."""
        assert self._next is not None
        self._measured[self._next] = trial
        self._left -= 1
        try:
            self._next = self._plan.send(trial)
        except StopIteration:
            self._next = None

    @property
    def best(self) -> Trial | None:
        """The best feasible trial; among equals the one that needs least memory."""
        feasible = [one for one in self._measured.values() if one.is_feasible(self.objective)]
        if not feasible:
            return None
        most = max(one.throughput for one in feasible)
        close = [one for one in feasible if one.throughput >= most * (1 - LEAST_GAIN)]
        return min(close, key=lambda one: (one.need_bytes, -one.throughput))

    def guess(self) -> Point:
        """Return the model's point: enough in service to fill the cores, within the load."""
        space = self.space
        wanted = min(
            space.concurrency, math.ceil(1.2 * space.cores * self.demand.concurrency_per_core)
        )
        if space.group is None:
            threads = space.start.threads
            return self._within(math.ceil(wanted / threads), threads)
        processes = space.cores
        if self.demand.busy_share <= BUSY_SHARE:
            processes = max(1, min(space.cores, wanted // 8))
        return self._within(processes, math.ceil(wanted / processes))

    def _search(self) -> Generator[Point, Trial, None]:
        centre = self.space.start
        best = yield centre
        guess = self.guess()
        if guess != centre and self.space.allows(guess):
            trial = yield guess
            if self._is_better(trial, best):
                centre, best = guess, trial
        while True:
            before = centre
            for axis in ("threads", "processes"):
                for direction in (1, -1):
                    moved = False
                    while (point := self._step(centre, axis, direction)) is not None:
                        trial = yield point
                        if not self._is_better(trial, best):
                            break
                        centre, best, moved = point, trial, True
                    if moved:
                        break
            if centre == before:
                return

    def _step(self, centre: Point, axis: str, direction: int) -> Point | None:
        """Return the next level on an axis that is allowed and not measured yet."""
        levels = self.space.thread_levels() if axis == "threads" else self.space.process_levels()
        value = getattr(centre, axis)
        if direction > 0:
            beyond = [level for level in levels if level > value]
        else:
            beyond = [level for level in reversed(levels) if level < value]
        for level in beyond[:1]:
            point = centre.model_copy(update={axis: level})
            if point not in self._measured and self.space.allows(point):
                return point
        return None

    def _within(self, processes: int, threads: int) -> Point:
        """Return the point on the levels at or above, fewer processes until it fits memory."""
        threads = _level_at_least(self.space.thread_levels(), threads)
        levels = self.space.process_levels()
        most = _level_at_least(levels, processes)
        for level in reversed([level for level in levels if level <= most]):
            point = Point(processes=level, threads=threads)
            if self.space.allows(point):
                return point
        return Point(processes=levels[0], threads=threads)

    def _is_better(self, trial: Trial, best: Trial) -> bool:
        if not trial.is_feasible(self.objective):
            return False
        if not best.is_feasible(self.objective):
            return True
        gain = trial.throughput / best.throughput - 1 if best.throughput else math.inf
        if gain > LEAST_GAIN:
            return True
        return gain > -LEAST_GAIN / 3 and trial.need_bytes < 0.9 * best.need_bytes


def _level_at_least(levels: tuple[int, ...], value: int) -> int:
    return next((level for level in levels if level >= value), levels[-1])
