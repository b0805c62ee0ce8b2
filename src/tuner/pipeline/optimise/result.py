"""What an optimisation found."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from tuner.apache.tree import Configuration
from tuner.capacity.memory import MemoryCosts, MemoryNeed, memory_need
from tuner.capacity.settings import Settings
from tuner.host.machine import Machine
from tuner.patch.build import Patch
from tuner.pipeline.measure import Measurement
from tuner.pipeline.optimise.request import OptimiseRequest
from tuner.pipeline.target import Target
from tuner.search.demand import ServiceDemand
from tuner.search.statistics import Ratio
from tuner.search.trial import Trial
from tuner.server.watcher import RequestTimes


@dataclass(frozen=True, slots=True)
class Side:
    """One side of the final race: all its probes."""

    settings: Settings
    measurements: tuple[Measurement, ...]

    @property
    def throughputs(self) -> tuple[float, ...]:
        """Good responses per second, one value a round."""
        return tuple(one.probe.throughput for one in self.measurements)


class Overload(BaseModel):
    """The recommendation probed above its load."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    factor: float
    concurrency: int
    throughput: float
    latency_seconds: float | None
    """At the objective's percentile."""
    error_rate: float
    memory_bytes: int
    problem: str = ""
    """Why this load is too much for the settings; empty when it is not."""


class Outlook(BaseModel):
    """What the model says about the recommendation and about other machines."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    limit: str
    """The bound that holds throughput: clients, workers, cores, interpreter lock, back end."""
    predicted_throughput: float
    one_more_core: float
    """Throughput, as a multiple, of the best settings with one more core."""
    twice_the_memory: float
    """The same with twice the memory budget."""


class Alternative(BaseModel):
    """Another way to serve the same requests, measured in turn with the result."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    settings: Settings
    directives: tuple[str, ...] = ()
    """What would have to be written."""
    throughput: float = 0.0
    ratio: Ratio | None = None
    """Throughput over that of the result."""
    latency_seconds: float | None = None
    """At the objective's percentile."""
    error_rate: float = 0.0
    fairness: float | None = None
    """Jain's index of good responses over clients."""
    memory_bytes: int = 0
    need_bytes: int = 0
    """At full occupancy."""
    failed: str = ""
    """Why it could not be measured; empty when it was."""


@dataclass(frozen=True, slots=True)
class OptimiseReport:
    """Everything that an optimisation found."""

    configuration: Configuration
    request: OptimiseRequest
    target: Target
    machine: Machine
    budget_bytes: int
    budget_formula: str
    doubts: tuple[str, ...]
    """What the result cannot be sure of, apart from the probes' own doubts."""
    demand: ServiceDemand
    times: RequestTimes | None
    """Where the time of a request goes with today's settings at the load, by mod_wsgi."""
    costs: MemoryCosts
    trials: tuple[Trial, ...]
    pareto: tuple[int, ...]
    """Numbers of the trials that no other beats on throughput, latency and memory."""
    rejected: tuple[str, ...]
    stopped: str
    """Why the search ended."""
    today: Side | None
    """None when today's settings could not be measured within the budget."""
    winner: Side | None
    rivals: tuple[Side, ...]
    """Who lost the race against the winner."""
    ratio: Ratio | None
    """Throughput of the winner over today's, from interleaved pairs."""
    overload: tuple[Overload, ...]
    outlook: Outlook | None
    alternatives: tuple[Alternative, ...]
    patch: Patch | None
    verdict: str
    run_directory: Path
    elapsed_seconds: float

    @property
    def is_better(self) -> bool:
        """Whether there is something to recommend."""
        return self.patch is not None

    @property
    def confidence(self) -> Literal["high", "medium", "low"]:
        """How far the result can be trusted: high, medium or low."""
        probes = [one.probe for one in self.winner.measurements] if self.winner else []
        if any(one.validity == "invalid" for one in probes):
            return "low"
        wide = self.ratio is None or self.ratio.high - self.ratio.low > 0.2 * self.ratio.estimate
        doubtful = any(one.validity == "doubtful" for one in probes)
        return "medium" if wide or doubtful else "high"

    def need(self, settings: Settings) -> MemoryNeed:
        """Predict memory at full occupancy."""
        return memory_need(settings, self.costs)
