"""Memory that this process can still take."""

from types import SimpleNamespace

import psutil
import pytest

from tuner.host import free
from tuner.host.cgroup import GroupMemory
from tuner.host.free import free_memory
from tuner.probe.guard import memory_guard

MIB = 2**20


def group(limit: int, used: int | None, cache: int = 0) -> GroupMemory:
    return GroupMemory(
        limit_bytes=limit, source="memory.max", used_bytes=used, cache_bytes=cache, oom_kills=None
    )


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> list[GroupMemory]:
    """A machine of 1000 MB with 400 MB available; the groups are added by a test."""
    groups: list[GroupMemory] = []
    monkeypatch.setattr(free, "limited_groups", lambda *where: tuple(groups))
    memory = SimpleNamespace(total=1000 * MIB, available=400 * MIB)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
    return groups


def test_without_a_group_the_machine_counts(kernel: list[GroupMemory]) -> None:
    (found,) = free_memory()
    assert found.source.startswith("MemAvailable")
    assert (found.free_bytes, found.share) == (400 * MIB, 0.4)


@pytest.mark.parametrize(
    ("one", "left"),
    [
        (group(100 * MIB, 90 * MIB), 10 * MIB),
        (group(100 * MIB, 90 * MIB, cache=40 * MIB), 50 * MIB),
        (group(100 * MIB, 120 * MIB), 0),
    ],
)
def test_a_group_has_what_is_left_below_its_limit_without_page_cache(
    kernel: list[GroupMemory], one: GroupMemory, left: int
) -> None:
    kernel.append(one)
    _, found = free_memory()
    assert (found.free_bytes, found.limit_bytes) == (left, 100 * MIB)


def test_a_group_that_does_not_tell_or_limits_nothing_is_left_out(
    kernel: list[GroupMemory],
) -> None:
    kernel += [group(MIB, None), group(2000 * MIB, MIB)]
    assert len(free_memory()) == 1


def test_the_guard_stops_for_the_tightest_of_all(kernel: list[GroupMemory]) -> None:
    guard = memory_guard(0.05)
    assert guard() == ""
    kernel.append(group(200 * MIB, 195 * MIB))
    assert "available memory fell to 5 MB, below 5% of 200 MB (memory.max)" in guard()
