"""Memory by role: what one more process of each kind costs."""

import math
import statistics
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from tuner.host.processes import Metric, ProcessMemory, Role

HIGH_PERCENTILE = 95
WARM_SHARE = 0.5
"""A process below half of its role's largest has not loaded the application yet."""


class RoleMemory(BaseModel):
    """The processes of one role, and of one daemon process group for daemons."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Role
    group: str | None
    processes: int
    warm_processes: int
    uss_high_bytes: int
    """The 95th percentile of the USS of warm processes: what one more costs."""
    uss_median_bytes: int
    uss_max_bytes: int
    rss_max_bytes: int
    pss_sum_bytes: int | None
    metric: Metric


class MemoryProfile(BaseModel):
    """All roles of one server at one moment, or the largest seen over several."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    roles: tuple[RoleMemory, ...]
    shared_bytes: int
    """Pages that processes share, counted once: the sum of PSS minus USS."""

    def of(self, role: Role, group: str | None = None) -> RoleMemory | None:
        """Return one role; for daemons, one group."""
        return next((one for one in self.roles if (one.role, one.group) == (role, group)), None)

    @property
    def pss_sum_bytes(self) -> int | None:
        """Memory of the whole server now; None when PSS could not be read."""
        sums = [one.pss_sum_bytes for one in self.roles]
        known = [value for value in sums if value is not None]
        return sum(known) if len(known) == len(sums) else None


def summarise(processes: Sequence[ProcessMemory]) -> MemoryProfile:
    """Group processes by role and summarise each group."""
    keys = sorted({(one.role, one.group or "") for one in processes})
    roles = tuple(
        _role_memory([one for one in processes if (one.role, one.group or "") == key])
        for key in keys
    )
    shared = sum(
        one.pss_bytes + one.swap_bytes - one.uss_bytes
        for one in processes
        if one.pss_bytes is not None
    )
    return MemoryProfile(roles=roles, shared_bytes=max(0, shared))


def _role_memory(processes: Sequence[ProcessMemory]) -> RoleMemory:
    sizes = sorted(one.uss_bytes for one in processes)
    warm = [size for size in sizes if size >= WARM_SHARE * sizes[-1]]
    pss = [one.pss_bytes for one in processes if one.pss_bytes is not None]
    return RoleMemory(
        role=processes[0].role,
        group=processes[0].group,
        processes=len(processes),
        warm_processes=len(warm),
        uss_high_bytes=warm[math.ceil(HIGH_PERCENTILE / 100 * len(warm)) - 1],
        uss_median_bytes=int(statistics.median(sizes)),
        uss_max_bytes=sizes[-1],
        rss_max_bytes=max(one.rss_bytes for one in processes),
        pss_sum_bytes=sum(pss) if len(pss) == len(processes) else None,
        metric="uss" if all(one.metric == "uss" for one in processes) else "anonymous",
    )
