"""Limits of control groups, from trees that look like the kernel's."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from tuner.host.cgroup import Limit, cpu_quotas, limited_groups, memory_limits, pids_limit

PID = 42
MIB = 2**20
NO_LIMIT_V1 = "9223372036854771712"


def kernel(root: Path, cgroup: str, files: Mapping[str, str]) -> tuple[Path, Path]:
    """Write ``/proc/42/cgroup`` and files below ``/sys/fs/cgroup``."""
    proc, sys = root / "proc", root / "sys"
    (proc / str(PID)).mkdir(parents=True)
    (proc / str(PID) / "cgroup").write_text(cgroup)
    (sys / "fs/cgroup").mkdir(parents=True)
    for name, text in files.items():
        path = sys / "fs/cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")
    return proc, sys


def named(limits: list[Limit], root: Path) -> list[tuple[float, str]]:
    base = f"{root}/sys/fs/cgroup/"
    return [(one.value, one.source.removeprefix(base)) for one in limits]


V2 = "0::/system.slice/apache2.service\n"
V1 = "9:memory:/system.slice/apache2.service\n4:cpu,cpuacct:/a\n3:pids:/a\n1:name=systemd:/x\n"
HYBRID = "9:memory:/a\n4:cpu,cpuacct:/a\n1:name=systemd:/a\n0::/a\n"


@pytest.mark.parametrize(
    ("cgroup", "files", "expected"),
    [
        pytest.param(V2, {}, [], id="v2, nothing set"),
        pytest.param(
            V2,
            {"system.slice/apache2.service/memory.max": str(512 * MIB)},
            [(512 * MIB, "system.slice/apache2.service/memory.max")],
            id="v2",
        ),
        pytest.param(
            V2,
            {
                "system.slice/apache2.service/memory.max": "max",
                "system.slice/memory.max": "max",
                "memory.max": "max",
            },
            [],
            id="v2, max is no limit",
        ),
        pytest.param(
            V2,
            {
                "system.slice/apache2.service/memory.max": str(512 * MIB),
                "system.slice/apache2.service/memory.high": str(400 * MIB),
                "system.slice/memory.max": str(256 * MIB),
                "memory.max": str(1024 * MIB),
            },
            [
                (256 * MIB, "system.slice/memory.max"),
                (400 * MIB, "system.slice/apache2.service/memory.high"),
                (512 * MIB, "system.slice/apache2.service/memory.max"),
                (1024 * MIB, "memory.max"),
            ],
            id="v2, every ancestor counts, the tightest first",
        ),
        pytest.param(
            "0::/\n",
            {"memory.max": str(300 * MIB), "other/memory.max": "1"},
            [(300 * MIB, "memory.max")],
            id="v2, a container sees itself as the root",
        ),
        pytest.param(
            "0::/../other\n",
            {"memory.max": str(300 * MIB)},
            [(300 * MIB, "memory.max")],
            id="v2, a group outside the namespace",
        ),
        pytest.param(
            V1,
            {"memory/system.slice/apache2.service/memory.limit_in_bytes": str(512 * MIB)},
            [(512 * MIB, "memory/system.slice/apache2.service/memory.limit_in_bytes")],
            id="v1",
        ),
        pytest.param(
            V1,
            {
                "memory/system.slice/apache2.service/memory.limit_in_bytes": NO_LIMIT_V1,
                "memory/system.slice/memory.limit_in_bytes": str(256 * MIB),
                "memory/memory.limit_in_bytes": NO_LIMIT_V1,
            },
            [(256 * MIB, "memory/system.slice/memory.limit_in_bytes")],
            id="v1, an ancestor counts and a huge number is no limit",
        ),
        pytest.param(
            "4:memory:/docker/0123\n",
            {"memory/memory.limit_in_bytes": str(128 * MIB)},
            [(128 * MIB, "memory/memory.limit_in_bytes")],
            id="v1, a container whose own path is not visible",
        ),
        pytest.param(
            "4:memory,hugetlb:/a\n",
            {"memory,hugetlb/a/memory.limit_in_bytes": str(128 * MIB)},
            [(128 * MIB, "memory,hugetlb/a/memory.limit_in_bytes")],
            id="v1, controllers mounted together",
        ),
        pytest.param(
            HYBRID,
            {"memory/a/memory.limit_in_bytes": str(512 * MIB), "unified/a/cgroup.procs": ""},
            [(512 * MIB, "memory/a/memory.limit_in_bytes")],
            id="hybrid, memory on v1",
        ),
        pytest.param(
            "1:name=systemd:/a\n0::/a\n",
            {"unified/a/memory.max": str(64 * MIB), "systemd/a/memory.limit_in_bytes": "1"},
            [(64 * MIB, "unified/a/memory.max")],
            id="hybrid, memory on v2",
        ),
        pytest.param(
            HYBRID,
            {
                "memory/a/memory.limit_in_bytes": str(512 * MIB),
                "unified/memory.max": str(64 * MIB),
            },
            [
                (64 * MIB, "unified/memory.max"),
                (512 * MIB, "memory/a/memory.limit_in_bytes"),
            ],
            id="hybrid, limits on both",
        ),
        pytest.param(
            "9:memory:/a:b\n",
            {"memory/a:b/memory.limit_in_bytes": str(MIB)},
            [(MIB, "memory/a:b/memory.limit_in_bytes")],
            id="a colon in the name",
        ),
        pytest.param(
            V2,
            {"system.slice/memory.max": "", "memory.max": "garbage", "memory.high": "-1"},
            [],
            id="what is no number is no limit",
        ),
    ],
)
def test_every_memory_limit_is_found(
    cgroup: str, files: dict[str, str], expected: list[tuple[float, str]], tmp_path: Path
) -> None:
    proc, sys = kernel(tmp_path, cgroup, files)
    assert named(memory_limits(PID, proc, sys), tmp_path) == expected


@pytest.mark.parametrize(
    ("cgroup", "files", "expected"),
    [
        pytest.param(
            V2,
            {"system.slice/apache2.service/cpu.max": "150000 100000"},
            [(1.5, "system.slice/apache2.service/cpu.max")],
            id="v2",
        ),
        pytest.param(V2, {"cpu.max": "max 100000"}, [], id="v2, max is no quota"),
        pytest.param(
            V2,
            {
                "system.slice/apache2.service/cpu.max": "200000 100000",
                "system.slice/cpu.max": "max 100000",
                "cpu.max": "50000 100000",
            },
            [(0.5, "cpu.max"), (2.0, "system.slice/apache2.service/cpu.max")],
            id="v2, every ancestor counts",
        ),
        pytest.param(
            V1,
            {
                "cpu,cpuacct/a/cpu.cfs_quota_us": "25000",
                "cpu,cpuacct/a/cpu.cfs_period_us": "100000",
                "cpu,cpuacct/cpu.cfs_quota_us": "-1",
                "cpu,cpuacct/cpu.cfs_period_us": "100000",
            },
            [(0.25, "cpu,cpuacct/a/cpu.cfs_quota_us")],
            id="v1",
        ),
        pytest.param(
            "4:cpu:/a\n3:cpuacct:/a\n",
            {
                "cpu/a/cpu.cfs_quota_us": "300000",
                "cpu/a/cpu.cfs_period_us": "100000",
                "cpuacct/a/cpu.cfs_quota_us": "1",
                "cpuacct/a/cpu.cfs_period_us": "100000",
            },
            [(3.0, "cpu/a/cpu.cfs_quota_us")],
            id="v1, cpu and cpuacct apart",
        ),
        pytest.param(
            HYBRID,
            {
                "cpu,cpuacct/a/cpu.cfs_quota_us": "100000",
                "cpu,cpuacct/a/cpu.cfs_period_us": "50000",
                "unified/a/cgroup.procs": "",
            },
            [(2.0, "cpu,cpuacct/a/cpu.cfs_quota_us")],
            id="hybrid",
        ),
        pytest.param(
            V2,
            {"cpu.max": "100000 0", "system.slice/cpu.max": "0 100000"},
            [],
            id="zero is no quota",
        ),
        pytest.param(
            V2,
            {"cpu.max": "100000", "system.slice/cpu.max": "a b"},
            [],
            id="what is no quota",
        ),
        pytest.param(
            V1,
            {"cpu,cpuacct/a/cpu.cfs_quota_us": "25000"},
            [],
            id="v1, without a period",
        ),
    ],
)
def test_every_cpu_quota_is_found(
    cgroup: str, files: dict[str, str], expected: list[tuple[float, str]], tmp_path: Path
) -> None:
    proc, sys = kernel(tmp_path, cgroup, files)
    assert named(cpu_quotas(PID, proc, sys), tmp_path) == expected


@pytest.mark.parametrize(
    ("cgroup", "files", "expected"),
    [
        (V2, {}, None),
        (V2, {"pids.max": "max"}, None),
        (
            V2,
            {"system.slice/apache2.service/pids.max": "4915", "system.slice/pids.max": "100"},
            (100, "system.slice/pids.max"),
        ),
        (V1, {"pids/a/pids.max": "512", "pids/pids.max": "max"}, (512, "pids/a/pids.max")),
    ],
)
def test_the_tightest_limit_of_tasks_is_found(
    cgroup: str, files: dict[str, str], expected: tuple[float, str] | None, tmp_path: Path
) -> None:
    proc, sys = kernel(tmp_path, cgroup, files)
    limit = pids_limit(PID, proc, sys)
    assert (named([limit], tmp_path)[0] if limit else None) == expected


def test_a_process_that_is_gone_has_no_limits(tmp_path: Path) -> None:
    proc, sys = kernel(tmp_path, V2, {"memory.max": "1", "cpu.max": "1 1", "pids.max": "1"})
    assert memory_limits(PID + 1, proc, sys) == []
    assert cpu_quotas(PID + 1, proc, sys) == []
    assert pids_limit(PID + 1, proc, sys) is None


def test_the_same_directory_under_two_names_is_harmless(tmp_path: Path) -> None:
    proc, sys = kernel(
        tmp_path,
        V1,
        {
            "cpu,cpuacct/a/cpu.cfs_quota_us": "25000",
            "cpu,cpuacct/a/cpu.cfs_period_us": "100000",
        },
    )
    (sys / "fs/cgroup/cpu").symlink_to("cpu,cpuacct")
    assert {limit.value for limit in cpu_quotas(PID, proc, sys)} == {0.25}


def test_limits_of_this_process_are_files_of_this_kernel() -> None:
    limits = [*memory_limits(os.getpid()), *cpu_quotas(os.getpid())]
    tasks = pids_limit(os.getpid())
    found = [*limits, tasks] if tasks else limits
    assert all(limit.value > 0 and Path(limit.source).is_file() for limit in found)
    assert all(limit.source.startswith("/sys/fs/cgroup/") for limit in found)


def test_a_limited_group_of_v2_tells_what_is_in_it(tmp_path: Path) -> None:
    directory = "system.slice/apache2.service"
    proc, sys = kernel(
        tmp_path,
        V2,
        {
            f"{directory}/memory.max": str(512 * MIB),
            f"{directory}/memory.current": str(300 * MIB),
            f"{directory}/memory.stat": f"anon 1\ninactive_file {50 * MIB}\nactive_file 7",
            f"{directory}/memory.events": "low 0\nhigh 4\nmax 9\noom 2\noom_kill 3",
        },
    )
    (found,) = limited_groups(PID, proc, sys)
    assert found.limit_bytes == 512 * MIB
    assert found.used_bytes == 250 * MIB
    assert found.oom_kills == 3


def test_a_limited_group_of_v1_tells_what_is_in_it(tmp_path: Path) -> None:
    proc, sys = kernel(
        tmp_path,
        HYBRID,
        {
            "memory/a/memory.limit_in_bytes": str(512 * MIB),
            "memory/a/memory.usage_in_bytes": str(300 * MIB),
            "memory/a/memory.stat": f"cache 5\ntotal_inactive_file {20 * MIB}",
            "memory/a/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 1",
            "memory/memory.limit_in_bytes": NO_LIMIT_V1,
        },
    )
    (found,) = limited_groups(PID, proc, sys)
    assert (found.used_bytes, found.oom_kills) == (280 * MIB, 1)


def test_what_a_group_does_not_tell_is_not_known(tmp_path: Path) -> None:
    proc, sys = kernel(tmp_path, V2, {"system.slice/memory.max": str(512 * MIB)})
    (found,) = limited_groups(PID, proc, sys)
    assert (found.used_bytes, found.oom_kills) == (None, None)
