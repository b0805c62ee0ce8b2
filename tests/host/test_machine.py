"""The machine as one process sees it."""

import math
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tuner.host.cgroup import cpu_quotas, memory_limits
from tuner.host.machine import Machine, observe_machine


@pytest.fixture
def child() -> Iterator[int]:
    """The pid of a process that waits until the test is over."""
    with subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        yield process.pid


def quota_cores(pid: int) -> int | None:
    quotas = [max(1, math.ceil(one.value)) for one in cpu_quotas(pid)]
    return min(quotas, default=None)


def test_memory_is_what_the_kernel_says() -> None:
    machine = observe_machine()
    meminfo = {
        line.split(":")[0]: int(line.split()[1]) * 1024
        for line in Path("/proc/meminfo").read_text().splitlines()
    }
    assert machine.memory_total_bytes == meminfo["MemTotal"]
    assert 0 < machine.memory_available_bytes <= machine.memory_total_bytes
    assert machine.swap_used_bytes >= 0


def test_the_limit_is_the_tightest_of_all() -> None:
    machine = observe_machine()
    total = psutil.virtual_memory().total
    limits = memory_limits(os.getpid())
    assert machine.memory_limit_bytes == min([total, *(int(one.value) for one in limits)])
    tight = [one for one in limits if one.value < total]
    expected = tight[0].source if tight else "MemTotal in /proc/meminfo"
    assert machine.memory_limit_source == expected


def test_cores_are_those_of_affinity_and_quota() -> None:
    machine = observe_machine()
    affinity = len(os.sched_getaffinity(0))
    assert machine.cores == min(affinity, quota_cores(os.getpid()) or affinity)
    assert machine.cores_source == "CPU affinity" or Path(machine.cores_source).is_file()


def test_this_process_is_the_default() -> None:
    mine, named = observe_machine(), observe_machine(os.getpid())
    assert mine.model_dump(exclude={"memory_available_bytes", "swap_used_bytes"}) == (
        named.model_dump(exclude={"memory_available_bytes", "swap_used_bytes"})
    )


def test_another_process_may_be_bound_to_one_core(child: int) -> None:
    os.sched_setaffinity(child, {min(os.sched_getaffinity(child))})
    assert observe_machine(child).cores == 1
    assert observe_machine(child).cores_source == "CPU affinity"


def test_for_a_process_that_is_gone_the_whole_machine_counts() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    machine = observe_machine(process.pid)
    assert machine.cores == os.cpu_count()
    assert machine.memory_limit_bytes == machine.memory_total_bytes


def test_a_machine_is_a_frozen_value() -> None:
    machine = observe_machine()
    assert Machine.model_validate_json(machine.model_dump_json()) == machine
    with pytest.raises(ValueError, match="frozen"):
        machine.cores = 0
