"""tuner.toml: what it may say, and one clear line about every mistake."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tuner.cli.audit import EPILOG
from tuner.errors import UsageError
from tuner.pipeline.preferences import AuditPreferences, read_preferences

PROPERTY = settings(
    deadline=None,
    max_examples=100,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
RULE = """\
id: OUR001
name: slow-timeout
title: A long Timeout
severity: low
confidence: high
since: 0.1.0
thresholds:
  longest: 90s
  share: "0.5"
when: server.timeout > longest
message: Timeout is {server.timeout}
why: It is ours.
references: [https://example.org/rules]
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "our-rules").mkdir()
    (tmp_path / "our-rules/OUR001-slow-timeout.yaml").write_text(RULE)
    return tmp_path


def write(place: Path, text: str | bytes) -> Path:
    path = place / "tuner.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_everything_that_can_be_said_is_read(place: Path) -> None:
    path = write(
        place,
        """\
[audit]
select = ["CAP", "our"]
ignore = ["TMO001"]
min-severity = "low"
fail-on = "medium"
budget = "16G"
reserve = "10%"
app-memory = ["40M", "120M@shop"]
rules = ["our-rules"]
baseline = "known.json"

[thresholds.OUR001]
longest = "300s"
share = 0.25
""",
    )
    found = read_preferences(path)
    assert found.audit == AuditPreferences.model_validate(
        {
            "select": ["CAP", "our"],
            "ignore": ["TMO001"],
            "min-severity": "low",
            "fail-on": "medium",
            "budget": "16G",
            "reserve": "10%",
            "app-memory": ["40M", "120M@shop"],
            "rules": ["our-rules"],
            "baseline": "known.json",
        }
    )
    assert found.rules == (place / "our-rules",)
    assert found.baseline == place / "known.json"
    assert found.thresholds == {"OUR001": {"longest": "300s", "share": "0.25"}}


def test_the_example_in_the_help_names_every_key() -> None:
    example = EPILOG[EPILOG.index("[audit]") : EPILOG.index("[thresholds")]
    keys = re.findall(r"^ +([a-z-]+) =", example, re.MULTILINE)
    assert keys == [one.replace("_", "-") for one in AuditPreferences.model_fields]


def test_no_file_says_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    assert read_preferences(None).path is None
    write(place, '[audit]\nbudget = "1G"\n')
    assert read_preferences(None).audit.budget == "1G"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[audit]\nselct = ['CAP']\n", ":2: there is no key audit.selct (did you mean select?)"),
        ("[audit]\n\nmin_severity = 'low'\n", ":3: there is no key audit.min_severity (did you"),
        ("\n[audti]\nx = 1\n", ":2: there is no key audti (did you mean audit?)"),
        ('"a\\u001b\\nb" = 1\n', ":1: there is no key 'a\\x1b\\nb' (there"),
        ("zzz = 1\n", ":1: there is no key zzz (there are: audit, thresholds)"),
        ("[audit]\nselect = 'CAP'\n", ":2: audit.select: input should be a valid list"),
        ("[audit]\nselect = [\n 'CAP',\n 3]\n", ":2: audit.select.1: input should be a valid str"),
        ("[audit]\nbudget = 16\n", ":2: audit.budget: input should be a valid string"),
        ("[audit]\nfail-on = 'severe'\n", ":2: audit.fail-on: input should be 'info', 'low'"),
        ("audit = 3\n", ":1: audit: input should be"),
        ("[audit]\nignore = [\n'MPM91',\n]\n", ":2: MPM91: no rule begins like this (did you"),
        ("audit.ignore = ['QQQ']\n", ":1: QQQ: no rule begins like this (tuner rules lists them)"),
        ("[audit]\nrules = ['nope']\n", "/nope: no such directory of rules"),
        ("[thresholds.TMO01]\nx = '1s'\n", ":1: there is no rule TMO01 (did you mean TMO001?)"),
        ("[thresholds]\nTMO001 = 3\n", ":2: thresholds.TMO001: input should be a valid dict"),
        (
            "[audit]\nrules=['our-rules']\n[thresholds.OUR001]\nlongst = '1s'\n",
            ":4: threshold longst of OUR001: there is none of this name (there are: longest",
        ),
        (
            "[audit]\nrules=['our-rules']\n[thresholds]\nOUR001 = { longest = 300 }\n",
            ":4: threshold longest of OUR001: '300' is not like its own value (that is 90s)",
        ),
        (
            "[audit]\nrules=['our-rules']\n[thresholds.OUR001]\nlongest = '1 +'\n",
            ":4: threshold longest of OUR001: ",
        ),
        (
            "[audit]\nrules=['our-rules']\n[thresholds.OUR001]\nlongest = ['1s']\n",
            ":4: thresholds.OUR001.longest: input should be",
        ),
        ("[audit\n", ": not TOML: "),
        ("[audit]\nselect = ['CAP'\n\nx = 1\n", ": not TOML: "),
        (b"[audit]\n# \xff\n", ":2: not UTF-8"),
        ("x = 1\n" * 300_000, ": too large for a tuner.toml"),
    ],
)
def test_a_mistake_is_one_line_with_its_place(place: Path, text: str | bytes, message: str) -> None:
    path = write(place, text)
    with pytest.raises(UsageError) as caught:
        read_preferences(path)
    said = str(caught.value)
    assert said.startswith(str(path))
    assert message in said
    assert "\n" not in said


def test_a_file_that_is_asked_for_must_be_there(place: Path) -> None:
    with pytest.raises(UsageError, match="No such file or directory"):
        read_preferences(place / "other.toml")
    with pytest.raises(UsageError, match="Is a directory"):
        read_preferences(place)


@PROPERTY
@given(st.lists(st.sampled_from(["", "# x = 1", "[thresholds]", "[audit]"]), max_size=4), st.text())
def test_any_text_is_read_or_refused_in_one_line(place: Path, lines: list[str], more: str) -> None:
    path = write(place, "\n".join([*lines, more]).encode("utf-8", "surrogatepass"))
    said = ""
    try:
        read_preferences(path)
    except UsageError as error:
        said = str(error)
    assert len(said.splitlines()) <= 1
