"""WSGIDaemonProcess, parsed by mod_wsgi's own rules."""

from pathlib import Path

import pytest

from tests.apache.trees import Case, read_case, read_text
from tuner.apache.effective.daemons import DaemonGroup, daemon_groups

INVALID = "Invalid option to WSGI daemon process definition."


def group(root: Path, arguments: str) -> DaemonGroup:
    (found,) = daemon_groups(read_text(root, f"WSGIDaemonProcess {arguments}\n", "wsgi"))
    return found


def test_a_group_without_options_has_the_defaults(tmp_path: Path) -> None:
    found = group(tmp_path, "app")
    assert (found.name, found.processes, found.threads, found.capacity) == ("app", 1, 15, 15)
    assert found.options == {}
    assert found.errors == ()
    assert found.virtual_host is None


@pytest.mark.parametrize(
    ("option", "default"),
    [
        ("processes", 1),
        ("threads", 15),
        ("listen-backlog", 100),
        ("connect-timeout", 15),
        ("queue-timeout", 0),
        ("socket-timeout", 0),
        ("request-timeout", 0),
        ("response-socket-timeout", 0),
        ("deadlock-timeout", 300),
        ("startup-timeout", 0),
        ("graceful-timeout", 15),
        ("eviction-timeout", 0),
        ("shutdown-timeout", 5),
        ("inactivity-timeout", 0),
        ("maximum-requests", 0),
        ("restart-interval", 0),
        ("cpu-time-limit", 0),
        ("memory-limit", 0),
        ("virtual-memory-limit", 0),
        ("stack-size", 0),
        ("header-buffer-size", 0),
        ("response-buffer-size", 0),
    ],
)
def test_an_option_has_the_default_of_mod_wsgi(option: str, default: int, tmp_path: Path) -> None:
    assert group(tmp_path, "app").number(option) == default
    assert group(tmp_path, f"app {option}=70000").number(option) == 70000


@pytest.mark.parametrize(
    ("arguments", "name", "options"),
    [
        ("app processes=2 threads=5", "app", {"processes": "2", "threads": "5"}),
        ("'my app' home=/srv", "my app", {"home": "/srv"}),
        ("threads=2", "threads=2", {}),
        ('app python-path="/a b:/c" home=/d', "app", {"python-path": "/a b:/c", "home": "/d"}),
        ("app home='/a'threads=2", "app", {"home": "/a", "threads": "2"}),
        ("app display-name=%{GROUP}", "app", {"display-name": "%{GROUP}"}),
        ("app threads=2 threads=9", "app", {"threads": "9"}),
        ("app threads= 5", "app", {"threads": "5"}),
        ("app lang=a=b", "app", {"lang": "a=b"}),
        ("app lang=a\\\\b", "app", {"lang": "a\\b"}),
        ('app home="/open threads=3', "app", {"home": "/open threads=3"}),
        ("app \\\n  threads=2 \\\n  processes=3", "app", {"threads": "2", "processes": "3"}),
    ],
)
def test_only_the_value_of_an_option_may_be_quoted(
    arguments: str, name: str, options: dict[str, str], tmp_path: Path
) -> None:
    found = group(tmp_path, arguments)
    assert (found.name, found.options, found.errors) == (name, options, ())


@pytest.mark.parametrize(
    ("arguments", "processes", "threads"),
    [
        ("app threads=5x", 1, 5),
        ("app threads=0", 1, 0),
        ("app processes=3 threads=1e3", 3, 1),
        ("app processes=+2", 2, 15),
        ("app threads=abc", 1, 0),
    ],
)
def test_numbers_are_read_as_c_reads_them(
    arguments: str, processes: int, threads: int, tmp_path: Path
) -> None:
    found = group(tmp_path, arguments)
    assert (found.processes, found.threads, found.errors) == (processes, threads, ())
    assert found.capacity == processes * threads


def test_a_size_has_no_unit(tmp_path: Path) -> None:
    assert group(tmp_path, "app memory-limit=512MB").number("memory-limit") == 512


@pytest.mark.parametrize(
    ("arguments", "errors"),
    [
        ("app threads = 2", (INVALID,)),
        ("app threads", (INVALID,)),
        ("app # processes=3", (INVALID,)),
        ("app =2", (INVALID,)),
        ('app "threads=2"', (f'{INVALID[:-1]}: "threads',)),
        ("app Threads=2", (f"{INVALID[:-1]}: Threads",)),
        ("app thread=2", (f"{INVALID[:-1]}: thread",)),
        ("app processes=0", ("Invalid process count for WSGI daemon process.",)),
        ("app processes=", ("Invalid process count for WSGI daemon process.",)),
        ("app user=root", ("WSGI process blocked from running as root.",)),
        ("app user=#0", ("WSGI process blocked from running as root.",)),
        (
            "app script-user=a script-group=b",
            ("Only one of script-user and script-group allowed.",),
        ),
        ("app processes=-1", ("Invalid process count for WSGI daemon process.",)),
        ("app threads=-1", ("Invalid thread count for WSGI daemon process.",)),
        ("app threads=65534", ("Invalid thread count for WSGI daemon process.",)),
        ("''", ("Name of WSGI daemon process not supplied.",)),
    ],
)
def test_a_line_that_mod_wsgi_refuses_says_why(
    arguments: str, errors: tuple[str, ...], tmp_path: Path
) -> None:
    assert group(tmp_path, arguments).errors == errors


@pytest.mark.parametrize("processes", ["0", "-3", "abc"])
def test_a_refused_count_still_counts_as_one(processes: str, tmp_path: Path) -> None:
    found = group(tmp_path, f"app processes={processes} threads=-2")
    assert (found.processes, found.threads, found.capacity) == (1, 0, 0)


def test_groups_come_in_the_order_of_their_definition(tmp_path: Path) -> None:
    case = Case(
        {
            "t.conf": "WSGIDaemonProcess b\n<VirtualHost *:80>\nInclude a.inc\n</VirtualHost>\n"
            "<IfModule nope.c>\nWSGIDaemonProcess hidden\n</IfModule>\nWSGIDaemonProcess c\n",
            "a.inc": "WSGIDaemonProcess \\\n A\n",
        }
    )
    found = daemon_groups(read_case(tmp_path, case))
    assert [one.name for one in found] == ["b", "A", "c"]
    assert [one.virtual_host for one in found] == [None, f"{tmp_path}/t.conf:2", None]
    location = found[1].location
    assert (location.file, location.line_first, location.line_last) == (f"{tmp_path}/a.inc", 1, 2)


def test_a_variable_is_replaced_before_the_line_is_parsed(tmp_path: Path) -> None:
    text = 'Define O "processes=2 threads=3"\nWSGIDaemonProcess ${SITE} ${O}\n'
    (found,) = daemon_groups(read_text(tmp_path, text))
    assert (found.name, found.processes, found.threads) == ("${SITE}", 2, 3)


def test_a_name_is_defined_once_in_the_whole_server(tmp_path: Path) -> None:
    text = (
        "WSGIDaemonProcess a\n<VirtualHost *:80>\nWSGIDaemonProcess a\n</VirtualHost>\n"
        "WSGIDaemonProcess A\n"
    )
    found = daemon_groups(read_text(tmp_path, text, "wsgi"))
    assert [one.errors for one in found] == [
        (),
        ("Name duplicates previous WSGI daemon definition.",),
        (),
    ]


def test_a_limit_of_memory_may_exceed_an_int(tmp_path: Path) -> None:
    assert group(tmp_path, "app memory-limit=8589934592").number("memory-limit") == 2**33
    assert group(tmp_path, "app threads=8589934592").errors
