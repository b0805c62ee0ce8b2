"""Every option of WSGIDaemonProcess, as mod_wsgi 4.9 and 6 themselves take or refuse it."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.apache.oracle import ask
from tests.apache.trees import MAIN, load, read_text
from tuner.apache.binary import Httpd, bundled_httpd, inspect
from tuner.apache.effective.daemon_options import OPTIONS, DaemonOption
from tuner.apache.effective.daemons import daemon_groups

pytestmark = pytest.mark.httpd

USERS = {"user", "socket-user", "script-user"}
GROUPS = {"group", "supplementary-groups", "script-group"}
TEXTS = ("", "nobody", "/tmp", "007", "On", "0.5", "-1", "9", "relative/path", "off", "0")


def series(httpd: Httpd) -> str:
    """The first digit of mod_wsgi's version, which stands alone in the module."""
    assert httpd.wsgi_module is not None
    (found,) = set(re.findall(rb"\0([4-9])\.\d+\.\d+\0", httpd.wsgi_module.read_bytes()))
    return str(found.decode())


@pytest.fixture(params=["system", "bundled"])
def server(request: pytest.FixtureRequest, httpd: Httpd) -> Httpd:
    """Each of both builds, with its own mod_wsgi; Python is not started in it."""
    if request.param == "system":
        return httpd
    path = bundled_httpd()
    found = inspect(path) if path else None
    if found is None or found.wsgi_module is None:
        pytest.skip("mod_wsgi-standalone is not installed")
    return found


def values(option: DaemonOption) -> list[str]:
    """Values on both sides of every limit."""
    if option.name in USERS | GROUPS:
        # Other names are looked up in this machine's lists of users.
        return ["", "nobody" if option.name in USERS else grp_of_nobody()]
    if option.default is None:
        return list(TEXTS)
    limits = {option.least, option.least_bytes, min(option.most, 70_000)}
    numbers = {number + step for number in limits for step in (-1, 0, 1)}
    small = [str(number) for number in sorted(numbers) if -(2**31) <= number < 2**31]
    return ["", "abc", "7x", "+8", *small]


def grp_of_nobody() -> str:
    return subprocess.run(
        ["id", "-gn", "nobody"], capture_output=True, text=True, check=True
    ).stdout.strip()


def complaint(httpd: Httpd, root: Path, lines: list[str]) -> str:
    """What httpd says against these lines; empty when it takes them."""
    (root / MAIN).write_text("".join(f"{line}\n" for line in lines))
    assert httpd.wsgi_module is not None
    loaded = [name for name in ("unixd",) if f"{name}_module" not in httpd.static_modules]
    before = (
        *load(["mpm_event", "authz_core", *loaded], httpd.modules),
        f"LoadModule wsgi_module {httpd.wsgi_module}",
        *("ServerName localhost", "ErrorLog /dev/null", "User nobody"),
    )
    answer = ask(httpd, root, root / MAIN, before=before)
    return "" if "Syntax OK" in answer.output else answer.output.strip().splitlines()[-1]


def lines_of(option: DaemonOption) -> list[str]:
    return [
        f'WSGIDaemonProcess g{number} {option.name}="{value}"'
        for number, value in enumerate(values(option))
    ]


@pytest.mark.parametrize("option", OPTIONS.values(), ids=list(OPTIONS))
def test_an_option_takes_what_mod_wsgi_takes(
    option: DaemonOption, server: Httpd, tmp_path: Path
) -> None:
    if option.only not in (None, series(server)):
        for line in lines_of(option)[:1]:
            assert "Invalid option" in complaint(server, tmp_path, [line])
        return
    accepted: list[str] = []
    for line in lines_of(option):
        (group,) = daemon_groups(read_text(tmp_path, line + "\n"))
        if group.errors:
            assert complaint(server, tmp_path, [line]) == group.errors[0]
        else:
            accepted.append(line)
    assert accepted
    assert complaint(server, tmp_path, accepted) == ""


def test_no_option_of_mod_wsgi_is_missing(server: Httpd, tmp_path: Path) -> None:
    """The names stand in the module as strings; every one that it takes must be known."""
    assert server.wsgi_module is not None
    names = {
        name.decode()
        for name in re.findall(rb"(?<=\0)[a-z]+(?:-[a-z]+)+(?=\0)", server.wsgi_module.read_bytes())
    }
    assert len(names & set(OPTIONS)) > 25
    for name in sorted(names - set(OPTIONS)):
        assert "Invalid option" in complaint(
            server, tmp_path, [f"WSGIDaemonProcess a {name}=9000"]
        ), name
