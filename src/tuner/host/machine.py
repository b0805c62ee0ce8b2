"""The machine as Apache finds it: memory and cores, control groups included."""

import math
import os

import psutil
from pydantic import BaseModel, ConfigDict

from tuner.host.cgroup import GroupMemory, cpu_quotas, limited_groups


class Machine(BaseModel):
    """Memory and cores that processes in one control group may use."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    memory_total_bytes: int
    memory_available_bytes: int
    """The kernel's estimate of what can be allocated now without swapping."""
    memory_limit_bytes: int
    """The tightest of physical memory and every control group limit."""
    memory_limit_source: str
    groups: tuple[GroupMemory, ...] = ()
    """Every control group around the process that limits memory, tightest first."""
    swap_used_bytes: int
    cores: int
    """Cores that can be used at the same time: affinity and quota, rounded up."""
    cores_source: str


def observe_machine(pid: int | None = None) -> Machine:
    """Return the machine as the process ``pid`` (default: this one) sees it."""
    watched = os.getpid() if pid is None else pid
    memory = psutil.virtual_memory()
    limit, source = memory.total, "MemTotal in /proc/meminfo"
    groups = limited_groups(watched)
    for found in groups:
        if found.limit_bytes < limit:
            limit, source = found.limit_bytes, found.source
    cores, cores_source = _cores(watched)
    return Machine(
        memory_total_bytes=memory.total,
        memory_available_bytes=memory.available,
        memory_limit_bytes=limit,
        memory_limit_source=source,
        groups=groups,
        swap_used_bytes=psutil.swap_memory().used,
        cores=cores,
        cores_source=cores_source,
    )


def _cores(pid: int) -> tuple[int, str]:
    try:
        cores = len(os.sched_getaffinity(pid))
    except OSError:
        cores = os.cpu_count() or 1
    source = "CPU affinity"
    for quota in cpu_quotas(pid):
        if quota.value < cores:
            cores, source = max(1, math.ceil(quota.value)), quota.source
    return cores, source
