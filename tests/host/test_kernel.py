"""Kernel limits, from trees that look like the kernel's, and this machine's own."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from tuner.fact import Known, Unknown
from tuner.host import kernel
from tuner.host.cgroup import Limit, working_set

LIMITS = """\
Limit                     Soft Limit           Hard Limit           Units
Max cpu time              unlimited            unlimited            seconds
Max processes             94042                94042                processes
Max open files            1024                 524288               files
"""


def proc(root: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def test_settings_come_with_their_file(tmp_path: Path) -> None:
    found = kernel.sysctls(proc(tmp_path, {"sys/net/core/somaxconn": "4096\n"}))
    assert found["somaxconn"] == Known(4096, "measured", f"{tmp_path}/sys/net/core/somaxconn")
    assert found["overcommit_memory"] == Unknown(
        f"{tmp_path}/sys/vm/overcommit_memory cannot be read"
    )
    assert list(found) == list(kernel.SYSCTLS)


@pytest.mark.parametrize("text", ["", "many\n", "1 2\n"])
def test_what_is_no_number_is_unknown(tmp_path: Path, text: str) -> None:
    found = kernel.sysctls(proc(tmp_path, {"sys/net/core/somaxconn": text}))
    assert isinstance(found["somaxconn"], Unknown)


def test_ports_and_sockets_are_counted(tmp_path: Path) -> None:
    files = {
        "sys/net/ipv4/ip_local_port_range": "32768\t60999\n",
        "net/sockstat": "sockets: used 9\nTCP: inuse 5 orphan 0 tw 123 alloc 8\nUDP: inuse 2\n",
    }
    root = proc(tmp_path, files)
    assert kernel.local_ports(root) == Known(
        28232, "measured", f"{root}/sys/net/ipv4/ip_local_port_range"
    )
    assert kernel.time_wait(root) == Known(123, "measured", f"{root}/net/sockstat")
    assert isinstance(kernel.local_ports(tmp_path / "no"), Unknown)
    assert isinstance(kernel.time_wait(tmp_path / "no"), Unknown)


def test_memory_is_in_bytes(tmp_path: Path) -> None:
    root = proc(tmp_path, {"meminfo": "MemTotal: 9 kB\nMemAvailable:    2048 kB\n"})
    found = kernel.memory_bytes(root)
    assert found["available"] == Known(2 * 2**20, "measured", f"MemAvailable in {root}/meminfo")
    assert found["commit_limit"] == Unknown(f"{root}/meminfo has no CommitLimit")


def test_huge_pages_are_the_word_in_brackets(tmp_path: Path) -> None:
    name = "kernel/mm/transparent_hugepage/enabled"
    assert kernel.huge_pages(proc(tmp_path, {name: "always [madvise] never\n"})) == Known(
        "madvise", "measured", f"{tmp_path}/{name}"
    )
    assert isinstance(kernel.huge_pages(tmp_path / "no"), Unknown)


def test_limits_of_a_process_are_the_soft_ones(tmp_path: Path) -> None:
    root = proc(tmp_path, {"7/limits": LIMITS})
    found = kernel.process_limit(7, "Max open files", root)
    assert found == Known(1024, "measured", f"Max open files in {root}/7/limits")
    unlimited = kernel.process_limit(7, "Max cpu time", root)
    assert isinstance(unlimited, Known)
    assert unlimited.value > 2**60
    assert isinstance(kernel.process_limit(8, "Max open files", root), Unknown)


def test_limits_of_this_process_are_those_that_the_kernel_gives() -> None:
    resource = pytest.importorskip("resource")
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    found = kernel.process_limit(os.getpid(), "Max open files")
    assert isinstance(found, Known)
    assert found.value == soft


@pytest.mark.parametrize(
    ("environment", "value"),
    [
        (b"A=1\0MALLOC_ARENA_MAX=2\0B=3\0", "2"),
        (b"MALLOC_ARENA_MAX_OLD=2\0", ""),
        (b"MALLOC_ARENA_MAX=\xff\0", "\ufffd"),
        (b"", ""),
    ],
)
def test_a_variable_of_a_process(tmp_path: Path, environment: bytes, value: str) -> None:
    root = proc(tmp_path, {"7/environ": environment})
    found = kernel.environment_variable(7, "MALLOC_ARENA_MAX", root)
    assert found == Known(value, "measured", f"{root}/7/environ")
    assert isinstance(kernel.environment_variable(8, "MALLOC_ARENA_MAX", root), Unknown)


def test_sums_say_over_how_many_processes(tmp_path: Path) -> None:
    files = {
        "7/smaps_rollup": "AnonHugePages:      4096 kB\n",
    }
    root = proc(tmp_path, files)
    assert kernel.huge_page_bytes_of([7, 8], root) == Known(
        4 * 2**20, "measured", "AnonHugePages of 1 processes"
    )
    assert isinstance(kernel.huge_page_bytes_of([10], root), Unknown)


def control_group(root: Path, line: str, files: Mapping[str, str]) -> tuple[Path, Path]:
    proc(root, {"proc/7/cgroup": line})
    proc(root, {f"sys/fs/cgroup/{name}": text for name, text in files.items()})
    return root / "proc", root / "sys"


@pytest.mark.parametrize(
    ("line", "files", "used"),
    [
        (
            "0::/a\n",
            {
                "a/memory.current": "1000\n",
                "a/memory.stat": "anon 5\ninactive_file 300\n",
            },
            700,
        ),
        (
            "9:memory:/a\n",
            {
                "memory/a/memory.usage_in_bytes": "1000\n",
                "memory/a/memory.stat": "inactive_file 1\ntotal_inactive_file 400\n",
            },
            600,
        ),
    ],
)
def test_what_a_control_group_counts(
    tmp_path: Path, line: str, files: Mapping[str, str], used: int
) -> None:
    where = control_group(tmp_path, line, files)
    working = working_set(7, *where)
    assert isinstance(working, Limit)
    assert working.value == used
    assert working_set(8, *where) is None
