"""Every fix judged by the real httpd: it starts with the patched text and corrects nothing."""

from pathlib import Path

import pytest

from tests.rules.test_rule_pack import (
    FIXABLE,
    Case,
    _pack_is_read_once,  # noqa: F401 - a fixture
    cases,
    run,
)
from tuner.apache.binary import Httpd
from tuner.pipeline.audit import AuditReport, audit_patch
from tuner.server.shadow import configtest

CORRECTED = {
    "MPM001": "AH00180",
    "MPM002": "AH00515",
    "MPM003": "AH00513",
    "MPM004": "AH00511",
    "MPM005": "AH00507",
}
"""What event and prefork say about the values that these rules are about."""

REFUSED = ["MPM014", "MPM026", "WSG006", "WSG040", "WSG041", "WSG044", "WSG051"]


def audited(tmp_path: Path, case: Case, *select: str) -> AuditReport:
    """Audit a case with what httpd demands and rules do not: a port, an MPM, room for logs."""
    (tmp_path / "logs").mkdir()
    added = "Listen 8080\n"
    if "LoadModule mpm_" not in case.conf:
        added += "LoadModule mpm_event_module modules/mod_mpm_event.so\n"
    return run(tmp_path, case.model_copy(update={"conf": added + case.conf}), *select)


@pytest.mark.parametrize(("rule_id", "case"), cases("fire", rules=sorted(CORRECTED)))
def test_httpd_corrects_what_the_rule_is_about(
    tmp_path: Path, httpd: Httpd, rule_id: str, case: Case
) -> None:
    _, said = configtest(audited(tmp_path, case, rule_id).configuration, httpd)
    if "mod_mpm_worker" not in case.conf:
        assert CORRECTED[rule_id] in said


@pytest.mark.parametrize(("rule_id", "case"), cases("fire", rules=REFUSED))
def test_httpd_refuses_what_the_rule_says_it_refuses(
    tmp_path: Path, httpd: Httpd, rule_id: str, case: Case
) -> None:
    ok, said = configtest(audited(tmp_path, case, rule_id).configuration, httpd)
    assert not ok, said


@pytest.mark.parametrize(("rule_id", "case"), cases("fire", rules=FIXABLE))
def test_httpd_takes_the_fix_and_corrects_nothing(
    tmp_path: Path, httpd: Httpd, rule_id: str, case: Case
) -> None:
    made, refused = audit_patch(audited(tmp_path, case), httpd, unsafe=True)
    assert refused == ()
    assert made is not None
    assert made.configtest == "Syntax OK"
