"""tuner show, as a user runs it."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from syrupy.assertion import SnapshotAssertion

from tests.cli.conftest import Run

SAMPLES = ["founding-prefork-embedded", "debian-event-daemon", "rhel-event-daemon", "container"]
KEYS = (
    *("name", "args", "file", "line", "line_first", "depth"),
    *("phase", "active", "reason", "context", "macro"),
)


def without_version(text: str) -> str:
    return re.sub(r"  assumed [^\n]*\n", "", re.sub(r"2\.4\.\d+", "2.4.X", text))


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_shown(
    tuner: Run, sample: Callable[[str], Path], snapshot: SnapshotAssertion, name: str
) -> None:
    tree = sample(name)
    result = tuner("show", "/", "--root", tree)
    assert (result.returncode, result.stderr) == (0, "")
    assert without_version(result.stdout).replace(str(tree), "$ROOT") == snapshot


@pytest.mark.parametrize("options", [(), ("--directive", "Timeout")])
def test_json_keeps_its_published_schema(
    tuner: Run, sample: Callable[[str], Path], options: tuple[str, ...]
) -> None:
    schema = json.loads(tuner("show", "--json-schema", *options).stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    for name in SAMPLES:
        document = json.loads(tuner("show", sample(name), "--format", "json", *options).stdout)
        jsonschema.Draft202012Validator(schema).validate(document)
        assert document["schema_version"] == 1


def test_json_has_the_keys_that_programs_rely_on(tuner: Run, sample: Callable[[str], Path]) -> None:
    tree = sample("founding-prefork-embedded")
    document = json.loads(tuner("show", tree, "--format", "json").stdout)
    assert list(document) == ["schema_version", "directives", "errors", "effective"]
    assert {tuple(one) for one in document["directives"]} == {KEYS}
    assert document["effective"]["mpm"]["max_request_workers"]["effective"] == 256
    assert document["effective"]["wsgi_mode"] == "embedded"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small tree with all that can be said about a directive."""
    place = tmp_path / "etc/apache2"
    place.mkdir(parents=True)
    (place / "envvars").write_text("export SITE=shop\nexport DB_PASSWORD=from-the-environment\n")
    (place / "apache2.conf").write_text(
        "LoadModule mpm_event_module x\nLoadModule macro_module x\nTimeout 5\nTimeout 6\n"
        "<IfDefine EXTRA>\nKeepAlive Off\n</IfDefine>\n<Macro Host $name>\n# a comment\n"
        "ServerAdmin $name@example\n</Macro>\nUse Host ${SITE}\n"
        "SetEnv DB_PASSWORD hush-hush\nSetEnv X from-the-environment\n"
        'ErrorLog "|/usr/bin/log --token=hush-hush"\n'
    )
    return tmp_path


def test_the_tree_says_what_is_in_vain_and_why(tuner: Run, tree: Path) -> None:
    text = tuner("show", tree).stdout
    assert " 3 ~ Timeout 5  # overridden by Timeout at /etc/apache2/apache2.conf:4\n" in text
    assert (
        " 6 - KeepAlive Off  # inside <IfDefine EXTRA> at /etc/apache2/apache2.conf:5: "
        "EXTRA is not defined\n" in text
    )
    assert "ServerAdmin shop@example" in text


def test_no_secret_is_shown(tuner: Run, tree: Path) -> None:
    for options in ((), ("--format", "json"), ("--directive", "SetEnv"), ("-v",)):
        text = tuner("show", tree, *options).stdout
        assert "hush-hush" not in text
        assert "from-the-environment" not in text
        assert "[redacted]" in text


def test_a_line_of_a_macro_tells_where_it_is_written(tuner: Run, tree: Path) -> None:
    document = json.loads(tuner("show", tree, "--format", "json").stdout)
    (record,) = [one for one in document["directives"] if one["name"] == "ServerAdmin"]
    assert record["file"].startswith("macro 'host' (defined on line 8 of")
    assert record["macro"] == {"name": "host", "file": "/etc/apache2/apache2.conf", "line": 10}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("-D", "EXTRA"), "KeepAlive Off"),
        (("-C", "ServerTokens Prod"), "ServerTokens Prod"),
        (("-c", "ServerTokens Prod"), "ServerTokens Prod"),
        (("--env", "SITE=other"), "ServerAdmin other@example"),
        (("--env-file", "more"), "ServerAdmin file@example"),
        (("--static-module", "core"), "KeepAlive On (default"),
    ],
)
def test_the_shared_options_work(
    tuner: Run, tree: Path, tmp_path: Path, options: tuple[str, ...], expected: str
) -> None:
    (tmp_path / "more").write_text("SITE=file\n")
    result = tuner("show", "/etc/apache2", "--root", tree, *options)
    assert result.returncode == 0
    line = next(one for one in result.stdout.splitlines() if expected in one)
    assert "#" not in line


def test_what_httpd_refuses_is_shown_all_the_same(tuner: Run, tree: Path) -> None:
    main = tree / "etc/apache2/apache2.conf"
    main.write_text("Timeout 5\n<Directory /x>\nInclude nope.conf\nKeepAlive Off\n")
    result = tuner("show", tree, "--format", "json")
    document = json.loads(result.stdout)
    assert result.returncode == 1
    assert [(one["line"], one["fatal"]) for one in document["errors"]] == [(3, True), (2, True)]
    assert [one["name"] for one in document["directives"]][-1] == "KeepAlive"
    text = tuner("show", tree)
    assert text.returncode == 1
    assert "httpd would refuse to start: 2 fatal errors" in text.stdout
    assert tuner("show", tree, "--directive", "Timeout").returncode == 1


def test_a_directive_is_followed(tuner: Run, sample: Callable[[str], Path]) -> None:
    tree = sample("founding-prefork-embedded")
    result = tuner("show", tree, "--directive", "MaxRequestWorkers")
    assert result.returncode == 0
    assert result.stdout.startswith("MaxRequestWorkers: 256, configured as 500\n")
    assert "httpd runs with 256 instead of 500 (AH00180): ServerLimit is 256" in result.stdout


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("/nope",), 3, "tuner: /nope: no such file or directory"),
        (("--env", "X"), 2, "tuner: --env X: write NAME=VALUE"),
        (("--directive", "Timeuot"), 2, "did you mean Timeout?"),
        (("--httpd", "/bin/true"), 2, "is not an Apache httpd"),
    ],
)
def test_bad_input_is_one_line(
    tuner: Run, tree: Path, options: tuple[str, ...], code: int, message: str
) -> None:
    first = () if options[0] == "/nope" else (tree,)
    result = tuner("show", *first, *options)
    assert (result.returncode, result.stdout) == (code, "")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_the_help_tells_how_layouts_are_recognised(tuner: Run) -> None:
    text = " ".join(tuner("show", "--help").stdout.split())
    for word in ("envvars", "sysconfig/httpd", "openSUSE", "apachectl", "To override"):
        assert word in text


def test_a_report_goes_into_a_file(tuner: Run, tree: Path, tmp_path: Path) -> None:
    printed = tuner("show", tree).stdout
    result = tuner("show", tree, "--output", tmp_path / "report")
    assert (result.stdout, result.stderr) == ("", f"wrote {tmp_path / 'report'}\n")
    assert (tmp_path / "report").read_text() == printed
