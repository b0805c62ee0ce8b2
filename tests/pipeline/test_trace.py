"""show --directive: every place of a directive and what becomes of it."""

from pathlib import Path

import pytest

from tests.apache.trees import load, read_text
from tuner.apache.reading.options import ReadOptions
from tuner.apache.reading.reader import read_configuration
from tuner.errors import UsageError
from tuner.pipeline.trace import Trace, trace_of


def follow(root: Path, text: str, name: str, *modules: str) -> Trace:
    return trace_of(read_text(root, text, *(modules or ("mpm_event", "wsgi"))), name)


def verdicts(found: Trace) -> list[tuple[int, str, str | None]]:
    return [(one.line, one.verdict, one.because) for one in found.places]


def test_an_alias_a_clamp_a_false_block_and_a_virtual_host(tmp_path: Path) -> None:
    text = (
        "MaxRequestWorkers 400\nMaxClients 1000\n<IfModule prefork.c>\nMaxRequestWorkers 5\n"
        "</IfModule>\n<VirtualHost *:80>\nMaxRequestWorkers 7\n</VirtualHost>\n"
    )
    found = follow(tmp_path, text, "maxrequestworkers")
    where = f"{tmp_path}/t.conf"
    assert (found.directive, found.other_names) == ("MaxRequestWorkers", ("MaxClients",))
    assert (found.value, found.effective) == ("1000", 400)
    assert [one.code for one in found.clamps] == ["AH00515"]
    assert verdicts(found) == [
        (1, "overridden", f"by MaxClients 1000 at {where}:2"),
        (
            2,
            "in force",
            "MaxClients is an older name of MaxRequestWorkers: they share one value; httpd runs "
            "with 400 instead of 1000 (AH00515): ServerLimit 16 x ThreadsPerChild 25 = 400",
        ),
        (
            4,
            "inactive",
            f"inside <IfModule prefork.c> at {where}:3: module prefork.c is not loaded",
        ),
        (7, "refused", "MaxRequestWorkers cannot occur within <VirtualHost>"),
    ]
    assert found.hosts == ()


def test_values_of_virtual_hosts(tmp_path: Path) -> None:
    text = (
        "Timeout 10\nTimeout 20\n<VirtualHost *:80>\nTimeout 5\nTimeout 6\n</VirtualHost>\n"
        "<VirtualHost *:80>\nTimeout 0\n</VirtualHost>\n<VirtualHost *:81>\n</VirtualHost>\n"
    )
    found = follow(tmp_path, text, "Timeout")
    where = f"{tmp_path}/t.conf"
    assert found.value == "20"
    assert verdicts(found) == [
        (1, "overridden", f"by Timeout 20 at {where}:2"),
        (2, "in force", None),
        (4, "overridden", f"by Timeout 6 at {where}:5"),
        (5, "in force", "only in <VirtualHost *:80>"),
        (8, "overridden", "a zero counts as not set here: the server's value holds"),
    ]
    assert [(one.setting.value, one.setting.origin) for one in found.hosts] == [
        *(("20", "server"), ("6", "host"), ("20", "server"), ("20", "server"))
    ]


def test_directives_that_add_up_run_at_once_or_are_unknown(tmp_path: Path) -> None:
    assert [one.verdict for one in follow(tmp_path, "Listen 80\nListen 81\n", "Listen").places] == [
        "one of several"
    ] * 2
    assert verdicts(follow(tmp_path, "Define A b\n", "Define")) == [
        (1, "executed", "while httpd reads, in the order of the files")
    ]
    assert verdicts(follow(tmp_path, "SSLEngine on\n", "SSLEngine")) == [
        (1, "refused", "Invalid command: mod_ssl.c is not loaded")
    ]
    assert verdicts(follow(tmp_path, "SecRuleEngine On\n", "secruleengine")) == [
        (1, "one of several", "tuner does not know this directive")
    ]
    assert verdicts(follow(tmp_path, "SetEnv A 1\nSetEnv B 2\nSetEnv A 3\n", "SetEnv", "env")) == [
        (1, "overridden", f"by SetEnv A 3 at {tmp_path}/t.conf:3"),
        *((2, "one of several", None), (3, "one of several", None)),
    ]


def test_an_option_of_every_daemon_group(tmp_path: Path) -> None:
    text = (
        "WSGIDaemonProcess a threads=5x\nWSGIDaemonProcess b\nWSGIDaemonProcess c threads=-1\n"
        "<IfModule never.c>\nWSGIDaemonProcess d threads=3\n</IfModule>\n"
    )
    found = follow(tmp_path, text, "threads")
    assert found.directive == "threads of WSGIDaemonProcess"
    assert [one.args for one in found.places[:2]] == ["a threads=5x", "b threads=15"]
    assert verdicts(found)[:3] == [
        (1, "in force", "mod_wsgi reads 5"),
        (2, "in force", "not written: mod_wsgi's default"),
        (3, "refused", "Invalid thread count for WSGI daemon process."),
    ]
    assert [one.verdict for one in found.places[3:]] == ["inactive"]


def test_a_file_that_nothing_includes_is_named(tmp_path: Path) -> None:
    (tmp_path / "sites-available").mkdir()
    (tmp_path / "sites-enabled").mkdir()
    for name in ("on", "off"):
        (tmp_path / f"sites-available/{name}.conf").write_text(
            "Timeout 5\nAuthLDAPBindPassword hush-hush\n"
        )
    (tmp_path / "sites-enabled/on.conf").symlink_to("../sites-available/on.conf")
    (tmp_path / "t.conf").write_text("Include sites-enabled/*.conf\n")
    options = ReadOptions(server_root=str(tmp_path), before=load(["mpm_event", "authnz_ldap"]))
    configuration = read_configuration(f"{tmp_path}/t.conf", options)
    timeout = trace_of(configuration, "Timeout")
    assert [(one.file, one.verdict) for one in timeout.places] == [
        (f"{tmp_path}/sites-enabled/on.conf", "in force"),
        (f"{tmp_path}/sites-available/off.conf", "not read"),
    ]
    password = trace_of(configuration, "AuthLDAPBindPassword")
    assert len(password.places) == 2
    assert "hush-hush" not in password.model_dump_json()


def test_a_directive_that_nobody_knows_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="did you mean MaxRequestWorkers"):
        follow(tmp_path, "Timeout 5\n", "MaxRequestWorker")


def test_a_directive_that_is_not_set_has_its_default(tmp_path: Path) -> None:
    found = follow(tmp_path, "Timeout 5\n", "ThreadsPerChild")
    assert (found.places, found.value, found.effective) == ((), None, 25)
