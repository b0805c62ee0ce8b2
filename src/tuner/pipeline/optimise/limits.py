"""The limits of an optimisation: memory for Apache, and for a copy beside what runs now."""

from pydantic import BaseModel, ConfigDict

from tuner.apache.tree import Configuration
from tuner.capacity.budget import Budget
from tuner.capacity.memory import MemoryCosts
from tuner.fact import Unknown
from tuner.host.free import free_memory
from tuner.host.machine import Machine, observe_machine
from tuner.pipeline.observe import ObserveRequest, budget_for, observe
from tuner.pipeline.views import Views

LEAST_FREE_SHARE = 0.05
"""A probe stops, and a copy is not started, where less than this share of the memory
would be left."""


class Limits(BaseModel):
    """What holds from the first to the last measurement of a run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    machine: Machine
    """As tuner and so the copies find it."""
    budget: Budget
    """What Apache may use where it runs: the recommendation keeps to it."""
    copy_bytes: int
    """What a copy of the server may use now, beside everything that runs already."""
    copy_source: str
    known: MemoryCosts | None = None
    """What processes cost by the running server or by ``--app-memory``: processes of
    production have grown, those of a copy are young."""
    doubts: tuple[str, ...] = ()


def observe_limits(configuration: Configuration, views: Views, request: ObserveRequest) -> Limits:
    """Observe the machine, and the running server where there is one.

    Raises:
        MeasurementError: a running server was demanded and there is none.
        UsageError: ``--budget`` or ``--app-memory`` cannot be understood.
    """
    observation = observe(configuration, views, request)
    machine = observe_machine()
    room, source = min(
        (one.free_bytes - int(LEAST_FREE_SHARE * one.limit_bytes), one.source)
        for one in free_memory()
    )
    there, budget = observation.machine, observation.budget
    doubts: list[str] = []
    if there.cores != machine.cores:
        doubts.append(
            f"the server may use {there.cores} cores ({there.cores_source}), its copies here "
            f"{machine.cores} ({machine.cores_source})"
        )
    if isinstance(budget, Unknown):
        doubts.append(f"the budget is that of this machine, but {budget.reason}")
        budget = budget_for(machine, None, None, request.reserve, configuration)
    return Limits(
        machine=machine,
        budget=budget,
        copy_bytes=max(0, room),
        copy_source=source,
        known=None if isinstance(observation.costs, Unknown) else observation.costs,
        doubts=tuple(doubts),
    )
