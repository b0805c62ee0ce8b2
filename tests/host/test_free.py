"""Memory that this process can still take."""

from pathlib import Path

import psutil
import pytest

from tuner.host import free
from tuner.host.cgroup import GroupMemory
from tuner.host.free import free_memory

MIB = 2**20


def group(limit: int, used: int | None, cache: int = 0) -> GroupMemory:
    return GroupMemory(
        limit_bytes=limit, source="memory.max", used_bytes=used, cache_bytes=cache, oom_kills=None
    )


def test_without_a_group_the_machine_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(free, "limited_groups", lambda *where: ())
    found = free_memory()
    assert found.source.startswith("MemAvailable")
    assert 0 < found.free_bytes <= found.limit_bytes == psutil.virtual_memory().total


@pytest.mark.parametrize(
    ("groups", "left"),
    [
        ([group(100 * MIB, 90 * MIB)], 10 * MIB),
        ([group(100 * MIB, 90 * MIB, cache=40 * MIB)], 50 * MIB),
        ([group(100 * MIB, 120 * MIB)], 0),
        ([group(200 * MIB, 150 * MIB), group(100 * MIB, 95 * MIB)], 5 * MIB),
    ],
)
def test_the_tightest_group_counts_without_its_page_cache(
    monkeypatch: pytest.MonkeyPatch, groups: list[GroupMemory], left: int
) -> None:
    monkeypatch.setattr(free, "limited_groups", lambda *where: tuple(groups))
    found = free_memory()
    assert found.free_bytes == left
    assert found.source == "memory.max"


def test_a_group_that_does_not_tell_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(free, "limited_groups", lambda *where: (group(MIB, None),))
    assert free_memory().source.startswith("MemAvailable")


def test_the_kernels_own_files_are_read() -> None:
    assert 0 < free_memory(Path("/proc"), Path("/sys")).share <= 1
