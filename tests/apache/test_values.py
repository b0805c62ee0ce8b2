"""Which occurrence of a directive is in force, and what it is worth."""

from pathlib import Path

import pytest

from tests.apache.trees import Case, read_case, read_text
from tuner.apache.effective.values import (
    flag,
    in_force,
    location_of,
    names_of,
    number,
    occurrences,
    text,
)
from tuner.apache.tree import Configuration, Directive


def host(configuration: Configuration, position: int = 0) -> Directive:
    return configuration.named("<VirtualHost")[position]


def test_the_last_occurrence_is_in_force(tmp_path: Path) -> None:
    configuration = read_text(tmp_path, "Timeout 5\nTimeout 6\ntimeout 7\n")
    assert text(configuration, "Timeout") == "7"
    assert [one.line for one in occurrences(configuration, "TIMEOUT")] == [1, 2, 3]


def test_a_later_file_wins(tmp_path: Path) -> None:
    case = Case({"t.conf": "Timeout 1\nInclude d/*\n", "d/10": "Timeout 2\n", "d/9": "Timeout 3\n"})
    directive = in_force(read_case(tmp_path, case), "Timeout")
    assert directive is not None
    assert directive.location == f"{tmp_path}/d/9:1"


def test_what_is_not_set_has_no_occurrence(tmp_path: Path) -> None:
    configuration = read_text(tmp_path, "# Timeout 5\n")
    assert occurrences(configuration, "Timeout") == ()
    assert in_force(configuration, "Timeout") is None
    assert text(configuration, "Timeout") is None


def test_inactive_lines_do_not_count(tmp_path: Path) -> None:
    configuration = read_text(tmp_path, "Timeout 5\n<IfModule nope.c>\nTimeout 6\n</IfModule>\n")
    assert text(configuration, "Timeout") == "5"


@pytest.mark.parametrize("section", ["<VirtualHost *>", "<Directory />", "<Files x>", "<If true>"])
def test_sections_do_not_count_for_the_server(section: str, tmp_path: Path) -> None:
    name = section.strip("<>").split()[0]
    configuration = read_text(tmp_path, f"Timeout 5\n{section}\nTimeout 6\n</{name}>\n")
    assert text(configuration, "Timeout") == "5"


def test_conditions_are_no_sections(tmp_path: Path) -> None:
    configuration = read_text(tmp_path, "Timeout 5\n<IfModule core.c>\nTimeout 6\n</IfModule>\n")
    assert text(configuration, "Timeout") == "6"


def test_a_virtual_host_falls_back_to_the_server_wherever_that_stands(tmp_path: Path) -> None:
    configuration = read_text(
        tmp_path,
        "Timeout 1\n<VirtualHost *:80>\nTimeout 2\n<Directory /x>\nTimeout 3\n</Directory>\n"
        "</VirtualHost>\n<VirtualHost *:81>\n</VirtualHost>\nTimeout 4\n",
    )
    assert text(configuration, "Timeout", host(configuration)) == "2"
    assert text(configuration, "Timeout", host(configuration, 1)) == "4"
    assert occurrences(configuration, "Timeout", host(configuration, 1)) == ()


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("MaxClients", ("MaxRequestWorkers", "MaxClients")),
        ("maxrequestworkers", ("MaxRequestWorkers", "MaxClients")),
        ("MaxRequestsPerChild", ("MaxConnectionsPerChild", "MaxRequestsPerChild")),
        ("Timeout", ("Timeout",)),
    ],
)
def test_old_and_new_names_share_a_slot(name: str, names: tuple[str, ...]) -> None:
    assert names_of(name) == names


@pytest.mark.parametrize(
    ("lines", "name", "value"),
    [
        ("MaxRequestWorkers 400\nMaxClients 10\n", "MaxClients", 10),
        ("MaxClients 10\nMaxRequestWorkers 400\n", "MaxRequestWorkers", 400),
        ("MAXCLIENTS 10\n", "MaxClients", 10),
    ],
)
def test_the_last_name_of_a_slot_counts(lines: str, name: str, value: int, tmp_path: Path) -> None:
    configuration = read_text(tmp_path, lines, "mpm_event")
    for asked in ("MaxRequestWorkers", "MaxClients"):
        found = number(configuration, asked, 256)
        assert (found.name, found.parsed, found.effective) == (name, value, value)


@pytest.mark.parametrize(
    ("written", "value", "is_numeric"),
    [
        ("60", 60, True),
        ("-1", -1, True),
        ("60s", 60, False),
        ("abc", 0, False),
        ("'7' x", 7, True),
        ("", 0, False),
    ],
)
def test_a_number_is_read_as_httpd_reads_it(
    written: str, value: int, is_numeric: bool, tmp_path: Path
) -> None:
    found = number(read_text(tmp_path, f"Timeout {written}\n"), "Timeout", 300)
    assert (found.parsed, found.is_numeric, found.is_default) == (value, is_numeric, False)


def test_a_default_has_no_place(tmp_path: Path) -> None:
    found = number(read_text(tmp_path, ""), "Timeout", 60)
    assert (found.name, found.configured, found.parsed, found.effective) == (
        "Timeout",
        None,
        60,
        60,
    )
    assert found.location is None
    assert found.is_default
    assert found.is_numeric


def test_a_place_names_first_and_last_line(tmp_path: Path) -> None:
    directive = in_force(read_text(tmp_path, "\nTimeout \\\n5\n"), "Timeout")
    assert directive is not None
    location = location_of(directive)
    assert (location.line_first, location.line_last) == (2, 3)
    assert str(location) == f"{tmp_path}/t.conf:3"


@pytest.mark.parametrize(
    ("lines", "default", "value"),
    [
        ("", True, True),
        ("", False, False),
        ("KeepAlive On\n", False, True),
        ("KeepAlive on # x\n", False, True),
        ("KeepAlive ON Off\n", False, True),
        ("KeepAlive 'Off'\n", True, False),
        ("KeepAlive yes\n", True, False),
        ("KeepAlive On\nKeepAlive Off\n", True, False),
    ],
)
def test_a_flag_looks_at_its_first_word(
    lines: str, default: bool, value: bool, tmp_path: Path
) -> None:
    assert flag(read_text(tmp_path, lines), "KeepAlive", default) is value


def test_a_flag_of_a_virtual_host_falls_back_too(tmp_path: Path) -> None:
    configuration = read_text(
        tmp_path,
        "<VirtualHost *:80>\nKeepAlive On\n</VirtualHost>\n<VirtualHost *:81>\n</VirtualHost>\n"
        "KeepAlive Off\n",
    )
    hosts = configuration.named("<VirtualHost")
    assert [flag(configuration, "KeepAlive", True, one) for one in hosts] == [True, False]
