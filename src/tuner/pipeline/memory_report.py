"""What ``tuner measure`` finds out: one frozen model, published as JSON."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from tuner import __version__
from tuner.capacity.budget import Budget
from tuner.capacity.growth import Growth
from tuner.capacity.memory import MemoryNeed
from tuner.host.machine import Machine
from tuner.host.processes import ProcessMemory
from tuner.host.profile import RoleMemory
from tuner.host.smaps import Kinds
from tuner.pipeline.warm import Warmed

SCHEMA_VERSION = 1
Confidence = Literal["high", "medium", "low"]


class Value(BaseModel):
    """Base of the values here: frozen, nothing beyond its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class NotKnown(Value):
    """A figure that is not known, and why."""

    unknown: str


class RoleReport(Value):
    """One role, and one group for daemons."""

    memory: RoleMemory
    kinds: Kinds | NotKnown
    """What the private memory of its largest process is made of."""
    growth: Growth | NotKnown


class Room(Value):
    """What is left of the budget at full occupancy."""

    left_bytes: int
    more_front_processes: int
    more_daemon_processes: dict[str, int]
    """By group, while everything else stays."""
    left_at_restart_bytes: int


class Totals(Value):
    """The whole server at one moment."""

    at_seconds: float
    """Since the first sample."""
    processes: int
    pss_bytes: int | None
    rss_bytes: int
    swap_bytes: int


class MemoryReport(Value):
    """Everything that ``tuner measure`` says."""

    schema_version: int = SCHEMA_VERSION
    tuner: str = __version__
    configuration: str
    layout: str
    pid: int
    uptime_seconds: float
    machine: Machine
    confidence: Confidence
    doubts: tuple[str, ...]
    """Why the confidence is not high, and what could not be read."""
    roles: tuple[RoleReport, ...]
    shared_bytes: int
    processes: tuple[ProcessMemory, ...]
    budget: Budget
    budget_bytes: int
    budget_formula: str
    need: MemoryNeed | NotKnown
    need_bytes: int | None
    need_steady_bytes: int | None
    """Without what is needed only while applications are loaded."""
    need_at_restart_bytes: int | None
    need_formula: str
    room: Room | NotKnown
    scoreboard: bool
    warmed: Warmed | None
    samples: tuple[Totals, ...]
