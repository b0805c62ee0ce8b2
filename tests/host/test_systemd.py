"""Limits in unit files of Apache's service."""

from pathlib import Path

import pytest

from tuner.host.systemd import service_memory_limits

GB = 2**30


def unit(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def limits(root: Path) -> list[tuple[float, str]]:
    found = service_memory_limits(16 * GB, root)
    return [(one.value, one.source.replace(f"{root}/", "")) for one in found]


def test_without_a_unit_there_is_no_limit(tmp_path: Path) -> None:
    assert limits(tmp_path) == []


@pytest.mark.parametrize(
    ("value", "size"),
    [("2G", 2 * GB), ("25%", 4 * GB), ("1073741824", GB), ("infinity", None), ("", None)],
)
def test_a_value_as_systemd_reads_it(tmp_path: Path, value: str, size: int | None) -> None:
    unit(tmp_path, "lib/systemd/system/apache2.service", f"[Service]\nMemoryMax={value}\n")
    expected = [] if size is None else [(size, "MemoryMax in lib/systemd/system/apache2.service")]
    assert limits(tmp_path) == expected


def test_drop_ins_come_later_and_the_last_counts(tmp_path: Path) -> None:
    unit(tmp_path, "usr/lib/systemd/system/httpd.service", "[Service]\nMemoryMax=8G\n")
    unit(tmp_path, "etc/systemd/system/httpd.service.d/10-a.conf", "[Service]\nMemoryMax=4G\n")
    unit(
        tmp_path,
        "run/systemd/system/httpd.service.d/20-b.conf",
        "[Unit]\nMemoryMax=1G\n[Service]\n# MemoryMax=1G\nMemoryMax=3G\nMemoryHigh=2G\n",
    )
    where = "run/systemd/system/httpd.service.d/20-b.conf"
    assert limits(tmp_path) == [
        (2 * GB, f"MemoryHigh in {where}"),
        (3 * GB, f"MemoryMax in {where}"),
    ]


def test_a_unit_in_etc_hides_the_packaged_one(tmp_path: Path) -> None:
    unit(tmp_path, "lib/systemd/system/apache2.service", "[Service]\nMemoryMax=1G\n")
    unit(tmp_path, "etc/systemd/system/apache2.service", "[Service]\nRestart=always\n")
    assert limits(tmp_path) == []
