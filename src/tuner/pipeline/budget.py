"""The budget of this machine: every limit on memory, and what others use below it."""

from pathlib import Path

from tuner.apache.tree import Configuration
from tuner.capacity.budget import Budget, BudgetTerm, Room, given_budget, measured_budget
from tuner.host.cgroup import GroupMemory
from tuner.host.machine import Machine
from tuner.host.profile import MemoryProfile
from tuner.host.static import static_files
from tuner.host.systemd import service_memory_limits
from tuner.units import format_size

_LEAST_STATIC_BYTES = 2**20
_PATH_WORD = {"documentroot": 0, "alias": 1}


def budget_for(
    machine: Machine,
    profile: MemoryProfile | None,
    budget: str | None,
    reserve: str | None,
    configuration: Configuration | None = None,
) -> Budget:
    """Return the given budget, or what the machine leaves for Apache.

    With a configuration, its static files count, and where no server runs also
    what systemd would limit its service to.
    """
    if budget is not None:
        return given_budget(budget, machine.memory_limit_bytes, reserve)
    own = _own_bytes(profile)
    rooms = [_machine_room(machine, own)]
    rooms += [
        _group_room(group, own)
        for group in machine.groups
        if group.limit_bytes < machine.memory_total_bytes
    ]
    if configuration is not None and profile is None:
        root = configuration.root or Path("/")
        rooms += [
            Room(
                limit_bytes=int(limit.value),
                limit_source=limit.source,
                others_bytes=0,
                others_source="the service holds Apache alone",
                is_group=True,
            )
            for limit in service_memory_limits(machine.memory_total_bytes, root)
            if limit.value < machine.memory_total_bytes
        ]
    static = _static_term(configuration) if configuration is not None else None
    return measured_budget(rooms, reserve, static)


def _own_bytes(profile: MemoryProfile | None) -> int:
    """Return what Apache uses now: PSS, or cautiously less where PSS may not be read."""
    if profile is None:
        return 0
    if profile.pss_sum_bytes is not None:
        return profile.pss_sum_bytes
    return sum(one.uss_median_bytes * one.processes for one in profile.roles)


def _machine_room(machine: Machine, own_bytes: int) -> Room:
    used = machine.memory_total_bytes - machine.memory_available_bytes
    return Room(
        limit_bytes=machine.memory_total_bytes,
        limit_source="MemTotal in /proc/meminfo",
        others_bytes=max(0, used - own_bytes),
        others_source="MemTotal - MemAvailable" + (" - Apache's own" if own_bytes else ""),
    )


def _group_room(group: GroupMemory, own_bytes: int) -> Room:
    if own_bytes == 0 or group.used_bytes is None:
        others, source = 0, "a control group of its own is assumed to hold Apache alone"
    else:
        others = max(0, group.used_bytes - own_bytes)
        source = "the group's use without inactive page cache - Apache's own"
    return Room(
        limit_bytes=group.limit_bytes,
        limit_source=group.source,
        others_bytes=others,
        others_source=source,
        is_group=True,
    )


def _static_term(configuration: Configuration) -> BudgetTerm | None:
    """Return the page cache for the files below every DocumentRoot and Alias, if it matters."""
    if configuration.root is not None:
        return None
    paths = {
        Path(one.words[_PATH_WORD[one.key]])
        for one in configuration.named("DocumentRoot", "Alias")
        if len(one.words) > _PATH_WORD[one.key]
    }
    found = static_files(path for path in paths if path.is_absolute())
    if found.size_bytes < _LEAST_STATIC_BYTES:
        return None
    counted = f"{found.files} files" if found.is_complete else f"the first {found.files} files"
    return BudgetTerm(
        name="static files",
        size_bytes=-found.size_bytes,
        source=f"page cache for {format_size(found.size_bytes)} in {counted} below "
        "DocumentRoot and Alias",
    )
