"""Observe: the machine, the running Apache if there is one, costs and budget."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from tuner.apache.effective.applications import server_mode
from tuner.apache.effective.values import text
from tuner.apache.reading.state import merge_path
from tuner.apache.tree import Configuration
from tuner.capacity.budget import Budget, given_budget, measured_budget
from tuner.capacity.memory import MemoryCosts, ProcessCost
from tuner.errors import MeasurementError, UsageError
from tuner.fact import Unknown
from tuner.host.machine import Machine, observe_machine
from tuner.host.processes import process_tree
from tuner.host.profile import MemoryProfile, summarise
from tuner.pipeline.views import Views
from tuner.units import parse_size

ASSUMED_PARENT_BYTES = 4 * 2**20
ASSUMED_FRONT_BYTES = 6 * 2**20
"""A front process without an application: 4 to 6 MB USS, measured on Debian 12
with mod_wsgi loaded, prefork and event."""


@dataclass(frozen=True, slots=True)
class ObserveRequest:
    """What the command line says about the machine and the server."""

    live: bool | None = None
    """True demands a running server, False ignores it, None takes it if it is there."""
    pid: int | None = None
    app_memory: tuple[str, ...] = ()
    budget: str | None = None
    reserve: str | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """What is known about memory."""

    machine: Machine
    costs: MemoryCosts | Unknown
    budget: Budget
    profile: MemoryProfile | None = None
    pid: int | None = None


def observe(configuration: Configuration, views: Views, request: ObserveRequest) -> Observation:
    """Observe the machine and, where it runs, Apache.

    Raises:
        MeasurementError: a running server was demanded and there is none.
        UsageError: ``--app-memory`` or ``--budget`` cannot be understood.
    """
    pid = _running(configuration, request)
    machine = observe_machine(pid)
    profile = summarise(process_tree(pid, [group.name for group in views.groups])) if pid else None
    return Observation(
        machine=machine,
        costs=_costs(views, profile, request.app_memory),
        budget=budget_for(machine, profile, request.budget, request.reserve),
        profile=profile,
        pid=pid,
    )


def _running(configuration: Configuration, request: ObserveRequest) -> int | None:
    if request.live is False:
        return None
    if request.pid is not None:
        if not psutil.pid_exists(request.pid):
            raise MeasurementError(f"process {request.pid} is not running", hint="see --pid")
        return request.pid
    if configuration.root is None:
        pid = _pid_in_file(pid_file(configuration))
        if pid is not None:
            return pid
    if request.live:
        raise MeasurementError(
            f"no Apache runs with this configuration (looked at {pid_file(configuration)})",
            hint="give its parent process with --pid",
        )
    return None


def pid_file(configuration: Configuration) -> Path:
    """Return where this configuration writes its pid."""
    written = text(configuration, "PidFile") or "logs/httpd.pid"
    runtime = [one for one in configuration.directives if one.key == "defaultruntimedir"]
    base = runtime[-1].words[0] if runtime and runtime[-1].words else configuration.server_root
    return Path(merge_path(merge_path(configuration.server_root, base), written))


def _pid_in_file(path: Path) -> int | None:
    try:
        pid = int(path.read_text().split()[0])
        process = psutil.Process(pid)
        running = process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except (OSError, ValueError, IndexError, psutil.Error):
        return None
    return pid if running else None


def budget_for(
    machine: Machine, profile: MemoryProfile | None, budget: str | None, reserve: str | None
) -> Budget:
    """Return the given budget, or what the machine leaves for Apache.

    Other services are what is in use and not Apache's: total - available - Apache.
    """
    if budget is not None:
        return given_budget(budget, machine.memory_limit_bytes, reserve)
    own = profile.pss_sum_bytes if profile and profile.pss_sum_bytes else 0
    used = machine.memory_total_bytes - machine.memory_available_bytes
    others = max(0, used - own)
    if machine.memory_limit_bytes < machine.memory_total_bytes:
        return measured_budget(
            machine.memory_limit_bytes,
            machine.memory_limit_source,
            0,
            "a control group of its own is assumed to hold Apache alone",
            reserve,
        )
    source = "MemTotal - MemAvailable" + (" - Apache's own" if own else "")
    return measured_budget(
        machine.memory_limit_bytes, machine.memory_limit_source, others, source, reserve
    )


def costs_from_profile(profile: MemoryProfile, groups: Sequence[str]) -> MemoryCosts:
    """Return what each kind of process costs, from measured processes."""

    def cost(role: str, group: str | None, fallback: int) -> ProcessCost:
        found = profile.of(role, group)  # type: ignore[arg-type]
        if found is None:
            return ProcessCost(size_bytes=fallback, origin="assumed", source="none was running")
        what = "USS" if found.metric == "uss" else "anonymous memory"
        return ProcessCost(
            size_bytes=found.uss_high_bytes,
            origin="measured",
            source=f"95th percentile of {what} over {found.warm_processes} of "
            f"{found.processes} processes",
        )

    return MemoryCosts(
        parent=cost("parent", None, ASSUMED_PARENT_BYTES),
        front=cost("front", None, ASSUMED_FRONT_BYTES),
        groups={
            name: cost("daemon", name, 0)
            for name in groups
            if profile.of("daemon", name) is not None
        },
        shared_bytes=profile.shared_bytes,
    )


def _costs(
    views: Views, profile: MemoryProfile | None, app_memory: Sequence[str]
) -> MemoryCosts | Unknown:
    given = _app_memory(app_memory, [group.name for group in views.groups])
    if profile is not None and not given:
        return costs_from_profile(profile, [group.name for group in views.groups])
    if not given:
        return Unknown("no server is running here and --app-memory is not given")
    default = given.get(None)
    parent = ProcessCost(
        size_bytes=ASSUMED_PARENT_BYTES, origin="assumed", source="a parent without applications"
    )
    front = ProcessCost(
        size_bytes=ASSUMED_FRONT_BYTES, origin="assumed", source="a front process without Python"
    )
    if server_mode(views.applications) in ("embedded", "mixed") and default is not None:
        front = ProcessCost(size_bytes=default, origin="given", source="--app-memory")
    groups: dict[str, ProcessCost] = {}
    for group in views.groups:
        size = given.get(group.name, default)
        if size is not None:
            groups[group.name] = ProcessCost(size_bytes=size, origin="given", source="--app-memory")
    return MemoryCosts(parent=parent, front=front, groups=groups)


def _app_memory(values: Sequence[str], groups: Sequence[str]) -> dict[str | None, int]:
    """Parse ``SIZE`` and ``SIZE@GROUP``."""
    found: dict[str | None, int] = {}
    for value in values:
        size, at, group = value.partition("@")
        if at and group not in groups:
            known = ", ".join(groups) or "none"
            raise UsageError(
                f"--app-memory {value}: no daemon process group {group!r}",
                hint=f"there are: {known}",
            )
        found[group if at else None] = parse_size(size)
    return found
