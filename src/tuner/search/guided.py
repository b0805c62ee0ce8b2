"""Model-guided search: a queueing model for the shape, a Gaussian process for the rest.

The model predicts throughput from one request's demand; a few chosen points
calibrate it (the guess, one process, many processes); a Gaussian process on the
logarithm of what it misses says where it is wrong and how sure that is. The next
point is the one with the largest expected improvement (Jones, Schonlau and Welch
1998) times the chance that it keeps the latency objective. While the model misses
much, every other proposal looks at the process alone, so that a wrong model cannot
trap the search.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import norm

from tuner.search.choice import choose
from tuner.search.demand import ServiceDemand
from tuner.search.gaussian import GaussianProcess
from tuner.search.model import Observed, ThroughputModel, fit_model
from tuner.search.space import Point, Space
from tuner.search.trial import Objective, Trial

LEAST_EXPECTED_GAIN = 0.004
"""The search ends when two proposals in a row promise less than 0.4 %."""

_PROBE_NOISE = 0.03
_GOOD_MODEL = 0.05
"""A model that misses less than this on average is trusted to point at new settings."""
_MEMORY_PRICE = 0.010
_THREAD_PRICE = 0.003
"""What a factor e of memory, or of threads, must gain in throughput to be worth it."""
_LATENCY_SPREAD = 0.3
"""Standard deviation of log(percentile / mean latency) until trials tell."""
_FAILURE_REACH = 0.5
"""How far, in log processes and threads, a failed trial discourages its neighbours."""


class Posterior(NamedTuple):
    """Log throughput at the candidate points."""

    mean: np.ndarray
    deviation: np.ndarray


class GuidedSearch:
    """Ask for a point, tell its trial, until nothing more is worth a probe."""

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
        """May be replaced between tells, when processes turn out to cost more."""
        self.objective = objective
        self.demand = demand
        self.stopped = ""
        """Why the search asks no more."""
        self._max_trials = max_trials
        self._has_lock = has_lock
        self._measured: dict[Point, Trial] = {}
        self._calibration = [space.start, *calibration_points(space, demand, has_lock)]
        self._poor_proposals = 0
        self._asked: Point | None = None

    # --- ask and tell -------------------------------------------------------

    def ask(self) -> Point | None:
        """Return the point to measure next; None when the search is over."""
        if self._asked is None and not self.stopped:
            self._asked = self._next()
        return self._asked

    def tell(self, trial: Trial) -> None:
        """Answer the last ``ask``."""
        assert self._asked is not None
        self._measured[self._asked] = trial
        self._asked = None

    def seed(self, point: Point, trial: Trial) -> None:
        """Take over a trial that was measured before this search."""
        self._measured[point] = trial

    @property
    def best(self) -> Trial | None:
        """The best feasible trial by the objective; None when none is feasible."""
        chosen = self.candidates(1)
        return chosen[0] if chosen else None

    def candidates(self, count: int) -> list[Trial]:
        """Return the trials worth a final comparison, the best first."""
        fitting = [one for one in self._measured.values() if self.space.holds(one.settings)]
        return choose(fitting, self._levelled(), self.objective, count)

    @property
    def model(self) -> ThroughputModel:
        """The model, fitted to all trials so far."""
        return fit_model(
            self.demand,
            [Observed(point, one.throughput) for point, one in self._usable()],
            cores=self.space.cores,
            concurrency=self.space.concurrency,
            has_lock=self._has_lock,
            share=self.space.share,
        )

    # --- proposals ------------------------------------------------------------

    def _next(self) -> Point | None:
        if len(self._measured) >= self._max_trials:
            self.stopped = f"{self._max_trials} settings were tried"
            return None
        while self._calibration:
            point = self._calibration.pop(0)
            if point not in self._measured and (
                point == self.space.start or self.space.allows(point)
            ):
                return point
        return self._propose()

    def _propose(self) -> Point | None:
        points = self._open_points()
        if not points:
            self.stopped = "every setting that fits was tried"
            return None
        gains = self._expected_gains(points)
        best = int(np.argmax(gains))
        self._poor_proposals = self._poor_proposals + 1 if gains[best] < LEAST_EXPECTED_GAIN else 0
        if self._poor_proposals >= 2:
            self.stopped = f"no other setting promises more than {LEAST_EXPECTED_GAIN:.1%}"
            return None
        return points[best]

    def _open_points(self) -> list[Point]:
        return [
            point
            for processes in self.space.process_levels()
            for threads in self.space.thread_levels()
            if (point := Point(processes=processes, threads=threads)) not in self._measured
            and self.space.allows(point)
        ]

    def _expected_gains(self, points: Sequence[Point]) -> np.ndarray:
        """Return the expected improvement of log throughput, priced and made feasible."""
        model = self.model
        with_model = len(self._measured) % 2 == 0 or self._error_of(model) <= _GOOD_MODEL
        feasible = [
            point
            for point, one in self._usable()
            if one.is_feasible(self.objective) and self.space.holds(one.settings)
        ]
        both = self._posterior([*points, *feasible], model if with_model else None)
        mean, deviation = both.mean[: len(points)], both.deviation[: len(points)]
        chance = self._chance_of_objective(mean)
        if not feasible:
            hope = chance * np.exp(mean - mean.max())
            return np.asarray(hope * self._encouragement(points))
        incumbent = float(np.max(both.mean[len(points) :] - self._prices(feasible)))
        value = mean - self._prices(points)
        z = (value - incumbent) / deviation
        gain = (value - incumbent) * norm.cdf(z) + deviation * norm.pdf(z)
        return np.asarray(gain * chance * self._encouragement(points))

    def _error_of(self, model: ThroughputModel) -> float:
        """Return the root mean square of what the model misses, in log throughput."""
        missed = [
            math.log(one.throughput / model.throughput(point)) for point, one in self._usable()
        ]
        return math.sqrt(sum(one**2 for one in missed) / max(1, len(missed)))

    def _posterior(self, points: Sequence[Point], model: ThroughputModel | None) -> Posterior:
        """Return log throughput at points: a mean function plus the process on its errors.

        The mean function is the model, or the mean of all trials where it is None.
        """
        usable = self._usable()
        logs = np.array([math.log(one.throughput) for _, one in usable])

        def expected(at: Sequence[Point]) -> np.ndarray:
            if model is None:
                return np.full(len(at), logs.mean())
            return np.array([math.log(model.throughput(point)) for point in at])

        if not usable:
            return Posterior(expected(points), np.full(len(points), 0.5))
        known = [point for point, _ in usable]
        process = GaussianProcess(known, list(logs - expected(known)), _PROBE_NOISE)
        mean, deviation = process.at(points)
        return Posterior(expected(points) + mean, np.maximum(deviation, 1e-6))

    def _prices(self, points: Sequence[Point]) -> np.ndarray:
        needs = np.array([self.space.need_bytes(point) for point in points], dtype=float)
        slots = np.array([point.processes * point.threads for point in points], dtype=float)
        return np.asarray(_MEMORY_PRICE * np.log(needs) + _THREAD_PRICE * np.log(slots))

    def _chance_of_objective(self, log_throughput: np.ndarray) -> np.ndarray:
        """Return the probability that a point keeps the latency objective.

        The mean latency in a closed loop is N / X (Little's law); the percentile
        lies above it by a factor that the trials show.
        """
        wanted = self.objective.latency_seconds
        if wanted is None:
            return np.ones(len(log_throughput))
        factors = [
            math.log(one.latency_seconds * one.throughput / self.space.concurrency)
            for _, one in self._usable()
            if one.latency_seconds
        ]
        centre = float(np.mean(factors)) if factors else math.log(2.0)
        spread = float(np.std(factors)) if len(factors) > 2 else _LATENCY_SPREAD
        predicted = centre + math.log(self.space.concurrency) - log_throughput
        return norm.cdf((math.log(wanted) - predicted) / max(spread, 0.1))

    def _encouragement(self, points: Sequence[Point]) -> np.ndarray:
        """Return a factor that is small near settings that failed."""
        factor = np.ones(len(points))
        for point, trial in self._measured.items():
            if trial.failed or trial.error_rate > self.objective.max_error_rate:
                squared = np.array([_distance_squared(point, one) for one in points])
                factor *= 1 - np.exp(-squared / _FAILURE_REACH)
        return factor

    # --- what is known ------------------------------------------------------------

    def _usable(self) -> list[tuple[Point, Trial]]:
        return [
            (point, one)
            for point, one in self._measured.items()
            if not one.failed and one.throughput > 0
        ]

    def _levelled(self) -> dict[int, float]:
        """Return throughput by trial number, measurement errors evened out by the process."""
        usable = self._usable()
        if len(usable) < 3:
            return {one.number: one.throughput for _, one in usable}
        posterior = self._posterior([point for point, _ in usable], self.model)
        return {
            one.number: math.exp(mean)
            for (_, one), mean in zip(usable, posterior.mean, strict=True)
        }


def calibration_points(space: Space, demand: ServiceDemand, has_lock: bool) -> list[Point]:
    """Return the points that tell most about the model, the model's own guess first.

    Workers that fill the cores with one process for each core; the same in one
    process (what the interpreter lock costs); the same with two processes a core.
    """
    saturating = min(space.concurrency, math.ceil(1.5 * space.cores * demand.concurrency_per_core))
    if space.group is None:
        threads = space.start.threads
        wanted = [saturating, 2 * saturating, space.cores]
        return [space.nearest(math.ceil(count / threads), threads) for count in wanted]
    layouts = [(space.cores, saturating), (2 * space.cores, saturating)]
    if has_lock:
        layouts.insert(1, (1, saturating))
    return [space.nearest(processes, math.ceil(count / processes)) for processes, count in layouts]


def _distance_squared(first: Point, second: Point) -> float:
    across = math.log(first.processes / second.processes)
    along = math.log(first.threads / second.threads)
    return across**2 + along**2
