"""measure: the memory of the running server by role, the budget, and how it grows."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tuner.apache.mod_status import Scoreboard
from tuner.apache.read import ReadRequest, read
from tuner.apache.tree import Configuration
from tuner.capacity.growth import Growth, Point, Unit, growth
from tuner.capacity.memory import MemoryNeed, front_processes_that_fit, memory_need
from tuner.fact import Unknown
from tuner.host.processes import ProcessMemory, Role
from tuner.host.profile import MemoryProfile, RoleMemory
from tuner.host.smaps import kinds_of
from tuner.pipeline.memory_report import (
    Confidence,
    MemoryReport,
    NotKnown,
    RoleReport,
    Room,
    Totals,
)
from tuner.pipeline.observe import Observation, ObserveRequest, observe
from tuner.pipeline.running import find_running
from tuner.pipeline.status import read_scoreboard
from tuner.pipeline.views import Views, views_of
from tuner.pipeline.warm import Warmed, warm_up

SHORT_UPTIME_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class MeasureRequest:
    """What to measure, how often, and what to send first."""

    read: ReadRequest
    pid: int | None = None
    budget: str | None = None
    reserve: str | None = None
    warm: str | None = None
    """``URL`` or ``URL=REQUESTS``."""
    may_leave_loopback: bool = False
    samples: int = 1
    interval_seconds: float = 5.0


@dataclass(slots=True)
class _Watch:
    """What has been seen over all samples."""

    began: float
    points: dict[tuple[Role, str | None, Unit], list[Point]] = field(default_factory=dict)
    totals: list[Totals] = field(default_factory=list)


def measure(
    request: MeasureRequest,
    progress: Callable[[str], None] = lambda line: None,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[MemoryReport]:
    """Measure the running server ``request.samples`` times; yield a report each time.

    Raises:
        MeasurementError: no server runs, or it ended.
        UsageError: ``warm`` or ``budget`` cannot be understood, or ``warm`` would
            leave this machine without permission.
    """
    configuration = read(request.read)
    views = views_of(configuration)
    pid = find_running(configuration, request.pid, live=True)
    assert pid is not None
    warmed = None
    if request.warm is not None:
        warmed = warm_up(configuration, views, request.warm, request.may_leave_loopback)
        progress(warmed.describe())
    watch = _Watch(clock())
    for number in range(request.samples):
        if number:
            sleep(request.interval_seconds)
        yield _sample(configuration, views, request, pid, warmed, watch, clock)


def _sample(
    configuration: Configuration,
    views: Views,
    request: MeasureRequest,
    pid: int,
    warmed: Warmed | None,
    watch: _Watch,
    clock: Callable[[], float],
) -> MemoryReport:
    scoreboard = read_scoreboard(configuration, pid)
    observation = observe(
        configuration,
        views,
        ObserveRequest(live=True, pid=pid, budget=request.budget, reserve=request.reserve),
        scoreboard.requests if isinstance(scoreboard, Scoreboard) else None,
    )
    profile, processes = observation.profile, observation.processes
    budget = observation.budget
    assert profile is not None
    assert not isinstance(budget, Unknown)
    now = clock()
    watch.totals.append(_totals(profile, processes, now - watch.began))
    _collect(processes, watch)
    need = _need(views, observation)
    uptime = max(0.0, now - processes[0].create_time)
    confidence, doubts = doubts_about(profile, processes, uptime, scoreboard)
    return MemoryReport(
        configuration=configuration.main,
        layout=configuration.layout,
        pid=pid,
        uptime_seconds=uptime,
        machine=observation.machine,
        confidence=confidence,
        doubts=doubts,
        roles=tuple(_role(one, processes, watch) for one in profile.roles),
        shared_bytes=profile.shared_bytes,
        processes=processes,
        budget=budget,
        budget_bytes=budget.size_bytes,
        budget_formula=budget.formula,
        need=need,
        **_sums(need),
        room=_room(views, observation, budget.size_bytes, need),
        scoreboard=isinstance(scoreboard, Scoreboard),
        warmed=warmed,
        samples=tuple(watch.totals),
    )


def _totals(
    profile: MemoryProfile, processes: Sequence[ProcessMemory], at_seconds: float
) -> Totals:
    return Totals(
        at_seconds=at_seconds,
        processes=len(processes),
        pss_bytes=profile.pss_sum_bytes,
        rss_bytes=sum(one.rss_bytes for one in processes),
        swap_bytes=profile.swap_bytes,
    )


def _collect(processes: Sequence[ProcessMemory], watch: _Watch) -> None:
    """Keep memory against work; cold processes would show the import, not growth."""
    for one in processes:
        if one.role in ("front", "daemon") and one.warmth != "cold":
            unit: Unit = "CPU second" if one.requests is None else "request"
            work = one.cpu_seconds if one.requests is None else float(one.requests)
            points = watch.points.setdefault((one.role, one.group, unit), [])
            points.append(Point(one.pid, work, one.uss_bytes))


def _role(memory: RoleMemory, processes: Sequence[ProcessMemory], watch: _Watch) -> RoleReport:
    members = [one for one in processes if (one.role, one.group) == (memory.role, memory.group)]
    largest = max(members, key=lambda one: one.uss_bytes)
    kinds = kinds_of(largest.pid) if memory.metric == "uss" else None
    return RoleReport(
        memory=memory,
        kinds=kinds or NotKnown(unknown=f"/proc/{largest.pid}/smaps is not readable"),
        growth=_growth(memory, watch),
    )


def _growth(memory: RoleMemory, watch: _Watch) -> Growth | NotKnown:
    if memory.role not in ("front", "daemon"):
        return NotKnown(unknown="it serves no requests")
    units: tuple[Unit, ...] = ("request", "CPU second")
    for unit in units:
        points = watch.points.get((memory.role, memory.group, unit))
        if points:
            found = growth(points, unit)
            return NotKnown(unknown=found.reason) if isinstance(found, Unknown) else found
    return NotKnown(unknown="no process is warm")


def _need(views: Views, observation: Observation) -> MemoryNeed | NotKnown:
    if isinstance(observation.costs, Unknown):
        return NotKnown(unknown=observation.costs.reason)
    if views.settings is None:
        return NotKnown(unknown="no MPM is loaded")
    return memory_need(views.settings, observation.costs)


def _sums(need: MemoryNeed | NotKnown) -> dict[str, Any]:
    if isinstance(need, NotKnown):
        names = ("need_bytes", "need_steady_bytes", "need_at_restart_bytes")
        return {**dict.fromkeys(names), "need_formula": ""}
    return {
        "need_bytes": need.size_bytes,
        "need_steady_bytes": need.steady_bytes,
        "need_at_restart_bytes": need.restart_bytes,
        "need_formula": need.formula,
    }


def _room(
    views: Views, observation: Observation, budget: int, need: MemoryNeed | NotKnown
) -> Room | NotKnown:
    costs, settings = observation.costs, views.settings
    if isinstance(need, NotKnown) or isinstance(costs, Unknown) or settings is None:
        return NotKnown(unknown=need.unknown if isinstance(need, NotKnown) else "no costs")
    left = budget - need.size_bytes
    fitting = front_processes_that_fit(settings, costs, budget)
    return Room(
        left_bytes=left,
        more_front_processes=max(0, fitting - settings.front.processes) if left >= 0 else 0,
        more_daemon_processes={
            name: max(0, left // max(1, cost.size_bytes + cost.kernel_bytes + cost.import_bytes))
            for name, cost in sorted(costs.groups.items())
        },
        left_at_restart_bytes=budget - need.restart_bytes,
    )


def doubts_about(
    profile: MemoryProfile,
    processes: Sequence[ProcessMemory],
    uptime_seconds: float,
    scoreboard: Scoreboard | Unknown,
) -> tuple[Confidence, tuple[str, ...]]:
    """Return how sure the figures are, and what is doubtful about them.

    Low: RSS alone, roles by name alone, or nothing warm in a role. Medium: a
    stand-in for USS, a short uptime, or cold processes beside warm ones.
    """
    low: list[str] = []
    medium: list[str] = []
    if profile.metric == "rss":
        low.append("only RSS is readable: shared pages count for every process")
    elif profile.metric == "anonymous":
        medium.append(
            "USS is not readable without root's rights: anonymous memory stands in for it"
        )
    if any(one.role_source == "program" and not one.is_stopping for one in processes[1:]):
        low.append("descriptors are not readable: processes of one program are taken for front")
    elif any(one.role_source in ("threads", "display-name") for one in processes):
        medium.append("roles are told by display-name and number of threads")
    for role in profile.roles:
        if role.role not in ("front", "daemon"):
            continue
        label = role.role if role.group is None else f"daemon {role.group}"
        if role.is_cold:
            low.append(f"{label}: no process has served a request yet")
        elif role.warm_processes < role.processes:
            cold = role.processes - role.warm_processes
            medium.append(f"{label}: {cold} of {role.processes} processes are cold and left out")
    if uptime_seconds < SHORT_UPTIME_SECONDS:
        medium.append(f"it runs for {uptime_seconds:.0f} s only: processes grow with use")
    notes = (
        [f"requests are not counted: {scoreboard.reason}"]
        if isinstance(scoreboard, Unknown)
        else []
    )
    confidence: Confidence = "low" if low else "medium" if medium else "high"
    return confidence, (*low, *medium, *notes)
