"""What a probe measured."""

import math
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict


class Latency(BaseModel):
    """Response times of good responses, in seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mean_seconds: float
    p50_seconds: float
    p90_seconds: float
    p95_seconds: float
    p99_seconds: float
    max_seconds: float


class ProbeResult(BaseModel):
    """One probe. Counts and rates are of the measured part, behind the warm-up."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    engine: str
    concurrency: int
    elapsed_seconds: float
    requests: int
    """Requests that ended, well or not."""
    good: int
    """Responses with a status below 400."""
    throughput: float
    """Good responses per second."""
    latency: Latency | None
    """None when nothing succeeded."""
    errors: dict[str, int]
    """By kind: ``status 503``, ``timeout``, ``connection refused``..."""
    body_bytes: int
    keep_alive_races: int
    """Requests repeated because the server closed an idle connection; not errors."""
    in_flight_at_end: int
    """Requests that had not ended; their age is not in the latency."""
    client_cpu: float
    """Share of one core that the load generator used."""
    doubts: dict[str, str] = {}
    """Why the numbers may not tell about the server, by name: ``client-cpu``,
    ``littles-law``, ``few-samples``."""
    stopped: str = ""
    """Why a guard ended the probe early; empty when none did."""

    @property
    def error_rate(self) -> float:
        """Share of ended requests that failed; 1 when nothing ended."""
        return 1 - self.good / self.requests if self.requests else 1.0


CLIENT_LIMIT = 0.85
"""Above this share of a core the load generator measures itself (one process)."""

LITTLE_TOLERANCE = 0.10


def summarise_latency(seconds: Sequence[float]) -> Latency | None:
    """Summarise raw response times; percentiles by nearest rank."""
    if not seconds:
        return None
    ordered = sorted(seconds)

    def rank(percent: float) -> float:
        return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)]

    return Latency(
        mean_seconds=math.fsum(ordered) / len(ordered),
        p50_seconds=rank(50),
        p90_seconds=rank(90),
        p95_seconds=rank(95),
        p99_seconds=rank(99),
        max_seconds=ordered[-1],
    )


def doubts_about(result: ProbeResult) -> dict[str, str]:
    """Say why a result may not tell about the server, by name."""
    found: dict[str, str] = {}
    if result.client_cpu > CLIENT_LIMIT:
        found["client-cpu"] = (
            f"the load generator used {result.client_cpu:.0%} of a core and may be the limit"
        )
    mean = result.latency.mean_seconds if result.latency else 0.0
    if result.latency and not result.errors and result.elapsed_seconds > 20 * mean:
        inside = result.throughput * mean / result.concurrency
        if abs(inside - 1) > LITTLE_TOLERANCE:
            found["littles-law"] = (
                f"rate x latency accounts for {inside:.0%} of the {result.concurrency} clients"
            )
    if 0 < result.good < 100:
        found["few-samples"] = f"only {result.good} responses: the 99th percentile is not reliable"
    return found
