"""A ladder in every format."""

import csv
import io
import json
import re

import jsonschema
from syrupy.assertion import SnapshotAssertion

from tests.pipeline.ladders import BOTH, CLIENTS, ladder, target
from tuner.pipeline.ladder.report import LadderReport
from tuner.report.ladder_csv import HEAD, render_csv
from tuner.report.ladder_html import render_html
from tuner.report.ladder_markdown import render_markdown
from tuner.report.ladder_text import CHART_WIDTH, bar, render_text


def test_text(snapshot: SnapshotAssertion) -> None:
    assert render_text(BOTH, colour=False) == snapshot


def test_markdown(snapshot: SnapshotAssertion) -> None:
    assert render_markdown(BOTH) == snapshot


def test_notes_and_sufficient_limits_are_shown_when_asked() -> None:
    assert "564 of 20000" in render_text(BOTH, colour=False, verbose=True)
    assert "564 of 20000" not in render_text(BOTH, colour=False)


def test_names_cannot_break_out_of_any_format() -> None:
    for text in (render_text(BOTH, colour=False), render_markdown(BOTH), render_html(BOTH)):
        assert "\x1b" not in text
    assert "<b>" not in render_html(BOTH)
    assert "em\\|bed&lt;b>" in render_markdown(BOTH)


def test_colour_is_only_added() -> None:
    coloured = render_text(BOTH, colour=True)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == render_text(BOTH, colour=False)


def test_csv_has_a_line_for_each_probe() -> None:
    rows = list(csv.DictReader(io.StringIO(render_csv(BOTH))))
    assert tuple(rows[0]) == HEAD
    assert len(rows) == sum(len(step.probes) for one in BOTH.targets for step in one.steps)
    assert [row["concurrency"] for row in rows[:4]] == ["1", "1", "10", "10"]
    assert rows[-1]["validity"] == "invalid"
    assert rows[-1]["errors"] == "timeout: 400"
    assert float(rows[0]["p99_seconds"]) == round(1 / 900, 6)


def test_a_name_is_no_formula() -> None:
    text = render_csv(ladder(target("=1+1", (10.0, 20.0))))
    assert "\n'=1+1," in text


def test_html_is_one_file_that_loads_nothing() -> None:
    page = render_html(BOTH)
    assert page.count("<svg") == 2
    assert not re.search(r"<script|src=|href=|@import|url\(", page)


def test_json_is_read_back_as_the_same_report() -> None:
    text = BOTH.model_dump_json()
    assert LadderReport.model_validate_json(text) == BOTH
    assert '"schema_version":1' in text


def test_json_keeps_its_schema() -> None:
    schema = LadderReport.model_json_schema(mode="serialization")
    for report in (BOTH, ladder(target("x", ()), interrupted=True)):
        jsonschema.validate(json.loads(report.model_dump_json()), schema)


def test_an_interrupted_ladder_says_so() -> None:
    found = ladder(target("x", (10.0,)), interrupted=True)
    for text in (render_text(found, colour=False), render_markdown(found), render_html(found)):
        assert "Interrupted" in text


def test_a_ladder_without_one_probe_is_rendered_all_the_same() -> None:
    found = ladder(target("x", ()), interrupted=True)
    assert "Interrupted" in render_text(found, colour=False)
    assert render_csv(found).count("\n") == 1
    assert render_html(found)


def test_bars_fill_their_share() -> None:
    assert bar(1.0) == "█" * CHART_WIDTH
    assert bar(0.0) == " " * CHART_WIDTH
    assert bar(0.5).rstrip() == "█" * (CHART_WIDTH // 2)
    assert all(len(bar(n / 97)) == CHART_WIDTH for n in range(98))


def test_every_load_is_a_row_of_the_classic_table() -> None:
    text = render_text(BOTH, colour=False).split("\n\n")[0]
    assert [row.split()[0] for row in text.splitlines()[2:]] == [str(one) for one in CLIENTS]
