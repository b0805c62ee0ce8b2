"""Baselines: findings are recognised again after lines have moved."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.report.support import configuration, rendered, report_of
from tuner.errors import UsageError
from tuner.rules.baseline import read_baseline

LINES = [
    "Timeout 300",
    "HostnameLookups On",
    "WSGIDaemonProcess one",
    "WSGIDaemonProcess two",
    "WSGIScriptAlias /one /srv/one.wsgi process-group=one",
    "WSGIScriptAlias /two /srv/two.wsgi process-group=two",
]


def fingerprints(main: Path) -> dict[tuple[str, str], str]:
    found = {(one.id, one.subject): one.fingerprint for one in report_of(main).findings}
    assert len(found) == len(report_of(main).findings)
    return found


def test_every_finding_has_its_own(tmp_path: Path) -> None:
    found = fingerprints(configuration(tmp_path, *LINES))
    assert len(found) >= 5
    assert len(set(found.values())) == len(found)


@settings(
    deadline=None,
    max_examples=8,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.sampled_from(["", "# a comment", "ServerName x", "KeepAlive On"])), st.data())
def test_moved_lines_change_no_fingerprint(
    tmp_path: Path, more: list[str], data: st.DataObject
) -> None:
    before = fingerprints(configuration(tmp_path, *LINES))
    lines = list(LINES)
    for line in more:
        lines.insert(data.draw(st.integers(0, len(lines))), line)
    assert fingerprints(configuration(tmp_path, *lines)) == before


def test_other_numbers_and_another_place_of_the_tree_change_no_fingerprint(tmp_path: Path) -> None:
    before = fingerprints(configuration(tmp_path, *LINES))
    (tmp_path / "copy").mkdir()
    moved = configuration(tmp_path / "copy", "Timeout 400", *LINES[1:])
    assert fingerprints(moved) == before


def test_the_same_directive_in_another_section_is_another_finding(tmp_path: Path) -> None:
    lines = ["<VirtualHost *:80>", "WSGIDaemonProcess app", "</VirtualHost>"]
    alias = "WSGIScriptAlias / /srv/app.wsgi process-group=app"
    inside = fingerprints(configuration(tmp_path, *lines[:2], alias, lines[2]))
    outside = fingerprints(configuration(tmp_path, lines[1], alias))
    key = ("WSG013", "daemon group app")
    assert inside[key] != outside[key]


def test_a_report_is_a_baseline(tmp_path: Path) -> None:
    main = configuration(tmp_path, *LINES)
    known = tmp_path / "known.json"
    known.write_text(rendered("json", report_of(main)))
    again = report_of(configuration(tmp_path, "# moved", *LINES), baseline=known)
    assert again.has_baseline
    assert again.findings
    assert all(one.known and not one.is_open for one in again.findings)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", ":1:1: not JSON"),
        (b'{"findings": [}', ":1:15: not JSON"),
        (b"\xff\xfe", ": not JSON"),
        (b"[" * 100_000, ": not JSON"),
        (b"[]", ": not a report of tuner audit"),
        (b'{"schema_version": 1}', ": not a report of tuner audit"),
        (b'{"schema_version": 1, "findings": 3}', ": not a report of tuner audit"),
        (b'{"schema_version": 9, "findings": []}', ": schema_version 9 is not known here"),
        (b'{"findings": []}', ": schema_version None is not known here"),
        (b'{"schema_version": 1, "findings": [{}]}', ": findings[0] has no fingerprint"),
        (b'{"schema_version": 1, "findings": [{"fingerprint": 3}]}', "findings[0] has no"),
        (b'{"schema_version": 1, "findings": ["x"]}', ": findings[0] has no fingerprint"),
    ],
)
def test_a_bad_baseline_is_refused_in_one_line(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "known.json"
    path.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        read_baseline(path)
    assert str(caught.value).startswith(f"baseline {path}")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_baseline_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file or directory"):
        read_baseline(tmp_path / "nope.json")
