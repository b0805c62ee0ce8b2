"""The environment of httpd, read from files that are never executed."""

from pathlib import Path

import pytest

from tuner.apache.environment import (
    DEBIAN_DEFAULTS,
    arguments_in,
    parse_environment_file,
    parse_envvars,
)

STOCK = r"""# envvars - default environment variables for apache2ctl

# this won't be correct after changing uid
unset HOME

# for supporting multiple apache2 instances
if [ "${APACHE_CONFDIR##/etc/apache2-}" != "${APACHE_CONFDIR}" ] ; then
	SUFFIX="-${APACHE_CONFDIR##/etc/apache2-}"
else
	SUFFIX=
fi

# Since there is no sane way to get the parsed apache2 config in scripts, some
# settings are defined via environment variables and then used in apache2ctl,
export APACHE_RUN_USER=www-data
export APACHE_RUN_GROUP=www-data
# temporary state file location. This might be changed to /run in Wheezy+1
export APACHE_PID_FILE=/var/run/apache2$SUFFIX/apache2.pid
export APACHE_RUN_DIR=/var/run/apache2$SUFFIX
export APACHE_LOCK_DIR=/var/lock/apache2$SUFFIX
# Only /var/log/apache2 is handled by /etc/logrotate.d/apache2.
export APACHE_LOG_DIR=/var/log/apache2$SUFFIX

## The locale used by some modules like mod_dav
export LANG=C
## Uncomment the following line to use the system default locale instead:
#. /etc/default/locale

export LANG

## The command to get the status for 'apache2ctl status'.
#export APACHE_LYNX='www-browser -dump'

#export APACHE_ARGUMENTS=''
"""


def variables(text: str, **initial: str) -> dict[str, str]:
    parsed = parse_envvars(text, initial)
    assert parsed.skipped == []
    return {name: value for name, value in parsed.variables.items() if name not in initial}


def test_debians_own_envvars_gives_debians_defaults() -> None:
    parsed = parse_envvars(STOCK, {"APACHE_CONFDIR": "/etc/apache2", "HOME": "/root"})
    assert parsed.skipped == []
    assert parsed.variables == {
        **DEBIAN_DEFAULTS,
        "APACHE_CONFDIR": "/etc/apache2",
        "SUFFIX": "",
    }


def test_another_instance_gets_its_suffix() -> None:
    found = variables(STOCK, APACHE_CONFDIR="/etc/apache2-shop")
    assert found["APACHE_RUN_DIR"] == "/var/run/apache2-shop"
    assert found["APACHE_PID_FILE"] == "/var/run/apache2-shop/apache2.pid"


def test_the_installed_envvars_is_understood() -> None:
    path = Path("/etc/apache2/envvars")
    if not path.is_file():
        pytest.skip("Debian's apache2 is not installed")
    parsed = parse_envvars(path.read_text(), {"APACHE_CONFDIR": "/etc/apache2"})
    assert parsed.skipped == []
    assert parsed.variables["APACHE_RUN_DIR"] == DEBIAN_DEFAULTS["APACHE_RUN_DIR"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A=b", {"A": "b"}),
        ("export A=b", {"A": "b"}),
        ("  export   A=b  ", {"A": "b"}),
        ("A=", {"A": ""}),
        ("A='b $c'", {"A": "b $c"}),
        ('A="b c"', {"A": "b c"}),
        ('A="say \\"hi\\""', {"A": 'say "hi"'}),
        ("A=b # comment", {"A": "b"}),
        ("A=b;", {"A": "b"}),
        ("A=b=c", {"A": "b=c"}),
        ("A=b\nA=c", {"A": "c"}),
        ("B=x\nA=$B/y", {"A": "x/y", "B": "x"}),
        ("B=x\nA=${B}y", {"A": "xy", "B": "x"}),
        ('B=x\nA="${B} y"', {"A": "x y", "B": "x"}),
        ("A=${B}y", {"A": "y"}),
        ("A=${B:-y}", {"A": "y"}),
        ("B=x\nA=${B:-y}", {"A": "x", "B": "x"}),
        ("B=x\nA=${C:-${B}}", {"A": "x", "B": "x"}),
        ("B=/a/b\nA=${B##/a/}", {"A": "b", "B": "/a/b"}),
        ("B=/a/b\nA=${B#/a}", {"A": "/b", "B": "/a/b"}),
        ("A=b\nunset A", {}),
        ("unset A B", {}),
        ("A=b\nexport A", {"A": "b"}),
        ("# A=b", {}),
        ("", {}),
    ],
)
def test_a_small_part_of_shell_is_understood(text: str, expected: dict[str, str]) -> None:
    assert variables(text) == expected


