"""Limits that control groups put on a process: v1, v2 and hybrid hierarchies.

Every ancestor counts, and a host may keep its memory controller on v1 while v2
is mounted too, so both kinds of lines in ``/proc/PID/cgroup`` are followed.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

_UNLIMITED_BYTES = 2**60
"""v1 writes "no limit" as a huge number near 2**63."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit and the kernel file that states it."""

    value: float
    source: str


def memory_limits(pid: int, proc: Path = Path("/proc"), sys: Path = Path("/sys")) -> list[Limit]:
    """Return every memory limit in bytes that applies to a process, tightest first."""
    found: list[Limit] = []
    for directory, is_v2 in _groups(pid, "memory", proc, sys):
        names = ("memory.max", "memory.high") if is_v2 else ("memory.limit_in_bytes",)
        for name in names:
            value = _number(directory / name)
            if value is not None and value < _UNLIMITED_BYTES:
                found.append(Limit(value, str(directory / name)))
    return sorted(found, key=lambda limit: limit.value)


class GroupMemory(BaseModel):
    """A control group with a memory limit, and what is in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    limit_bytes: int
    source: str
    """The kernel file that states the limit."""
    used_bytes: int | None
    """What its processes need: usage without page cache that can go at once; None
    when it cannot be read."""
    cache_bytes: int = 0
    """Page cache among them: in use lately, but the kernel can take it back."""
    oom_kills: int | None
    """Processes of the group that the kernel has killed for want of memory."""


def limited_groups(
    pid: int, proc: Path = Path("/proc"), sys: Path = Path("/sys")
) -> tuple[GroupMemory, ...]:
    """Return every control group around a process that limits memory, tightest first."""
    return tuple(_group_memory(limit) for limit in memory_limits(pid, proc, sys))


def _group_memory(limit: Limit) -> GroupMemory:
    directory = Path(limit.source).parent
    statistics = _table(directory / "memory.stat")
    return GroupMemory(
        limit_bytes=int(limit.value),
        source=limit.source,
        used_bytes=_used_bytes(directory, statistics),
        cache_bytes=statistics.get("total_active_file", statistics.get("active_file", 0)),
        oom_kills=_oom_kills(directory),
    )


def _used_bytes(directory: Path, statistics: dict[str, int]) -> int | None:
    """Return usage without inactive page cache, as container runtimes count it."""
    for usage, inactive in (
        ("memory.current", "inactive_file"),
        ("memory.usage_in_bytes", "total_inactive_file"),
    ):
        value = _number(directory / usage)
        if value is not None:
            return max(0, int(value) - statistics.get(inactive, 0))
    return None


def _oom_kills(directory: Path) -> int | None:
    for name in ("memory.events", "memory.oom_control"):
        value = _table(directory / name).get("oom_kill")
        if value is not None:
            return value
    return None


def _table(path: Path) -> dict[str, int]:
    """Read lines of a name and a number."""
    words = _words(path)
    return {
        name: int(value)
        for name, value in zip(words[::2], words[1::2], strict=False)
        if value.isdigit()
    }


def cpu_quotas(pid: int, proc: Path = Path("/proc"), sys: Path = Path("/sys")) -> list[Limit]:
    """Return every CPU quota in cores that applies to a process, tightest first."""
    found: list[Limit] = []
    for directory, is_v2 in _groups(pid, "cpu", proc, sys):
        if is_v2:
            words = _words(directory / "cpu.max")
            quota = _ratio(words[0], words[1]) if len(words) == 2 else None
            source = directory / "cpu.max"
        else:
            source = directory / "cpu.cfs_quota_us"
            quota = _ratio(
                " ".join(_words(source)), " ".join(_words(directory / "cpu.cfs_period_us"))
            )
        if quota is not None:
            found.append(Limit(quota, str(source)))
    return sorted(found, key=lambda limit: limit.value)


def pids_limit(pid: int, proc: Path = Path("/proc"), sys: Path = Path("/sys")) -> Limit | None:
    """Return the tightest limit on the number of tasks."""
    found = [
        Limit(value, str(directory / "pids.max"))
        for directory, _ in _groups(pid, "pids", proc, sys)
        if (value := _number(directory / "pids.max")) is not None
    ]
    return min(found, key=lambda limit: limit.value, default=None)


def working_set(pid: int, proc: Path = Path("/proc"), sys: Path = Path("/sys")) -> Limit | None:
    """Return what the process's own group uses in bytes, without idle page cache."""
    for directory, is_v2 in _groups(pid, "memory", proc, sys):
        name, cache = (
            ("memory.current", "inactive_file")
            if is_v2
            else ("memory.usage_in_bytes", "total_inactive_file")
        )
        used = _number(directory / name)
        words = _words(directory / "memory.stat")
        idle = dict(zip(words[::2], words[1::2], strict=False)).get(cache)
        if used is not None and idle is not None:
            return Limit(used - float(idle), f"{directory / name} - {cache}")
    return None


def _groups(pid: int, controller: str, proc: Path, sys: Path) -> Iterator[tuple[Path, bool]]:
    """Yield the directories of the process's group and all its ancestors."""
    try:
        lines = (proc / str(pid) / "cgroup").read_text().splitlines()
    except OSError:
        return
    base = sys / "fs/cgroup"
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            roots = [base, base / "unified"]
            is_v2 = True
        elif controller in controllers.split(","):
            roots = [base / name for name in dict.fromkeys((controllers, controller))]
            is_v2 = False
        else:
            continue
        for root in roots:
            directory = root / path.lstrip("/")
            while True:
                if directory.is_dir():
                    yield directory, is_v2
                if directory == root or root not in directory.parents:
                    break
                directory = directory.parent


def _words(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []


def _number(path: Path) -> float | None:
    words = _words(path)
    return float(words[0]) if words and words[0].isdigit() else None


def _ratio(quota: str, period: str) -> float | None:
    if not quota.isdigit() or not period.isdigit() or int(period) == 0:
        return None
    value = int(quota) / int(period)
    return value if math.isfinite(value) and value > 0 else None
