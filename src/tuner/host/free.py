"""Memory that this process can still take: in the machine and in its control groups."""

import os
from pathlib import Path
from typing import NamedTuple

import psutil

from tuner.host.cgroup import limited_groups


class FreeMemory(NamedTuple):
    """What is left below one limit."""

    free_bytes: int
    limit_bytes: int
    source: str
    """The kernel file that states the limit."""

    @property
    def share(self) -> float:
        """The part of the limit that is left."""
        return self.free_bytes / max(1, self.limit_bytes)


def free_memory(proc: Path = Path("/proc"), sys: Path = Path("/sys")) -> tuple[FreeMemory, ...]:
    """Return what is left in the machine and below the limit of each group around us.

    All page cache that can be given back counts as free, as in the kernel's
    MemAvailable; ``proc`` and ``sys`` stand for the kernel's files of the groups.
    """
    memory = psutil.virtual_memory()
    found = [FreeMemory(memory.available, memory.total, "MemAvailable in /proc/meminfo")]
    for group in limited_groups(os.getpid(), proc, sys):
        if group.used_bytes is not None and group.limit_bytes < memory.total:
            used = max(0, group.used_bytes - group.cache_bytes)
            left = max(0, group.limit_bytes - used)
            found.append(FreeMemory(left, group.limit_bytes, group.source))
    return tuple(found)