@pytest.mark.parametrize(
    ("test", "holds"),
    [
        ('"$X" = x', True),
        ("$X == y", False),
        ("$X != y", True),
        ('-z "$Y"', True),
        ('-n "$X"', True),
        ('-n "$Y"', False),
        ("-f /etc/passwd", False),
        ("$X = x -a 1 = 1", False),
        ("' = x", False),
    ],
)
def test_a_branch_is_taken_or_not(test: str, holds: bool) -> None:
    text = f"if [ {test} ]; then\n  A=yes\nelse\n  A=no\nfi\nB=after\n"
    assert variables(text, X="x") == {"A": "yes" if holds else "no", "B": "after"}


def test_branches_nest() -> None:
    text = (
        "if [ a = b ]\nthen\nA=1\nif [ a = a ]; then\nB=1\nelse\nC=1\nfi\nelse\n"
        "if [ a = a ]; then\nD=1\nelse\nE=1\nfi\nfi\nF=1\n"
    )
    assert variables(text) == {"D": "1", "F": "1"}


@pytest.mark.parametrize(
    "line",
    [
        "A=`id`",
        "A=$(id)",
        'A="$(id)"',
        ". /etc/default/locale",
        "ulimit -n 8192",
        "A=b c",
        "A=b;rm -rf /",
        "A=b && B=c",
        "A=b | c",
        "A=b > /tmp/x",
        "rm -rf /",
        "A B=c",
        "if [ -f /etc/x ]; then . /etc/x; fi",
        "if [ a = a ]; then A=1 ; fi;",
    ],
)
def test_what_is_not_understood_is_skipped_and_said_so(line: str) -> None:
    parsed = parse_envvars(f"# first\n{line}\nZ=1\n", {})
    assert parsed.variables == {"Z": "1"}
    assert parsed.skipped == [f"line 2: {line}"]


def test_nothing_is_executed(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    text = f"A=$(touch {marker})\nB=`touch {marker}`\ntouch {marker}\nC=;touch {marker}\n"
    assert parse_envvars(text, {}).variables == {}
    assert not marker.exists()


def test_the_given_variables_stay_unchanged() -> None:
    initial = {"A": "1"}
    assert parse_envvars("A=2\nB=$A\n", initial).variables == {"A": "2", "B": "2"}
    assert initial == {"A": "1"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('OPTIONS="-D SSL"', {"OPTIONS": "-D SSL"}),
        ("A='b c'", {"A": "b c"}),
        ("A=b c", {"A": "b c"}),
        ("A=$B", {"A": "$B"}),
        ("A=", {"A": ""}),
        ("A='b", {"A": "'b"}),
        ("# A=b\n; B=c\n\nC=d", {"C": "d"}),
        ("A=1\nA=2", {"A": "2"}),
    ],
)
def test_a_systemd_file_is_plain_assignments(text: str, expected: dict[str, str]) -> None:
    parsed = parse_environment_file(text)
    assert (parsed.variables, parsed.skipped) == (expected, [])


def test_a_line_without_an_assignment_is_said_so() -> None:
    parsed = parse_environment_file("A=1\nnonsense\n1B=2\n")
    assert parsed.variables == {"A": "1"}
    assert parsed.skipped == ["line 2: nonsense", "line 3: 1B=2"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("", ([], [], [])),
        ("-D SSL -D A=1", (["SSL", "A=1"], [], [])),
        ("-DSSL -k start -DB", (["SSL", "B"], [], [])),
        ("-C 'Include x' -c \"Timeout 5\"", ([], ["Include x"], ["Timeout 5"])),
        ("-D", ([""], [], [])),
        ("-D 'open", ([], [], [])),
    ],
)
def test_arguments_of_httpd_are_taken_apart(
    options: str, expected: tuple[list[str], list[str], list[str]]
) -> None:
    assert arguments_in(options) == expected
