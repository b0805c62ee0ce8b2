"""README says what is so: numbers, options and exit codes."""

import re
import shlex
from pathlib import Path

import pytest
import typer

from tuner.cli import exits
from tuner.cli.app import app
from tuner.errors import TunerError
from tuner.rules.loader import builtin_rules, load_rules

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
LINES = [
    line.partition("   #")[0].removeprefix("$ ")
    for block in BLOCKS
    for line in block.replace("\\\n", " ").splitlines()
]
COMMANDS = [line for line in LINES if line.startswith("tuner ")]


def options_of(words: list[str]) -> set[str]:
    """Return the options of the command that the words begin with."""
    command = typer.main.get_command(app)
    found = {"--help", "--version"}
    for word in words:
        inner = getattr(command, "commands", None)
        if inner is None or word.startswith("-"):
            break
        assert word in inner, f"there is no command {word}"
        command = inner[word]
    for one in command.params:
        found |= {*one.opts, *one.secondary_opts}
    return found


@pytest.mark.parametrize("line", COMMANDS)
def test_every_option_in_an_example_exists(line: str) -> None:
    words = shlex.split(line)[1:]
    used = {word.partition("=")[0] for word in words if word.startswith("-")}
    assert used <= options_of(words)


def test_examples_are_found() -> None:
    assert len(COMMANDS) > 10


def test_the_number_of_rules_is_right() -> None:
    (number,) = re.findall(r"(\d+) rules look at", README)
    assert int(number) == len(load_rules([builtin_rules()]))


def test_every_exit_code_is_in_the_table() -> None:
    table = README[README.index("## Exit codes") : README.index("## Limits")]
    rows = re.findall(r"^\| ([0-9]+)(?: to ([0-9]+))? \|", table, re.MULTILINE)
    listed = {code for low, high in rows for code in range(int(low), int(high or low) + 1)}
    errors = {TunerError.exit_code, *(one.exit_code for one in TunerError.__subclasses__())}
    results = {exits.CLEAN, exits.NOTHING_BETTER, exits.REGRESSED, *exits.FINDINGS.values()}
    assert listed == errors | results
