"""A trial: one Settings with what was measured at it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from tuner.capacity.settings import Settings

Goal = Literal["throughput", "latency", "memory"]
"""``latency``: the lowest percentile, ``memory``: the least need, both at 95 % or
more of the best throughput."""


class Objective(BaseModel):
    """What is wanted: throughput within a latency objective and an error limit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    goal: Goal = "throughput"
    percentile: Literal["p50", "p90", "p95", "p99"] = "p99"
    latency_seconds: float | None = None
    """None: no latency objective."""
    max_error_rate: float = 0.01

    def is_kept(self, latency_seconds: float | None, error_rate: float) -> bool:
        """Tell whether a latency, None where nothing succeeded, and an error rate keep it."""
        if error_rate > self.max_error_rate:
            return False
        if self.latency_seconds is None:
            return True
        return latency_seconds is not None and latency_seconds <= self.latency_seconds


class Trial(BaseModel):
    """One probe of one Settings, as the search sees it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int
    settings: Settings
    throughput: float
    """Good responses per second."""
    latency_seconds: float | None
    """At the objective's percentile; None when nothing succeeded."""
    error_rate: float
    memory_bytes: int
    """Memory measured during the probe: the sum of PSS."""
    need_bytes: int
    """Memory at full occupancy, predicted from what was measured."""
    doubts: dict[str, str] = {}
    """Why the numbers may not tell about the server."""
    failed: str = ""
    """Why the server could not be probed; empty when it was."""

    def is_feasible(self, objective: Objective) -> bool:
        """Tell whether it keeps the latency objective and the error limit."""
        if self.failed or not self.throughput:
            return False
        return objective.is_kept(self.latency_seconds, self.error_rate)
