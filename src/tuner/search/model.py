"""A queueing model of one server: throughput from processes and threads.

Throughput in a closed loop stays below four bounds (asymptotic bounds of a closed
queueing network: Lazowska et al., Quantitative System Performance, chapter 5):

- the requests in service over the time of one: ``min(N, p x t) / (D + Z)``
- the interpreter lock: ``p / (phi x D)``, phi the share of D that holds it
- the cores: ``C / D``, D growing with processes beyond the cores
- a back end that all share: ``X``

The bounds are joined by a smooth minimum. The parameters start at what a single
request showed and are fitted to all trials, each held near its start by a prior,
so that the model is usable after one trial and honest after ten.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from tuner.search.demand import ServiceDemand
from tuner.search.space import Point

_SHARPNESS = 6.0
"""Exponent of the smooth minimum: two equal bounds give 89 % of either."""

_MEASUREMENT_ERROR = 0.03
"""Standard deviation of one probe's log throughput (load.md: 2 to 6 %)."""

_FREE_BACKEND_FACTOR = 30.0
"""A back end is assumed to allow this many times what the cores do, until it shows."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What one trial tells the model."""

    point: Point
    throughput: float


@dataclass(frozen=True, slots=True)
class Parameters:
    """The model's parameters; times in seconds."""

    busy_seconds: float
    waiting_seconds: float
    lock_share: float
    """Share of the CPU time in which a Python thread keeps the others out."""
    process_overhead: float
    """Growth of the CPU time for each doubling of processes beyond the cores."""
    thread_overhead: float
    """Growth of the CPU time for each doubling of requests in service per process."""
    backend_throughput: float
    """Requests a second beyond which something shared by all is full."""


@dataclass(frozen=True, slots=True)
class ThroughputModel:
    """Predicts throughput and names the bound that limits it."""

    parameters: Parameters
    cores: int
    concurrency: int
    has_lock: bool
    """Whether an interpreter lock limits a process: false for static files."""
    share: float = 1.0
    """Part of all requests that the searched group serves; throughput is that of all."""

    def throughput(
        self, point: Point, *, cores: int | None = None, concurrency: int | None = None
    ) -> float:
        """Return requests per second, also for other cores or another load."""
        bounds = self.bounds(point, cores=cores, concurrency=concurrency)
        most = min(bounds.values())
        crowding = sum((most / bound) ** _SHARPNESS for bound in bounds.values())
        return most / math.pow(crowding, 1 / _SHARPNESS)

    def bounds(
        self, point: Point, *, cores: int | None = None, concurrency: int | None = None
    ) -> dict[str, float]:
        """Return each bound in requests per second, by name."""
        p, cores = self.parameters, cores or self.cores
        load = concurrency or self.concurrency
        in_service = max(1.0, min(load, point.processes * point.threads))
        each = max(1.0, in_service / point.processes)
        busy = p.busy_seconds * (1 + p.thread_overhead * math.log2(each))
        crowded = max(1.0, min(point.processes, in_service) / cores)
        bounds = {
            "workers": in_service / (busy + p.waiting_seconds) / self.share,
            "cores": cores / (busy * (1 + p.process_overhead * math.log2(crowded))),
            "back end": p.backend_throughput,
        }
        if self.has_lock:
            unlocked = min(point.processes, in_service)
            bounds["interpreter lock"] = unlocked / (p.lock_share * busy) / self.share
        return bounds

    def limit(self, point: Point) -> str:
        """Return the name of the tightest bound; ``clients`` where every one is in service."""
        bounds = self.bounds(point)
        tightest = min(bounds, key=bounds.__getitem__)
        if tightest == "workers" and point.processes * point.threads >= self.concurrency:
            return "clients"
        return tightest


_PRIORS = {
    # name: (standard deviation of the logarithm)
    "busy_seconds": 0.25,
    "waiting_seconds": 0.25,
    "lock_share": 0.4,
    "process_overhead": 1.0,
    "thread_overhead": 1.0,
    "backend_throughput": 3.0,
}
_PRIOR_NAMES = tuple(_PRIORS)
_LOCK_SHARE = 0.8
_PROCESS_OVERHEAD = 0.02
_THREAD_OVERHEAD = 0.02


def fit_model(
    demand: ServiceDemand,
    observed: Sequence[Observed],
    *,
    cores: int,
    concurrency: int,
    has_lock: bool,
    share: float = 1.0,
) -> ThroughputModel:
    """Fit the model to trials, most probable parameters under their priors.

    Least squares on log throughput with a soft L1 loss, so that one odd probe does
    not bend it (scipy.optimize.least_squares).
    """
    busy = max(demand.busy_seconds, 1e-5)
    start = Parameters(
        busy_seconds=busy,
        waiting_seconds=max(demand.waiting_seconds, 1e-6),
        lock_share=_LOCK_SHARE,
        process_overhead=_PROCESS_OVERHEAD,
        thread_overhead=_THREAD_OVERHEAD,
        backend_throughput=_FREE_BACKEND_FACTOR * cores / busy,
    )
    usable = [one for one in observed if one.throughput > 0]
    centre = np.log(_vector(start))
    spread = np.array(list(_PRIORS.values()))
    wanted = np.log(np.array([one.throughput for one in usable]))

    def model_of(logs: np.ndarray) -> ThroughputModel:
        values = np.exp(np.clip(logs, -30, 30))
        parameters = Parameters(*map(float, values))
        return ThroughputModel(parameters, cores, concurrency, has_lock, share)

    def residuals(logs: np.ndarray) -> np.ndarray:
        model = model_of(logs)
        found = np.log(np.array([model.throughput(one.point) for one in usable]))
        return np.concatenate([(found - wanted) / _MEASUREMENT_ERROR, (logs - centre) / spread])

    if not usable:
        return model_of(centre)
    # Far from its bound a parameter has no slope: try a back end at what was seen, too.
    capped = centre.copy()
    capped[_PRIOR_NAMES.index("backend_throughput")] = wanted.max() + _MEASUREMENT_ERROR
    fits = [
        least_squares(residuals, begin, loss="soft_l1", max_nfev=200) for begin in (centre, capped)
    ]
    return model_of(min(fits, key=lambda one: one.cost).x)


def _vector(parameters: Parameters) -> np.ndarray:
    return np.array([getattr(parameters, name) for name in _PRIOR_NAMES])
