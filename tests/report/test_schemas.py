"""The published JSON Schemas, and that what is printed keeps to them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from tests.report.support import SAMPLES, configuration, rendered, report_of
from tuner.report.documents import DIALECT, as_json
from tuner.report.formats import Document, ListFormat
from tuner.report.optimise_document import RatioPart
from tuner.report.rule_document import rule_document
from tuner.report.rule_list import render_rules
from tuner.report.schemas import schema_text
from tuner.rules.loader import builtin_rules, load_rules

RULES = load_rules([builtin_rules()])


def validator(document: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(schema_text(Document(document))))


@pytest.mark.parametrize("document", list(Document))
def test_every_schema_is_one(document: Document) -> None:
    schema = json.loads(schema_text(document))
    assert schema["$schema"] == DIALECT
    assert schema["title"]
    assert schema["properties"]
    jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("document", ["audit", "optimize", "rules", "explain"])
def test_every_report_carries_its_version_and_nothing_beside_its_fields(document: str) -> None:
    schema = json.loads(schema_text(Document(document)))
    assert "schema_version" in schema["required"]
    assert schema["properties"]["schema_version"]["const"] == 1
    assert set(schema["required"]) == set(schema["properties"])
    assert schema["additionalProperties"] is False


def strict(text: str) -> Any:
    """Read JSON as others do: no NaN, no Infinity."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("app_memory", [("40M",), ()], ids=["given", "unknown"])
def test_an_audit_keeps_to_its_schema(
    sample: Callable[[str], Path], name: str, app_memory: tuple[str, ...]
) -> None:
    report = report_of(sample(name), app_memory=app_memory)
    validator("audit").validate(strict(rendered("json", report)))


def test_an_audit_of_next_to_nothing_keeps_to_its_schema(tmp_path: Path) -> None:
    main = tmp_path / "httpd.conf"
    main.write_text("Nonsense\n<Directory /x>\n")
    document = strict(rendered("json", report_of(main)))
    validator("audit").validate(document)
    assert document["effective"]["mpm"] is None
    assert document["configuration"]["errors"]


def test_a_schema_refuses_what_is_wrong(tmp_path: Path) -> None:
    document = strict(rendered("json", report_of(configuration(tmp_path, "Timeout 300"))))
    check = validator("audit")
    assert check.is_valid(document)
    assert not check.is_valid({**document, "more": 1})
    assert not check.is_valid({**document, "schema_version": 2})
    document["findings"][0]["severity"] = "severe"
    assert not check.is_valid(document)


def test_the_catalogue_keeps_to_its_schema() -> None:
    document = strict(render_rules([one.rule for one in RULES], ListFormat.JSON))
    validator("rules").validate(document)
    assert [one["id"] for one in document["rules"]] == [one.rule.id for one in RULES]


def test_an_explanation_keeps_to_its_schema() -> None:
    for one in RULES:
        document = strict(as_json(rule_document(one)))
        validator("explain").validate(document)
        assert document["rule"]["id"] == one.rule.id
        assert document["facts"]


def test_rule_files_keep_to_their_schema() -> None:
    check = validator("rule")
    for one in RULES:
        check.validate(YAML(typ="safe").load(one.path.read_text("utf-8")))
    assert not check.is_valid({"id": "CAP001"})


def test_an_unlimited_interval_is_null() -> None:
    ratio = RatioPart(estimate=1.2, low=0.0, high=float("inf"), pairs=1)
    assert strict(as_json(ratio))["high"] is None
