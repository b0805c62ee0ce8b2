"""``# tuner: ignore[ID] reason`` above a directive."""

from pathlib import Path

import pytest

from tuner.apache.read import ReadRequest
from tuner.pipeline.audit import AuditReport, AuditRequest, audit, audit_patch
from tuner.pipeline.observe import ObserveRequest

MPM = "LoadModule mpm_prefork_module modules/mod_mpm_prefork.so\n"


def look(tmp_path: Path, conf: str, *select: str) -> AuditReport:
    main = tmp_path / "httpd.conf"
    main.write_text(MPM + conf)
    return audit(
        AuditRequest(
            read=ReadRequest(path=main),
            observe=ObserveRequest(live=False),
            select=select or ("TMO001", "KA001"),
        )
    )


def reasons(report: AuditReport) -> dict[str, str | None]:
    return {one.id: one.suppressed for one in report.findings}


@pytest.mark.parametrize(
    ("comment", "reason"),
    [
        ("# tuner: ignore[TMO001] the reports take long", "the reports take long"),
        ("# tuner: ignore[TMO001]", "no reason given"),
        ("#tuner:ignore[TMO001]   why  ", "why"),
        ("   # tuner:  ignore[ TMO001 ] why", "why"),
        ("# tuner: ignore[KA001,TMO001] both", "both"),
        ("# tuner: ignore[KA001, TMO001] both", "both"),
        ("# tuner: ignore[TMO001] caf\u00e9", "caf\u00e9"),
        ("# tuner: ignore[TMO001] why\n# what people should know", "why"),
        ("# tuner: ignore[TMO001] why\n\n\n", "why"),
        ("# tuner: ignore[KA001] one\n# tuner: ignore[TMO001] two", "two"),
        ("# tuner: ignore[TMO001] one\n# tuner: ignore[KA001] two", "one"),
        ("# tuner: ignore[TMO001] over \\\n two lines", "over  two lines"),
    ],
)
def test_a_comment_above_the_directive_suppresses_its_finding(
    tmp_path: Path, comment: str, reason: str
) -> None:
    report = look(tmp_path, f"{comment}\nTimeout 300\nKeepAliveTimeout 15\n")
    assert reasons(report) == {"TMO001": reason, "KA001": None}


@pytest.mark.parametrize(
    "conf",
    [
        "# tuner: ignore[KA001] another rule\nTimeout 300\n",
        "# tuner: ignore[TMO] not an id\nTimeout 300\n",
        "# tuner: ignore[tmo001] lower case\nTimeout 300\n",
        "# tuner: ignore TMO001\nTimeout 300\n",
        "# tuner: ignore[]\nTimeout 300\n",
        "# please: tuner: ignore[TMO001]\nTimeout 300\n",
        "# tuner: ignore[TMO001] for the next line only\nListen 80\nTimeout 300\n",
        "Timeout 300\n# tuner: ignore[TMO001] too late\n",
        "# tuner: ignore[TMO001] not the one in force\nTimeout 300\nTimeout 300\n",
    ],
)
def test_any_other_comment_suppresses_nothing(tmp_path: Path, conf: str) -> None:
    assert reasons(look(tmp_path, conf, "TMO001")) == {"TMO001": None}


def test_a_continued_directive_is_found_by_its_first_line(tmp_path: Path) -> None:
    report = look(tmp_path, "# tuner: ignore[TMO001] why\nTimeout \\\n300\n", "TMO001")
    assert reasons(report) == {"TMO001": "why"}


def test_a_comment_works_in_included_files_and_inside_conditions(tmp_path: Path) -> None:
    (tmp_path / "more.conf").write_text(
        "<IfModule mpm_prefork_module>\n"
        "    # tuner: ignore[TMO001] why\n"
        "    Timeout 300\n"
        "</IfModule>\n"
    )
    report = look(tmp_path, f"Include {tmp_path}/more.conf\n", "TMO001")
    assert reasons(report) == {"TMO001": "why"}
    assert report.findings[0].locations[0].file == str(tmp_path / "more.conf")


def test_the_same_line_of_another_file_is_not_meant(tmp_path: Path) -> None:
    (tmp_path / "more.conf").write_text(
        "Listen 81\nListen 82\n# tuner: ignore[TMO001]\nListen 83\n"
    )
    report = look(tmp_path, f"Include {tmp_path}/more.conf\n\nTimeout 300\n", "TMO001")
    assert reasons(report) == {"TMO001": None}


def test_one_group_of_two_can_be_suppressed(tmp_path: Path) -> None:
    conf = (
        "LoadModule wsgi_module modules/mod_wsgi.so\n"
        "# tuner: ignore[WSG013] long reports\n"
        "WSGIDaemonProcess one\n"
        "WSGIDaemonProcess two\n"
        "WSGIScriptAlias /one /srv/one.wsgi process-group=one\n"
        "WSGIScriptAlias /two /srv/two.wsgi process-group=two\n"
    )
    report = look(tmp_path, conf, "WSG013")
    assert [(one.subject, one.suppressed) for one in report.findings] == [
        ("daemon group one", "long reports"),
        ("daemon group two", None),
    ]


def test_a_suppressed_finding_is_not_fixed(tmp_path: Path) -> None:
    report = look(tmp_path, "# tuner: ignore[TMO001] why\nTimeout 300\nKeepAliveTimeout 15\n")
    patch, refused = audit_patch(report, None, unsafe=True)
    assert refused == ()
    assert patch is not None
    assert b"-KeepAliveTimeout 15" in patch.text
    assert b"-Timeout 300" not in patch.text
    assert b"TMO001" not in patch.text.partition(b"\n--- ")[0]


def test_everything_else_of_a_suppressed_finding_stays(tmp_path: Path) -> None:
    plain = look(tmp_path, "\nTimeout 300\n", "TMO001").findings
    marked = look(tmp_path, "# tuner: ignore[TMO001] why\nTimeout 300\n", "TMO001").findings
    assert [one.model_copy(update={"suppressed": None}) for one in marked] == list(plain)
