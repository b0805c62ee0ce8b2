"""The text report: whole reports of samples, colour, and what people may not see."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.report.support import SAMPLES, configuration, document_of, rendered, report_of, scrubbed
from tuner.report.audit_text import render
from tuner.report.formats import Look


@pytest.mark.parametrize("name", SAMPLES)
def test_the_report_of_a_sample(
    sample: Callable[[str], Path], snapshot: SnapshotAssertion, name: str
) -> None:
    tree = sample(name)
    assert scrubbed(rendered("text", report_of(tree)), tree) == snapshot


def test_colour_changes_nothing_but_colour(sample: Callable[[str], Path]) -> None:
    report = report_of(sample("container"))
    plain = rendered("text", report)
    coloured = rendered("text", report, look=Look(colour=True))
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_control_characters_of_a_configuration_never_reach_the_terminal(tmp_path: Path) -> None:
    main = configuration(tmp_path, "WSGIScriptAlias /\x1b[31mred /srv/\udcffapp.wsgi")
    text = rendered("text", report_of(main))
    assert "\x1b" not in text
    assert "\\x1b[31mred" in text
    assert "\\xff" in text


def test_numbers_of_a_formula_stand_below_each_other(sample: Callable[[str], Path]) -> None:
    text = rendered("text", report_of(sample("founding-prefork-embedded")))
    block = text[text.index("CAP001") : text.index("fix ")]
    rows = re.findall(r"^ {10}([a-z_.]+ +[0-9.]+(?: [KMGT]?B)?)  \S", block, re.MULTILINE)
    assert len(rows) >= 4
    assert len({len(row) for row in rows}) == 1


def test_verbose_says_what_every_undecided_rule_needs(sample: Callable[[str], Path]) -> None:
    report = report_of(sample("founding-prefork-embedded"), app_memory=())
    assert report.skipped
    text = rendered("text", report)
    verbose = rendered("text", report, look=Look(verbose=True))
    for skipped in report.skipped:
        assert skipped.id in text
        assert skipped.title not in text
        assert " ".join(skipped.title.split()) in " ".join(verbose.split())


def test_no_line_is_wider_than_it_must_be(sample: Callable[[str], Path]) -> None:
    for line in rendered("text", report_of(sample("founding-prefork-embedded"))).splitlines():
        assert len(line) <= 100 or " " not in line.strip()


def test_long_values_of_inputs_are_shown_whole(sample: Callable[[str], Path]) -> None:
    document = document_of(report_of(sample("container")))
    first, *others = document.findings
    long = first.evidence.inputs[0].model_copy(update={"shown": "x" * 300})
    evidence = first.evidence.model_copy(update={"inputs": (long, *first.evidence.inputs)})
    changed = first.model_copy(update={"evidence": evidence})
    text = render(
        document.model_copy(update={"findings": (changed, *others)}), [], Look(verbose=True)
    )
    assert "x" * 300 in text


def test_refused_fixes_say_why(tmp_path: Path) -> None:
    main = configuration(
        tmp_path, "Define minutes 5", "Timeout ${minutes}00", "Timeout 3${minutes}0"
    )
    text = " ".join(rendered("text", report_of(main, select=("TMO001",))).split())
    assert "to be made by hand, because" in text
    assert "composed of variables" in text
    assert "--patch FILE" not in text
