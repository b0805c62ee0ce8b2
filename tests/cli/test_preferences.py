"""tuner.toml and baselines, as a user has them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Run

RULE = """\
id: OUR001
name: slow-timeout
title: A long Timeout
severity: low
confidence: high
since: 0.1.0
thresholds: {longest: 90s}
when: server.timeout > longest
message: Timeout is {server.timeout}, more than {longest}.
why: It is ours.
references: [https://example.org/rules]
"""


@pytest.fixture
def tree(sample: Callable[[str], Path]) -> Path:
    return sample("rhel-event-daemon")


def ids(stdout: str) -> set[str]:
    return {one["id"] for one in json.loads(stdout)["findings"]}


def test_tuner_toml_of_this_directory_is_used(tuner: Run, tree: Path, tmp_path: Path) -> None:
    options = ("audit", tree, "--no-live", "--format", "json")
    assert len(ids(tuner(*options).stdout)) > 1
    (tmp_path / "tuner.toml").write_text(
        '[audit]\nselect = ["MPM003"]\nbudget = "2G"\nfail-on = "high"\n'
    )
    result = tuner(*options, "-v")
    assert ids(result.stdout) == {"MPM003"}
    assert json.loads(result.stdout)["memory"]["budget"]["size_bytes"] == 2 * 2**30
    assert result.returncode == 0
    assert result.stderr == "defaults from tuner.toml\n"


def test_the_command_line_wins(tuner: Run, tree: Path, tmp_path: Path) -> None:
    config = tmp_path / "other.toml"
    config.write_text('[audit]\nselect = ["MPM003"]\nbudget = "2G"\nmin-severity = "high"\n')
    options = ("audit", tree, "--no-live", "--format", "json", "--config", config)
    result = tuner(*options, "--select", "WSG", "--budget", "3G", "--min-severity", "info")
    assert {one[:3] for one in ids(result.stdout)} == {"WSG"}
    assert json.loads(result.stdout)["memory"]["budget"]["size_bytes"] == 3 * 2**30


def test_thresholds_and_rules_of_a_project_count(tuner: Run, tree: Path, tmp_path: Path) -> None:
    place = tmp_path / "settings"
    (place / "rules").mkdir(parents=True)
    (place / "rules/OUR001-slow-timeout.yaml").write_text(RULE)
    config = place / "tuner.toml"
    config.write_text('[audit]\nrules = ["rules"]\n')
    options = (
        *("audit", tree, "--no-live", "--select", "OUR"),
        *("--config", config, "-c", "Timeout 120"),
    )
    assert "Timeout is 2.0 min, more than 90 s." in tuner(*options).stdout
    config.write_text('[audit]\nrules = ["rules"]\n[thresholds.OUR001]\nlongest = "3min"\n')
    result = tuner(*options)
    assert result.stdout.endswith("0 findings\n")
    assert result.returncode == 0


def test_a_mistake_in_tuner_toml_is_one_line(tuner: Run, tree: Path, tmp_path: Path) -> None:
    (tmp_path / "tuner.toml").write_text("[audit]\nbugdet = '1G'\n")
    result = tuner("audit", tree, "--no-live")
    assert result.returncode == 2
    assert result.stdout == ""
    message = "tuner.toml:2: there is no key audit.bugdet (did you mean budget?)"
    assert result.stderr == f"tuner: {message}\n"


def test_only_new_findings_count_with_a_baseline(tuner: Run, tree: Path, tmp_path: Path) -> None:
    options = ("audit", tree, "--no-live", "--budget", "1G")
    first = tuner(*options, "--format", "json", "--output", "known.json")
    assert first.returncode == 13
    assert first.stdout == ""
    again = tuner(*options, "--baseline", "known.json")
    assert again.returncode == 0
    assert "0 findings" in again.stdout
    assert "known" in again.stdout
    conf = tree / "etc/httpd/conf/httpd.conf"
    conf.write_text("# one line more\n" + conf.read_text() + "\nHostnameLookups On\n")
    result = tuner(*options, "--baseline", "known.json", "--format", "json")
    new = [one for one in json.loads(result.stdout)["findings"] if not one["known"]]
    assert [one["id"] for one in new] == ["LOG001"]
    assert result.returncode == {"low": 12, "medium": 13, "high": 14}[new[0]["severity"]]


def test_a_baseline_may_be_named_in_tuner_toml(tuner: Run, tree: Path, tmp_path: Path) -> None:
    options = ("audit", tree, "--no-live", "--budget", "1G")
    tuner(*options, "--format", "json", "--output", "known.json")
    (tmp_path / "tuner.toml").write_text('[audit]\nbaseline = "known.json"\n')
    assert tuner(*options).returncode == 0
