"""The catalogue and one rule in every form."""

import csv
import io

import pytest
from syrupy.assertion import SnapshotAssertion

from tuner.report.documents import as_json
from tuner.report.formats import ListFormat
from tuner.report.rule_document import rule_document
from tuner.report.rule_list import render_rules
from tuner.report.rule_markdown import render_markdown
from tuner.report.rule_text import render_text
from tuner.rules.loader import builtin_rules, load_rules

RULES = {one.rule.id: one for one in load_rules([builtin_rules()])}
SHOWN = [RULES[key].rule for key in ("MPM001", "TMO001", "WSG012")]


@pytest.mark.parametrize("form", [ListFormat.TEXT, ListFormat.CSV, ListFormat.MARKDOWN])
def test_the_catalogue(form: ListFormat, snapshot: SnapshotAssertion) -> None:
    assert render_rules(SHOWN, form) == snapshot


@pytest.mark.parametrize("form", list(ListFormat))
def test_every_rule_is_in_the_catalogue(form: ListFormat) -> None:
    text = render_rules([one.rule for one in RULES.values()], form)
    for one in RULES.values():
        assert one.rule.id in text
        assert one.rule.severity in text


def test_csv_is_read_back() -> None:
    text = render_rules([one.rule for one in RULES.values()], ListFormat.CSV)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["id"] for row in rows] == list(RULES)
    for row in rows:
        rule = RULES[row["id"]].rule
        assert row["title"] == rule.title
        assert row["fix"] == (rule.fix.safety if rule.fix else "")


def test_no_rules_are_no_mistake() -> None:
    assert render_rules([], ListFormat.TEXT) == "0 rules; tuner explain ID tells more\n"


@pytest.mark.parametrize("rule_id", sorted(RULES))
def test_an_explanation_says_the_same_in_every_form(rule_id: str) -> None:
    rule = RULES[rule_id].rule
    document = rule_document(RULES[rule_id])
    for text in (render_text(document), render_markdown(document), as_json(document)):
        assert rule_id in text
        for url in rule.references:
            assert url in text
        for name in rule.thresholds:
            assert name in text
        assert (rule.fix is not None) == ("Fix" in text or '"safety"' in text)


def test_an_explanation_in_markdown(snapshot: SnapshotAssertion) -> None:
    assert render_markdown(rule_document(RULES["MPM001"])) == snapshot
