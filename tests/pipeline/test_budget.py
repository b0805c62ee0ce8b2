"""The budget of this machine: the limit that leaves least, and what is taken off."""

from pathlib import Path

import pytest

from tuner.apache.read import ReadRequest, read
from tuner.apache.tree import Configuration
from tuner.capacity.budget import Budget
from tuner.host.cgroup import GroupMemory
from tuner.host.machine import Machine
from tuner.host.processes import ProcessMemory
from tuner.host.profile import MemoryProfile, summarise
from tuner.pipeline.budget import budget_for

MB, GB = 2**20, 2**30


def machine(*groups: GroupMemory) -> Machine:
    return Machine(
        memory_total_bytes=16 * GB,
        memory_available_bytes=12 * GB,
        memory_limit_bytes=min([16 * GB, *(one.limit_bytes for one in groups)]),
        memory_limit_source="",
        groups=groups,
        swap_used_bytes=0,
        cores=2,
        cores_source="",
    )


def group(limit: int, used: int | None = None) -> GroupMemory:
    return GroupMemory(limit_bytes=limit, source="memory.max", used_bytes=used, oom_kills=None)


def profile(uss: int, pss: int | None) -> MemoryProfile:
    one = ProcessMemory(
        pid=1,
        create_time=0.0,
        role="parent",
        group=None,
        uss_bytes=uss,
        pss_bytes=pss,
        rss_bytes=uss,
        swap_bytes=0,
        threads=1,
        cpu_seconds=1.0,
        metric="uss" if pss is not None else "anonymous",
    )
    return summarise([one])


def terms(budget: Budget) -> dict[str, int]:
    return {one.name: one.size_bytes for one in budget.terms}


def configured(tmp_path: Path, text: str) -> Configuration:
    main = tmp_path / "httpd.conf"
    main.write_text(text)
    return read(ReadRequest(path=main))


def test_on_a_machine_others_are_what_is_used_and_not_apaches() -> None:
    budget = budget_for(machine(), profile(GB, GB), None, "0")
    assert terms(budget) == {"memory": 16 * GB, "other services": -3 * GB, "reserve": 0}


def test_where_pss_is_not_readable_apache_is_not_counted_among_others() -> None:
    budget = budget_for(machine(), profile(GB, None), None, "0")
    assert terms(budget)["other services"] == -3 * GB


def test_without_a_server_everything_in_use_is_others() -> None:
    assert terms(budget_for(machine(), None, None, "0"))["other services"] == -4 * GB


def test_in_a_control_group_others_are_the_groups() -> None:
    budget = budget_for(machine(group(4 * GB, 3 * GB)), profile(GB, GB), None, "0")
    assert terms(budget) == {"memory": 4 * GB, "other services": -2 * GB, "reserve": 0}


def test_the_ancestor_that_leaves_least_counts() -> None:
    own, slice_ = group(4 * GB, 1 * GB), group(6 * GB, 5 * GB)
    budget = budget_for(machine(own, slice_), profile(GB, GB), None, "0")
    assert budget.size_bytes == 2 * GB
    assert terms(budget)["memory"] == 6 * GB


def test_a_group_above_the_machines_memory_is_no_limit() -> None:
    assert terms(budget_for(machine(group(64 * GB)), None, None, "0"))["memory"] == 16 * GB


def test_a_given_budget_stands_for_all_of_it() -> None:
    budget = budget_for(machine(group(GB)), profile(GB, GB), "3G", None)
    assert budget.size_bytes == 3 * GB


def test_systemds_limit_counts_for_a_server_that_does_not_run(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "etc/httpd/conf").mkdir(parents=True)
    (root / "etc/httpd/conf/httpd.conf").write_text("ServerRoot /etc/httpd\n")
    unit = root / "etc/systemd/system/httpd.service.d/limit.conf"
    unit.parent.mkdir(parents=True)
    (unit.parent.parent / "httpd.service").write_text("[Service]\n")
    unit.write_text("[Service]\nMemoryMax=2G\n")
    configuration = read(ReadRequest(path=Path("/etc/httpd/conf/httpd.conf"), root=root))
    budget = budget_for(machine(), None, None, "0", configuration)
    assert budget.size_bytes == 2 * GB
    assert budget.terms[0].source.startswith("MemoryMax in ")
    assert budget_for(machine(), profile(GB, GB), None, "0", configuration).size_bytes == 13 * GB


@pytest.mark.parametrize(("size", "kept"), [(3 * MB, 3 * MB), (MB // 2, None)])
def test_static_files_get_their_page_cache(tmp_path: Path, size: int, kept: int | None) -> None:
    documents = tmp_path / "www"
    documents.mkdir()
    (documents / "large").write_bytes(b"x" * size)
    text = f"DocumentRoot {documents}\nAlias /more {documents}\n"
    budget = budget_for(machine(), None, None, None, configured(tmp_path, text))
    found = terms(budget).get("static files")
    assert found == (None if kept is None else -kept)
