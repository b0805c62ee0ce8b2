"""Memory by role: what one more process of each kind costs."""

import math
import statistics
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from tuner.host.processes import Metric, ProcessMemory, Role
from tuner.host.warmth import NOTHING_KNOWN, Loading, judged

HIGH_PERCENTILE = 95


class RoleMemory(BaseModel):
    """The processes of one role, and of one daemon process group for daemons."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Role
    group: str | None
    processes: int
    warm_processes: int
    """Processes that are not cold."""
    uss_high_bytes: int
    """The 95th percentile of the USS of warm processes, of all where none is warm:
    what one more costs."""
    uss_median_bytes: int
    uss_max_bytes: int
    rss_max_bytes: int
    pss_sum_bytes: int | None
    metric: Metric
    uss_sum_bytes: int = 0
    rss_sum_bytes: int = 0
    swap_sum_bytes: int = 0
    kernel_high_bytes: int = 0
    """Page tables and kernel stacks of the process that has most."""
    import_peak_bytes: int = 0
    """The most that a warm process has had beyond what it has now: loading the
    application takes so much more for a moment."""
    threads_max: int = 1
    threads_worked: int | None = None
    """The fewest threads that have served in a warm process."""

    @property
    def is_cold(self) -> bool:
        """Whether no process has loaded what it will serve."""
        return self.warm_processes == 0


class MemoryProfile(BaseModel):
    """All roles of one server at one moment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    roles: tuple[RoleMemory, ...]
    shared_bytes: int
    """Pages that processes share, counted once: the sum of PSS minus USS, but at least
    what the process that shares most has. PSS alone would depend on what other
    servers of this machine happen to map the same libraries."""

    def of(self, role: Role, group: str | None = None) -> RoleMemory | None:
        """Return one role; for daemons, one group."""
        return next((one for one in self.roles if (one.role, one.group) == (role, group)), None)

    @property
    def pss_sum_bytes(self) -> int | None:
        """Memory of the whole server now; None when PSS could not be read."""
        sums = [one.pss_sum_bytes for one in self.roles]
        known = [value for value in sums if value is not None]
        return sum(known) if len(known) == len(sums) else None

    @property
    def swap_bytes(self) -> int:
        """What the server has in swap."""
        return sum(one.swap_sum_bytes for one in self.roles)

    @property
    def metric(self) -> Metric:
        """The weakest metric among the roles."""
        order: tuple[Metric, ...] = ("uss", "anonymous", "rss")
        return max((one.metric for one in self.roles), key=order.index, default="uss")


def summarise(
    processes: Sequence[ProcessMemory], loading: Loading = NOTHING_KNOWN
) -> MemoryProfile:
    """Group processes by role and summarise each group."""
    known = judged(processes, loading)
    keys = sorted({(one.role, one.group or "") for one in known})
    roles = tuple(
        _role_memory([one for one in known if (one.role, one.group or "") == key]) for key in keys
    )
    return MemoryProfile(roles=roles, shared_bytes=_shared_bytes(known))


def _shared_bytes(processes: Sequence[ProcessMemory]) -> int:
    by_share = sum(
        one.pss_bytes + one.swap_bytes - one.uss_bytes
        for one in processes
        if one.pss_bytes is not None
    )
    by_one = max((one.rss_bytes + one.swap_bytes - one.uss_bytes for one in processes), default=0)
    return max(0, by_share, by_one)


def percentile(sizes: Sequence[int], percent: float) -> int:
    """Return the smallest size that ``percent`` of all do not exceed (nearest rank)."""
    ordered = sorted(sizes)
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)]


def _role_memory(processes: Sequence[ProcessMemory]) -> RoleMemory:
    sizes = [one.uss_bytes for one in processes]
    warm = [one for one in processes if one.warmth != "cold"]
    telling = warm or processes
    pss = [one.pss_bytes for one in processes if one.pss_bytes is not None]
    metrics: set[Metric] = {one.metric for one in processes}
    worked = [one.threads_worked for one in telling if one.threads_worked is not None]
    return RoleMemory(
        role=processes[0].role,
        group=processes[0].group,
        processes=len(processes),
        warm_processes=len(warm),
        uss_high_bytes=percentile([one.uss_bytes for one in telling], HIGH_PERCENTILE),
        uss_median_bytes=int(statistics.median(sizes)),
        uss_max_bytes=max(sizes),
        rss_max_bytes=max(one.rss_bytes for one in processes),
        pss_sum_bytes=sum(pss) if len(pss) == len(processes) else None,
        metric="rss" if "rss" in metrics else "anonymous" if "anonymous" in metrics else "uss",
        uss_sum_bytes=sum(sizes),
        rss_sum_bytes=sum(one.rss_bytes for one in processes),
        swap_sum_bytes=sum(one.swap_bytes for one in processes),
        kernel_high_bytes=max(one.kernel_bytes for one in processes),
        import_peak_bytes=max(max(0, one.peak_rss_bytes - one.rss_bytes) for one in telling),
        threads_max=max(one.threads for one in processes),
        threads_worked=min(worked, default=None),
    )
