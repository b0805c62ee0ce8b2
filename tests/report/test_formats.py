"""What holds for every form of the audit report."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.report.support import configuration, document_of, rendered, report_of, scrubbed
from tuner.report.formats import AuditFormat

FORMS = [str(one) for one in AuditFormat]
SECRETS = {
    "hunter2!": 'SetEnv DB_PASSWORD "hunter2!"',
    "correct-horse": "Define API_TOKEN correct-horse",
    "bind-me-not": "AuthLDAPBindPassword bind-me-not",
    "ajp-geheim": "ProxyPass /app ajp://127.0.0.1:8009 secret=ajp-geheim",
    "B64dGVzdA": 'RequestHeader set Authorization "Basic B64dGVzdA"',
}


@pytest.mark.parametrize("form", [one for one in FORMS if one != "text"])
@pytest.mark.parametrize("name", ["founding-prefork-embedded", "debian-event-daemon"])
def test_the_report_of_a_sample(
    sample: Callable[[str], Path], snapshot: SnapshotAssertion, name: str, form: str
) -> None:
    tree = sample(name)
    assert scrubbed(rendered(form, report_of(tree), base=tree), tree) == snapshot


@pytest.mark.parametrize("form", FORMS)
def test_secrets_never_reach_a_report(tmp_path: Path, form: str) -> None:
    lines = [
        *SECRETS.values(),
        *(f"WSGIDaemonProcess {name} display-name={name}" for name in SECRETS),
        *(f"WSGIScriptAlias /{name} /srv/{name} process-group={name}" for name in SECRETS),
        *(f"Include /no/such/{name}.conf" for name in SECRETS),
        *(f"# tuner: ignore[TMO001] as {name} says" for name in SECRETS),
        "Include http://user:s3same-0pen@example.org/x.conf",
        "Timeout 300",
    ]
    report = report_of(configuration(tmp_path, *lines))
    assert {one.subject for one in report.findings} >= {f"daemon group {name}" for name in SECRETS}
    text = rendered(form, report)
    assert "[redacted]" in text.replace("\\", "")
    for secret in (*SECRETS, "s3same-0pen"):
        assert secret not in text


@pytest.mark.parametrize("form", FORMS)
def test_a_secret_that_is_an_ordinary_word_breaks_no_report(tmp_path: Path, form: str) -> None:
    """The words of fixed vocabularies stay; the rest of the report may lose the word."""
    main = configuration(tmp_path, "SetEnv DB_PASSWORD event", "SetEnv TOKEN high", "Timeout 300")
    assert rendered(form, report_of(main))


@pytest.mark.parametrize("form", FORMS)
def test_broken_bytes_of_a_configuration_make_no_broken_text(tmp_path: Path, form: str) -> None:
    main = configuration(
        tmp_path, "WSGIDaemonProcess \udcff\x1b", "WSGIScriptAlias / /x process-group=\udcff\x1b"
    )
    text = rendered(form, report_of(main))
    assert text.encode("utf-8")
    assert "\x1b" not in text
    assert "xff" in text


@pytest.mark.parametrize("form", FORMS)
def test_known_and_ignored_findings_are_marked(tmp_path: Path, form: str) -> None:
    main = configuration(
        tmp_path,
        "# tuner: ignore[TMO001] the application is slow",
        "Timeout 300",
        "WSGIDaemonProcess app",
        "WSGIScriptAlias / /srv/app.wsgi process-group=app",
    )
    known = tmp_path / "known.json"
    first = report_of(main)
    assert {"TMO001", "WSG012", "WSG013"} <= {one.id for one in first.findings}
    document = json.loads(rendered("json", first))
    kept = [one for one in document["findings"] if one["id"] == "WSG012"]
    known.write_text(json.dumps({**document, "findings": kept}))
    report = report_of(main, baseline=known)
    by_id = {one.id: one for one in report.findings}
    assert by_id["WSG012"].known
    assert not by_id["WSG013"].known
    assert by_id["TMO001"].suppressed == "the application is slow"
    text = rendered(form, report)
    assert "known" in text.lower() or '"unchanged"' in text
    assert ("the application is slow" in " ".join(text.split())) == (form != "github")
    assert "::warning" not in text or "TMO001" not in text


def test_paths_are_relative_to_the_base_and_links_are_resolved(
    sample: Callable[[str], Path],
) -> None:
    tree = sample("founding-prefork-embedded")
    report = report_of(tree)
    finding = next(one for one in document_of(report, tree).findings if one.id == "MPM001")
    place = finding.locations[0]
    assert place.file == "/etc/apache2/mods-enabled/mpm_prefork.conf"
    assert place.path == "etc/apache2/mods-available/mpm_prefork.conf"
    assert place.directive == "MaxClients"
    elsewhere = document_of(report, Path("/nowhere")).findings[0].locations[0].path
    assert elsewhere is not None
    assert elsewhere.startswith(str(tree.resolve()))
