"""The document behind the JSON of ``tuner optimize``, and its JSON Schema."""

import math
from typing import Annotated, Literal

from pydantic import BeforeValidator

from tuner.apache.changes import Change, RestartClass
from tuner.apache.effective.values import Model
from tuner.capacity.settings import Settings
from tuner.host.machine import Machine
from tuner.pipeline.optimise.result import Alternative, Outlook, Overload
from tuner.probe.plan import Request
from tuner.probe.result import ProbeResult
from tuner.search.trial import Trial
from tuner.server.watcher import RequestTimes


def _finite(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value


Finite = Annotated[float | None, BeforeValidator(_finite)]
"""A number, or null where it is unlimited: JSON has no infinity."""


class RatioPart(Model):
    """How many times more one side gives, with its 95 % interval."""

    estimate: float
    low: Finite
    high: Finite
    pairs: int


class Throughput(Model):
    """Good responses per second."""

    mean: float
    half_width: float | None
    """Of the 95 % interval; null with one value."""
    values: tuple[float, ...]


class SidePart(Model):
    """One side of the final race."""

    settings: Settings
    throughput: Throughput | None = None
    """Null when these settings could not be raced."""
    memory_bytes: int | None = None
    probes: tuple[ProbeResult, ...] = ()


class MemoryPart(Model):
    """Memory at full occupancy of the found settings, else of today's."""

    need_bytes: int
    need_formula: str
    budget_bytes: int
    budget_formula: str


class DemandPart(Model):
    """What one request costs."""

    busy_seconds: float
    waiting_seconds: float


class RequestPart(Model):
    """One kind of request in the traffic mix."""

    path: str
    weight: float
    method: str
    headers: tuple[str, ...]
    """Names only: what is given with ``--header`` often lets somebody in."""
    body_bytes: int


def request_part(request: Request) -> RequestPart:
    """Return a request without what it carries."""
    return RequestPart(
        path=request.path,
        weight=request.weight,
        method=request.method,
        headers=tuple(name for name, _ in request.headers),
        body_bytes=len(request.body),
    )


class OptimiseDocument(Model):
    """The report of ``tuner optimize``."""

    schema_version: Literal[1]
    tuner: str
    better: bool
    verdict: str
    today: SidePart
    found: SidePart | None
    confidence: Literal["high", "medium", "low"]
    rivals: tuple[SidePart, ...]
    overload: tuple[Overload, ...]
    outlook: Outlook | None
    alternatives: tuple[Alternative, ...]
    """Other ways to serve the same requests, measured in turn with what was found."""
    pareto: tuple[int, ...]
    """Numbers of the trials that no other beats in throughput, latency and memory."""
    stopped: str
    """Why the search ended."""
    throughput_ratio: RatioPart | None
    memory: MemoryPart
    service_demand: DemandPart
    request_times: RequestTimes | None
    """Where mod_wsgi saw the time of a request go, with today's settings at the load; null
    without an application, or where it could not be counted."""
    concurrency: int
    requests: tuple[RequestPart, ...]
    machine: Machine
    trials: tuple[Trial, ...]
    rejected: tuple[str, ...]
    doubts: tuple[str, ...]
    """What the result cannot be sure of, apart from what each probe doubts."""
    changes: tuple[Change, ...]
    restart: RestartClass | None
    run_directory: str
    elapsed_seconds: float
