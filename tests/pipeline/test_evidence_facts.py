"""What an audit learns from this machine and from logs, and when it must not."""

from pathlib import Path

import pytest

from tuner.apache.read import ReadRequest
from tuner.pipeline import place
from tuner.pipeline.audit import AuditReport, AuditRequest, audit
from tuner.pipeline.observe import ObserveRequest

LINE = "[Sun Mar 01 10:11:12.123456 2026] [mpm_event:error] [pid 7:tid 8] AH00484: server\n"
CONF = "LoadModule mpm_event_module modules/mod_mpm_event.so\nErrorLog {log}\n"


def run(path: Path, *select: str) -> AuditReport:
    request = ReadRequest(path=path)
    return audit(AuditRequest(request, ObserveRequest(live=False), select=select))


def test_logs_below_a_root_are_evidence(tmp_path: Path) -> None:
    main = tmp_path / "usr/local/apache2/conf/httpd.conf"
    log = tmp_path / "var/log/error.log"
    for path in (main, log):
        path.parent.mkdir(parents=True)
    main.write_text(CONF.format(log="/var/log/error.log"))
    log.write_text(LINE * 3)
    (finding,) = run(tmp_path, "EVD").findings
    assert finding.id == "EVD001"
    assert "3 times, last 2026-03-01 10:11 (logs since 2026-03-01)" in finding.message
    sources = {one.name: one.source for one in finding.evidence.inputs}
    assert sources["logs.workers_exhausted"] == "/var/log/error.log"


def test_logs_of_this_machine_say_nothing_about_a_copy(tmp_path: Path) -> None:
    log = tmp_path / "error.log"
    log.write_text(LINE)
    main = tmp_path / "httpd.conf"
    main.write_text(CONF.format(log=log))
    report = run(main, "EVD001", "OS002", "IO002")
    assert report.findings == ()
    assert {one.id for one in report.skipped} == {"EVD001", "OS002"}
    reasons = {reason.partition(": ")[2] for one in report.skipped for reason in one.missing}
    assert reasons == {
        "the configuration is not this machine's, so its logs are elsewhere",
        "the configuration is not known to be this machine's",
    }


def test_a_configuration_where_servers_keep_theirs_is_this_machine_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, "_SYSTEM", (f"{tmp_path}/",))
    log = tmp_path / "error.log"
    log.write_text(LINE)
    main = tmp_path / "httpd.conf"
    main.write_text(CONF.format(log=log) + "CustomLog logs/missing/access.log common\n")
    report = run(main, "EVD001", "OS002", "OS015")
    assert {one.id for one in report.findings} >= {"EVD001", "OS015"}
    assert report.skipped == ()
    assert any("/logs/missing does not exist" in one.message for one in report.findings)


def test_a_log_that_goes_to_a_program_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, "_SYSTEM", (f"{tmp_path}/",))
    main = tmp_path / "httpd.conf"
    main.write_text(CONF.format(log='"|/usr/bin/rotatelogs /var/log/x 86400"'))
    (skipped,) = run(main, "EVD001").skipped
    assert "rotatelogs /var/log/x 86400: not a file" in skipped.missing[0]
