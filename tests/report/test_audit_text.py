"""Snapshots of whole reports: every sample, offline, with given memory."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from tuner.apache.read import ReadRequest
from tuner.pipeline.audit import AuditReport, AuditRequest, audit
from tuner.pipeline.observe import ObserveRequest
from tuner.report.audit_text import render_text
from tuner.report.select import at_least

SAMPLES = ["founding-prefork-embedded", "debian-event-daemon", "rhel-event-daemon", "container"]


def report_of(tree: Path) -> AuditReport:
    return audit(
        AuditRequest(
            read=ReadRequest(path=tree),
            observe=ObserveRequest(live=False, app_memory=("40M",), budget="16G"),
        )
    )


def scrub(text: str) -> str:
    """Take out what belongs to the machine that runs the test."""
    return re.sub(r"  machine [^\n]*(\n {10}[^\n]*)*", "  machine (scrubbed)", text)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_report_of_a_sample(
    sample: Callable[[str], Path], snapshot: SnapshotAssertion, name: str
) -> None:
    report = report_of(sample(name))
    text = render_text(report, at_least(report.findings, "info"), colour=False)
    assert scrub(text) == snapshot


def test_colour_changes_nothing_but_colour(sample: Callable[[str], Path]) -> None:
    report = report_of(sample("container"))
    findings = at_least(report.findings, "info")
    plain = render_text(report, findings, colour=False)
    coloured = render_text(report, findings, colour=True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured).split() == plain.split()


def test_control_characters_of_a_configuration_never_reach_the_terminal(tmp_path: Path) -> None:
    main = tmp_path / "httpd.conf"
    main.write_bytes(
        b"LoadModule mpm_event_module x\nLoadModule wsgi_module x\n"
        b"WSGIScriptAlias /\x1b[31mred /srv/\xffapp.wsgi\n"
    )
    report = report_of(main)
    text = render_text(report, at_least(report.findings, "info"), colour=False)
    assert "\x1b" not in text
    assert "\\x1b[31mred" in text
    assert "\\xff" in text
