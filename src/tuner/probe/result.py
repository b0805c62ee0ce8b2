"""What a probe measured."""

from typing import Literal

from pydantic import Field

from tuner.probe.histogram import Latency
from tuner.probe.plan import Value

Effect = Literal["note", "doubt", "invalid"]
"""``note``: worth knowing. ``doubt``: the numbers are worse than they look.
``invalid``: the numbers do not tell about the server."""

Validity = Literal["valid", "doubtful", "invalid"]


class Check(Value):
    """One validity check that found something."""

    name: str
    effect: Effect
    message: str
    """With its numbers, for people."""
    advice: str = ""


class ClientLoad(Value):
    """What the load generator itself used; the busiest process where there are several."""

    cpu_share: float
    """Of one core."""
    queue_share: float = 0.0
    """Share of the time in which it could have run but had no core."""
    lag_p99_seconds: float | None = None
    """How long one turn of its event loop took; later events wait that long."""
    lag_max_seconds: float | None = None
    processes: int = 1


class Censored(Value):
    """Requests still in flight at the end: they took at least this long."""

    count: int = 0
    max_age_seconds: float = 0.0


class ProbeResult(Value):
    """One probe. Counts and rates are of the measured part, behind the warm-up."""

    engine: str
    engine_reason: str = ""
    """Why ``auto`` took this engine; empty when it was asked for by name."""
    mode: Literal["closed", "open"]
    concurrency: int
    rate: float | None = None
    elapsed_seconds: float
    """Length of the measured part."""
    discarded_seconds: float
    """Warm-up that is not in the numbers."""
    is_steady: bool = True
    """Whether the throughput became steady at all."""
    drift: float = 0.0
    """Change of throughput over the measured part, as a share of its mean."""
    requests: int
    """Requests that ended, well or not."""
    good: int
    """Responses with a status below 400."""
    throughput: float
    """Good responses per second."""
    latency: Latency | None
    """None when nothing succeeded. Open loop: counted from when the request was due."""
    connect: Latency | None = None
    histogram: str = ""
    """Latency as an HDR V2 histogram in microseconds; empty when the engine has none."""
    errors: dict[str, int]
    """By kind: ``status 503``, ``timeout``, ``connection refused``..."""
    statuses: dict[int, int] = Field(default_factory=dict)
    body_bytes: int
    """Bytes received, heads included where the engine counts them."""
    mismatches: int = 0
    """Good responses that differ from the canary's status or length."""
    keep_alive_races: int
    """Requests repeated because the server closed an idle connection; not errors."""
    connections_opened: int = 0
    censored: Censored = Censored()
    backlog: int = 0
    """Open loop: requests that were due and never sent."""
    fairness: float | None = None
    """Jain's index of good responses over connections: 1 when all got the same."""
    client: ClientLoad
    server_cores: float | None = None
    """Cores that the server used; None when its processes are not on this machine."""
    series: tuple[int, ...] = ()
    """Good responses in each tenth of a second, warm-up included."""
    unknown: tuple[str, ...] = ()
    """What this engine cannot tell."""
    checks: tuple[Check, ...] = ()
    stopped: str = ""
    """Why a guard ended the probe early; empty when none did."""

    @property
    def error_rate(self) -> float:
        """Share of ended requests that failed; 1 when nothing ended."""
        return 1 - self.good / self.requests if self.requests else 1.0

    @property
    def validity(self) -> Validity:
        """The worst effect of all checks."""
        effects = {one.effect for one in self.checks}
        if "invalid" in effects:
            return "invalid"
        return "doubtful" if "doubt" in effects else "valid"
