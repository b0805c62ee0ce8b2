"""What each virtual host has in force, own or inherited."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.apache.trees import MAIN, load, read_text
from tuner.apache.binary import Httpd
from tuner.apache.effective.hosts import Host, hosts
from tuner.apache.effective.precedence import SERVER_ONLY, is_server_only


def values(host: Host, name: str) -> tuple[str, str]:
    found = {one.name: one for one in host.settings}
    return found[name].value, found[name].origin


def test_the_final_value_of_the_server_is_inherited(tmp_path: Path) -> None:
    text = (
        "Timeout 10\n<VirtualHost *:80>\nServerName a\nKeepAlive Off\n</VirtualHost>\n"
        "Timeout 20\nKeepAlive On\n"
    )
    main, host = hosts(read_text(tmp_path, text))
    assert values(main, "Timeout") == ("20", "server")
    assert values(host, "Timeout") == ("20", "server")
    assert values(host, "KeepAlive") == ("Off", "host")
    assert values(host, "MaxKeepAliveRequests") == ("100", "default")
    assert (main.label, host.label) == ("main server", "*:80 a")


@pytest.mark.parametrize(("written", "value"), [("0", "30"), ("abc", "30"), ("5", "5")])
def test_a_zero_timeout_in_a_host_counts_as_not_set(
    written: str, value: str, tmp_path: Path
) -> None:
    text = f"Timeout 30\n<VirtualHost *:80>\nTimeout {written}\n</VirtualHost>\n"
    assert values(hosts(read_text(tmp_path, text))[1], "Timeout")[0] == value


def test_keepalivetimeout_comes_from_the_first_host_of_the_address(tmp_path: Path) -> None:
    text = (
        "KeepAliveTimeout 9\n"
        "<VirtualHost *:80>\nServerName a\nKeepAliveTimeout 2\n</VirtualHost>\n"
        "<VirtualHost *:80>\nServerName b\n</VirtualHost>\n"
        "<VirtualHost *:81>\nServerName c\n</VirtualHost>\n"
        "<VirtualHost *:80>\nServerName d\nKeepAliveTimeout 0\n</VirtualHost>\n"
    )
    found = hosts(read_text(tmp_path, text))
    assert [values(host, "KeepAliveTimeout") for host in found] == [
        *(("9", "server"), ("2", "host"), ("2", "first host"), ("9", "server"), ("9", "server"))
    ]


def test_names_defaults_and_hosts_that_are_never_asked(tmp_path: Path) -> None:
    text = (
        "ServerName main\n<VirtualHost *:80>\n</VirtualHost>\n"
        "<VirtualHost *:80 10.0.0.1:80>\nServerName x\nServerName b\nServerAlias c d\n"
        "ServerAlias e\n</VirtualHost>\n<VirtualHost 10.0.0.1:80>\nServerName B\n</VirtualHost>\n"
        "<VirtualHost 10.0.0.1:80>\n</VirtualHost>\n"
    )
    found = hosts(read_text(tmp_path, text))[1:]
    assert [one.server_name for one in found] == ["main", "b", "B", None]
    assert [one.server_name_origin for one in found] == ["server", "host", "host", "server"]
    assert [one.first_for for one in found] == [("*:80",), ("10.0.0.1:80",), (), ()]
    assert found[1].aliases == ("c", "d", "e")
    shadowed = [one.shadowed_by.line_last if one.shadowed_by else None for one in found]
    assert shadowed == [None, None, 4, None]


def test_mod_wsgis_settings_are_listed_where_it_is_loaded(tmp_path: Path) -> None:
    text = "<VirtualHost *:80>\nWSGIProcessGroup a\n</VirtualHost>\n"
    (main, host) = hosts(read_text(tmp_path, text, "wsgi"))
    assert values(main, "WSGIProcessGroup") == ("%{GLOBAL}", "default")
    assert values(host, "WSGIProcessGroup") == ("a", "host")
    assert "WSGIProcessGroup" not in {
        one.name for one in hosts(read_text(tmp_path, "Timeout 5\n"))[0].settings
    }


def ask(httpd: Httpd, root: Path, text: str, *options: str) -> subprocess.CompletedProcess[str]:
    (root / MAIN).write_text(text)
    names = ("mpm_event", "authz_core")
    directives = (
        *load(names, httpd.modules),
        f"LoadModule wsgi_module {httpd.wsgi_module}",
        *("ServerName localhost", "ErrorLog /dev/null"),
    )
    if "unixd_module" not in httpd.static_modules:
        directives = (*load(("unixd",), httpd.modules), *directives)
    arguments = [part for one in directives for part in ("-C", one)]
    return subprocess.run(
        [httpd.path, "-d", root, "-f", root / MAIN, *arguments, "-t", *options],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.httpd
def test_httpd_has_the_same_default_hosts(tmp_path: Path, httpd: Httpd) -> None:
    text = "".join(
        f"<VirtualHost {address}>\nServerName {name}\n</VirtualHost>\n"
        for name, address in (
            *(("a", "*:80"), ("b", "127.0.0.1:80"), ("c", "*:80"), ("d", "127.0.0.1:80 *:81")),
        )
    )
    said = ask(httpd, tmp_path, text, "-D", "DUMP_VHOSTS").stdout
    theirs = set(re.findall(r"default server (\w)|^\S+:81 +(\w) ", said, re.MULTILINE))
    ours = {one.server_name for one in hosts(read_text(tmp_path, text))[1:] if one.first_for}
    assert {first or second for first, second in theirs} == ours == {"a", "b", "d"}


@pytest.mark.httpd
@pytest.mark.parametrize("name", sorted(SERVER_ONLY - {"chrootdir"}))
def test_httpd_refuses_in_a_host_what_belongs_to_the_server(
    name: str, tmp_path: Path, httpd: Httpd
) -> None:
    if name in ("extendedstatus", "wsgilazyinitialization"):
        pytest.skip("ExtendedStatus and WSGILazyInitialization are not in every build")
    result = ask(httpd, tmp_path, f"<VirtualHost *:80>\n{name} On\n</VirtualHost>\n")
    assert "cannot occur within <VirtualHost>" in result.stderr
    assert is_server_only(name)


def test_settings_of_the_mpm_belong_to_the_server() -> None:
    names = ("maxrequestworkers", "listen", "listenbacklog", "threadlimit", "minspareservers")
    assert all(is_server_only(name) for name in names)
    assert not any(is_server_only(name) for name in ("timeout", "keepalive", "wsgiprocessgroup"))
