"""How busy the machine is, and with what: for telling a server from its neighbours."""

import os
import time
from pathlib import Path

from pydantic import BaseModel, ConfigDict


class Activity(BaseModel):
    """CPU seconds of the whole machine since boot, and pressure now."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at_seconds: float
    busy_seconds: float
    """All work, summed over cores."""
    steal_seconds: float
    """Time in which the hypervisor ran somebody else."""
    swapped_pages: int
    """Pages swapped in and out since boot."""
    available_bytes: int


class Load(BaseModel):
    """What happened between two observations."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seconds: float
    busy_cores: float
    """Cores that were busy on average."""
    steal_share: float
    """Share of all cores' time that was stolen."""
    swapped_pages: int


def observe_activity(proc: Path = Path("/proc")) -> Activity:
    """Read the machine's counters."""
    ticks = os.sysconf("SC_CLK_TCK")
    columns = [int(word) for word in _lines(proc / "stat")[0].split()[1:9]]
    user, nice, system, _idle, _wait, irq, soft, steal = (*columns, *[0] * 8)[:8]
    vm = dict(line.split()[:2] for line in _lines(proc / "vmstat") if line.count(" ") == 1)
    memory = dict(line.split(":")[:2] for line in _lines(proc / "meminfo") if ":" in line)
    available = memory.get("MemAvailable", "0 kB").split()[0]
    return Activity(
        at_seconds=time.monotonic(),
        busy_seconds=(user + nice + system + irq + soft) / ticks,
        steal_seconds=steal / ticks,
        swapped_pages=int(vm.get("pswpin", 0)) + int(vm.get("pswpout", 0)),
        available_bytes=int(available) * 1024,
    )


def load_between(before: Activity, after: Activity) -> Load:
    """Return the load between two observations."""
    seconds = max(after.at_seconds - before.at_seconds, 1e-9)
    cores = os.cpu_count() or 1
    return Load(
        seconds=seconds,
        busy_cores=(after.busy_seconds - before.busy_seconds) / seconds,
        steal_share=(after.steal_seconds - before.steal_seconds) / seconds / cores,
        swapped_pages=after.swapped_pages - before.swapped_pages,
    )


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("ascii", "replace").splitlines() or [""]
    except OSError:
        return [""]
