"""Observe: the machine, the running Apache if there is one, costs and budget."""

from dataclasses import dataclass

from tuner.apache.tree import Configuration
from tuner.capacity.budget import Budget
from tuner.capacity.memory import MemoryCosts
from tuner.fact import Known, Unknown
from tuner.host.machine import Machine, observe_machine
from tuner.host.processes import ProcessMemory
from tuner.host.profile import MemoryProfile, summarise
from tuner.pipeline.budget import budget_for
from tuner.pipeline.costs import costs_from_profile, known_costs
from tuner.pipeline.place import ELSEWHERE, is_this_machine
from tuner.pipeline.running import find_running, loading_of, measure_running, pid_file
from tuner.pipeline.views import Views

__all__ = [
    "Observation",
    "ObserveRequest",
    "budget_for",
    "costs_from_profile",
    "observe",
    "pid_file",
]


@dataclass(frozen=True, slots=True)
class ObserveRequest:
    """What the command line says about the machine and the server."""

    live: bool | None = None
    """True demands a running server, False ignores it, None takes it if it is there."""
    pid: int | None = None
    app_memory: tuple[str, ...] = ()
    budget: str | None = None
    reserve: str | None = None
    cores: int | None = None
    """Cores of the server; None: those of this machine, where it is the server's."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What is known about memory."""

    machine: Machine
    costs: MemoryCosts | Unknown
    budget: Budget | Unknown
    """Unknown where nothing says that this machine is the server's, and no budget is given."""
    cores: Known[int] | Unknown
    is_here: bool
    """Whether the configuration is that of this machine."""
    profile: MemoryProfile | None = None
    pid: int | None = None
    processes: tuple[ProcessMemory, ...] = ()


def observe(
    configuration: Configuration,
    views: Views,
    request: ObserveRequest,
    requests: dict[int, int] | None = None,
) -> Observation:
    """Observe the machine and, where it runs, Apache; nothing is sent to it.

    ``requests`` are those that a scoreboard counts, by pid.

    Raises:
        MeasurementError: a running server was demanded and there is none.
        UsageError: ``--app-memory`` or ``--budget`` cannot be understood.
    """
    pid = find_running(configuration, request.pid, request.live)
    machine = observe_machine(pid)
    processes = measure_running(pid, views, requests) if pid else ()
    profile = summarise(processes, loading_of(views)) if processes else None
    is_here = is_this_machine(configuration, is_running=pid is not None)
    return Observation(
        machine=machine,
        costs=known_costs(views, profile, request.app_memory),
        budget=budget_for(machine, profile, request.budget, request.reserve, configuration)
        if is_here or request.budget is not None
        else Unknown(f"{ELSEWHERE}; --budget says what Apache may use"),
        cores=_cores(machine, request.cores, is_here=is_here),
        is_here=is_here,
        profile=profile,
        pid=pid,
        processes=processes,
    )


def _cores(machine: Machine, given: int | None, *, is_here: bool) -> Known[int] | Unknown:
    if given is not None:
        return Known(given, "given", "--cores")
    if is_here:
        return Known(machine.cores, "measured", machine.cores_source)
    return Unknown(f"{ELSEWHERE}; --cores says how many it has")
