"""Observe: the machine, the running Apache if there is one, costs and budget."""

from dataclasses import dataclass

from tuner.apache.tree import Configuration
from tuner.capacity.budget import Budget
from tuner.capacity.memory import MemoryCosts
from tuner.fact import Unknown
from tuner.host.machine import Machine, observe_machine
from tuner.host.processes import ProcessMemory
from tuner.host.profile import MemoryProfile, summarise
from tuner.pipeline.budget import budget_for
from tuner.pipeline.costs import costs_from_profile, known_costs
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


@dataclass(frozen=True, slots=True)
class Observation:
    """What is known about memory."""

    machine: Machine
    costs: MemoryCosts | Unknown
    budget: Budget
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
    return Observation(
        machine=machine,
        costs=known_costs(views, profile, request.app_memory),
        budget=budget_for(machine, profile, request.budget, request.reserve, configuration),
        profile=profile,
        pid=pid,
        processes=processes,
    )
