"""Coordinate search: change one value at a time, keep what is better beyond noise.

The first guess comes from a simple model of one request: ``busy`` seconds of CPU
and ``waiting`` seconds of anything else. Cores are full when
``cores x (busy + waiting) / busy`` requests are in service; a Python process
cannot use more than about one core, so processes come first for busy
applications and threads for waiting ones.
"""

import math
from collections.abc import Generator

from tuner.search.choice import choose
from tuner.search.demand import ServiceDemand
from tuner.search.space import Point, Space
from tuner.search.trial import Objective, Trial

LEAST_GAIN = 0.03
"""A step must gain 3 % to be taken; less is noise or not worth a process."""

BUSY_SHARE = 0.2
"""Above this share of CPU in the response time, every core gets a process."""


class CoordinateSearch:
    """Ask for a point, tell its trial, until there is nothing more to ask."""

    def __init__(
        self,
        space: Space,
        objective: Objective,
        demand: ServiceDemand,
        max_trials: int,
        *,
        has_lock: bool = True,
    ) -> None:
        self.space = space
        self.objective = objective
        self.demand = demand
        self._left = self._max_trials = max_trials
        self._has_lock = has_lock
        self._measured: dict[Point, Trial] = {}
        self._seeded: dict[Point, Trial] = {}
        self._plan = self._search()
        self._next: Point | None = next(self._plan)

    def ask(self) -> Point | None:
        """Return the point to measure next; None when the search is over."""
        while self._next is not None and self._next in self._seeded:
            self._advance(self._seeded.pop(self._next))
        return self._next if self._left > 0 else None

    def seed(self, point: Point, trial: Trial) -> None:
        """Take over a trial that was measured before this search."""
        self._seeded[point] = trial

    def tell(self, trial: Trial) -> None:
        """Answer the last ``ask``."""
        self._left -= 1
        self._advance(trial)

    def _advance(self, trial: Trial) -> None:
        assert self._next is not None
        self._measured[self._next] = trial
        try:
            self._next = self._plan.send(trial)
        except StopIteration:
            self._next = None

    @property
    def stopped(self) -> str:
        """Why the search asks no more; empty while it does."""
        if self._next is None:
            return "no step of one value gains anything"
        return "" if self._left > 0 else f"{self._max_trials} settings were tried"

    @property
    def best(self) -> Trial | None:
        """The best feasible trial by the objective; None when none is feasible."""
        chosen = self.candidates(1)
        return chosen[0] if chosen else None

    def candidates(self, count: int) -> list[Trial]:
        """Return the trials worth a final comparison, the best first."""
        fitting = [one for one in self._measured.values() if self.space.holds(one.settings)]
        return choose(fitting, {}, self.objective, count)

    def guess(self) -> Point:
        """Return the model's point: enough in service to fill the cores, within the load."""
        space = self.space
        wanted = min(
            space.concurrency, math.ceil(1.2 * space.cores * self.demand.concurrency_per_core)
        )
        if space.group is None:
            threads = space.start.threads
            return space.nearest(math.ceil(wanted / threads), threads)
        processes = space.cores if self._has_lock else 1
        if self.demand.busy_share <= BUSY_SHARE:
            processes = max(1, min(space.cores, wanted // 8))
        return space.nearest(processes, math.ceil(wanted / processes))

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

    def _is_good(self, trial: Trial) -> bool:
        return trial.is_feasible(self.objective) and self.space.holds(trial.settings)

    def _is_better(self, trial: Trial, best: Trial) -> bool:
        if not self._is_good(trial):
            return False
        if not self._is_good(best):
            return True
        gain = trial.throughput / best.throughput - 1 if best.throughput else math.inf
        if gain > LEAST_GAIN:
            return True
        return gain > -LEAST_GAIN / 3 and trial.need_bytes < 0.9 * best.need_bytes
