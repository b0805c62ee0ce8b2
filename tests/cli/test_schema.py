"""Every JSON that a command prints keeps to the schema that tuner prints."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from tests.cli.conftest import Run
from tuner.report.formats import AuditFormat, Document


@pytest.mark.parametrize(
    ("document", "arguments"),
    [
        ("audit", ("audit", "{tree}", "--no-live", "--format", "json", "--no-exit-codes")),
        ("rules", ("rules", "--format", "json")),
        ("explain", ("explain", "cap001", "--format", "json")),
        ("show", ("show", "{tree}", "--format", "json")),
        ("trace", ("show", "{tree}", "--directive", "Timeout", "--format", "json")),
    ],
)
def test_json_keeps_to_its_published_schema(
    tuner: Run, sample: Callable[[str], Path], document: str, arguments: tuple[str, ...]
) -> None:
    tree = sample("debian-event-daemon")
    printed = tuner(*(one.format(tree=tree) for one in arguments))
    assert printed.returncode == 0, printed.stderr
    schema = tuner("schema", document)
    assert schema.returncode == 0
    jsonschema.Draft202012Validator(json.loads(schema.stdout)).validate(json.loads(printed.stdout))


def test_an_unknown_document_is_refused_with_those_that_are_known(tuner: Run) -> None:
    result = tuner("schema", "adit")
    assert result.returncode == 2
    assert all(str(one) in result.stderr for one in Document)


def steady(text: str) -> str:
    """Take out what the machine changes from run to run."""
    return re.sub(r'("memory_available_bytes"|"swap_used_bytes"): \d+', "", text)


@pytest.mark.parametrize("form", list(AuditFormat))
def test_every_form_goes_to_stdout_and_whole_into_a_file(
    tuner: Run, sample: Callable[[str], Path], tmp_path: Path, form: AuditFormat
) -> None:
    options = ("audit", sample("container"), "--no-live", "--budget", "1G", "--format", form)
    printed = tuner(*options)
    assert printed.stdout
    assert printed.stderr == ""
    written = tuner(*options, "--output", "report")
    assert written.stdout == ""
    assert steady((tmp_path / "report").read_text()) == steady(printed.stdout)
    assert written.returncode == printed.returncode >= 13


def test_rules_and_explanations_go_into_files(tuner: Run, tmp_path: Path) -> None:
    assert tuner("rules", "--format", "csv", "--output", "rules.csv").stdout == ""
    assert (tmp_path / "rules.csv").read_text().startswith("id,name,severity,")
    assert tuner("explain", "MPM001", "--format", "markdown", "--output", "x.md").stdout == ""
    assert (tmp_path / "x.md").read_text().startswith("# MPM001 ")
    result = tuner("explain", "MPM01")
    assert result.returncode == 2
    assert re.fullmatch(
        r"tuner: there is no rule MPM01 \(did you mean MPM0\d\d\?\)\n", result.stderr
    )
