"""plan: from a recorded run to capacity, hosts and head-room."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from tuner.capacity.settings import GroupSettings, Settings
from tuner.errors import UsageError
from tuner.pipeline.measure import Measurement, latency_of, measurement_of
from tuner.pipeline.optimise.outlook import best_throughput
from tuner.pipeline.record import read_run
from tuner.pipeline.replay import in_force
from tuner.search.demand import ServiceDemand
from tuner.search.model import Observed, ThroughputModel, fit_model
from tuner.search.space import Space
from tuner.search.statistics import mean_with_interval
from tuner.search.trial import Objective

SECONDS_PER_MONTH = 30 * 24 * 3600
_GIB = 2**30
_End = Literal["low end", "estimate"]


class PlanRequest(NamedTuple):
    """What is asked of a run."""

    run: Path
    target_throughput: float | None = None
    """Requests per second that all hosts together must serve."""
    headroom: float = 0.3
    """Share of the measured throughput that stays free."""
    think_seconds: float = 5.0
    """Time between the answer and the next request of one user."""
    peak_factor: float = 1.0
    """How many times the month's average the busiest hour has."""


class Range(BaseModel):
    """A number with its 95 % interval."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    estimate: float
    low: float
    high: float

    def times(self, factor: float) -> "Range":
        """Return the range scaled."""
        return Range(
            estimate=self.estimate * factor, low=self.low * factor, high=self.high * factor
        )


class Plan(BaseModel):
    """The capacity of one host with the settings of a run, and what follows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = 1
    run: str
    settings: Settings
    is_today: bool
    """The settings are those from before the run: it found nothing better."""
    concurrency: int
    probes: int
    percentile: str
    latency_seconds: float | None
    """Largest measured, at the percentile."""
    objective_seconds: float | None
    keeps_objective: bool
    throughput: Range
    """Requests per second of one host, measured."""
    headroom: float
    planned: Range
    """The same less the head-room: what one host should be given at its busiest."""
    requests_per_month: Range
    peak_factor: float
    think_seconds: float
    users: Range
    """Users at the same time, each waiting ``think_seconds`` between requests."""
    target_throughput: float | None
    hosts: int | None
    """Hosts for the target, one more than needed (N+1)."""
    hosts_by: _End | None
    """Which end of ``planned`` they are counted by: the estimate where one probe, or very
    different ones, leave the interval without a low end."""
    one_more_core: Range
    """Requests per second of one host with one more core, by the model."""
    one_more_gibibyte: Range


def plan(request: PlanRequest) -> Plan:
    """Answer capacity questions from a finished run.

    Raises:
        UsageError: the run is unreadable, not finished, or measured nothing good.
    """
    lines = in_force(read_run(request.run))
    try:
        return _plan(request, lines)
    except (KeyError, TypeError, ValidationError) as error:
        raise UsageError(f"{request.run} is not a complete record: {error!r:.80}") from error


def _plan(request: PlanRequest, lines: Sequence[dict[str, Any]]) -> Plan:
    start, end = lines[0], lines[-1]
    if end["kind"] != "end":
        raise UsageError(
            f"{request.run} is not finished", hint=f"tuner optimize --resume {request.run}"
        )
    settings = Settings.model_validate(end["settings"])
    asked = start["request"]
    measured = _measurements(lines, settings, asked["concurrency"])
    values = [one.probe.throughput for one in measured if one.probe.throughput > 0]
    if not values:
        raise UsageError(f"{request.run} has no good measurement of {settings.describe()}")
    objective = Objective.model_validate(asked["objective"])
    latencies = [latency_of(one.probe, objective.percentile) for one in measured]
    latency = max((one for one in latencies if one is not None), default=None)
    throughput = _range(values)
    planned = throughput.times(1 - request.headroom)
    hosts, hosts_by = _hosts(request.target_throughput, planned)
    model, space = _model(lines, end)
    return Plan(
        run=str(request.run),
        settings=settings,
        is_today=settings.model_dump(mode="json") == start["today"],
        concurrency=asked["concurrency"],
        probes=len(values),
        percentile=objective.percentile,
        latency_seconds=latency,
        objective_seconds=objective.latency_seconds,
        keeps_objective=objective.latency_seconds is None
        or (latency is not None and latency <= objective.latency_seconds),
        throughput=throughput,
        headroom=request.headroom,
        planned=planned,
        requests_per_month=planned.times(SECONDS_PER_MONTH / request.peak_factor),
        peak_factor=request.peak_factor,
        think_seconds=request.think_seconds,
        users=planned.times(request.think_seconds + _mean_latency(measured)),
        target_throughput=request.target_throughput,
        hosts=hosts,
        hosts_by=hosts_by,
        one_more_core=throughput.times(_gain(model, space, cores=1)),
        one_more_gibibyte=throughput.times(_gain(model, space, memory_bytes=_GIB)),
    )


def _measurements(
    lines: Sequence[dict[str, Any]], settings: Settings, concurrency: int
) -> list[Measurement]:
    """Return what was measured of the settings at the load: in the race, else as a trial."""
    wanted = settings.model_dump(mode="json")
    same = [
        line
        for line in lines
        if line.get("settings") == wanted
        and "probe" in line
        and line["probe"]["concurrency"] == concurrency
    ]
    raced = [line for line in same if line["kind"].startswith("race-")]
    tried = [line for line in same if line["kind"] == "trial"]
    return [measurement_of(line) for line in raced or tried]


def _range(values: Sequence[float]) -> Range:
    mean, half = mean_with_interval(values)
    if not math.isfinite(half):
        return Range(estimate=mean, low=0.0, high=math.inf)
    return Range(estimate=mean, low=max(0.0, mean - half), high=mean + half)


def _mean_latency(measured: Sequence[Measurement]) -> float:
    found = [one.probe.latency.mean_seconds for one in measured if one.probe.latency]
    return sum(found) / max(1, len(found))


def _hosts(target: float | None, planned: Range) -> tuple[int | None, _End | None]:
    if target is None:
        return None, None
    if planned.low:
        return math.ceil(target / planned.low) + 1, "low end"
    return math.ceil(target / planned.estimate) + 1, "estimate"


def _model(lines: Sequence[dict[str, Any]], end: dict[str, Any]) -> tuple[ThroughputModel, Space]:
    """Fit the model of the run again, to its trials at the load of the run."""
    space = Space.model_validate(end["space"])
    trials = [
        (Settings.model_validate(line["settings"]), line["probe"]["throughput"])
        for line in lines
        if line["kind"] == "trial" and "probe" in line
    ]
    observed = [
        Observed(space.model_copy(update={"today": settings}).start, throughput)
        for settings, throughput in trials
        if _others(settings, space.group) == _others(space.today, space.group)
    ]
    demand = ServiceDemand(**end["demand"])
    has_lock = bool(lines[0]["has_application"])
    model = fit_model(
        demand,
        observed,
        cores=space.cores,
        concurrency=space.concurrency,
        has_lock=has_lock,
        share=space.share,
    )
    return model, space


def _others(settings: Settings, group: str | None) -> tuple[GroupSettings, ...]:
    """Return the groups that were held while ``group`` was searched."""
    return tuple(one for one in settings.groups if one.name != group)


def _gain(model: ThroughputModel, space: Space, *, cores: int = 0, memory_bytes: int = 0) -> float:
    now = best_throughput(model, space)
    larger = space.model_copy(
        update={"cores": space.cores + cores, "budget_bytes": space.budget_bytes + memory_bytes}
    )
    return best_throughput(model, larger) / now if now else 1.0
