"""Which script runs in which process and application group."""

from pathlib import Path

import pytest

from tests.apache.trees import read_text
from tuner.apache.effective.applications import Application, applications, server_mode

DAEMONS = "WSGIDaemonProcess a\nWSGIDaemonProcess b\n"


def mounted(root: Path, text: str) -> tuple[Application, ...]:
    return applications(read_text(root, text, "wsgi", "alias"))


def only(root: Path, text: str) -> Application:
    (found,) = mounted(root, text)
    return found


def test_an_application_is_embedded_by_default(tmp_path: Path) -> None:
    found = only(tmp_path, "Timeout 5\nWSGIScriptAlias \\\n / '/srv/my app.wsgi'\n")
    assert (found.mount, found.script) == ("/", "/srv/my app.wsgi")
    assert (found.mode, found.process_group, found.application_group) == (
        "embedded",
        "%{GLOBAL}",
        "%{RESOURCE}",
    )
    assert str(found.location) == f"{tmp_path}/t.conf:3"
    assert found.location.line_first == 2
    assert found.virtual_host is None
    assert not found.is_preloaded


@pytest.mark.parametrize(
    ("text", "group", "mode"),
    [
        ("WSGIProcessGroup a", "a", "daemon"),
        ("WSGIProcessGroup a\nWSGIProcessGroup b", "b", "daemon"),
        ("WSGIProcessGroup A", "A", "undefined"),
        ("WSGIProcessGroup nosuch", "nosuch", "undefined"),
        ("WSGIProcessGroup %{GLOBAL}", "%{GLOBAL}", "embedded"),
        ("WSGIProcessGroup %{ENV:GROUP}", "%{ENV:GROUP}", "variable"),
        ("<Directory /srv>\nWSGIProcessGroup a\n</Directory>", "a", "daemon"),
        ("<Directory /srv/>\nWSGIProcessGroup a\n</Directory>", "a", "daemon"),
        ("<Directory />\nWSGIProcessGroup a\n</Directory>", "a", "daemon"),
        ("<Directory /sr>\nWSGIProcessGroup a\n</Directory>", "%{GLOBAL}", "embedded"),
        ("<Location /app>\nWSGIProcessGroup a\n</Location>", "a", "daemon"),
        ("<Location /ap>\nWSGIProcessGroup a\n</Location>", "%{GLOBAL}", "embedded"),
        ("<Location />\nWSGIProcessGroup a\n</Location>", "a", "daemon"),
        (
            "<Directory />\nWSGIProcessGroup a\n</Directory>\n"
            "<Directory /srv>\nWSGIProcessGroup b\n</Directory>",
            "b",
            "daemon",
        ),
        (
            "<Directory /srv>\nWSGIProcessGroup b\n</Directory>\n"
            "<Directory />\nWSGIProcessGroup a\n</Directory>",
            "b",
            "daemon",
        ),
        (
            "WSGIProcessGroup a\n<Directory /srv>\nWSGIProcessGroup b\n</Directory>",
            "b",
            "daemon",
        ),
        (
            "<Directory /srv>\nWSGIProcessGroup a\n</Directory>\n"
            "<Location /app>\nWSGIProcessGroup b\n</Location>",
            "b",
            "daemon",
        ),
        (
            "<Location /app>\nWSGIProcessGroup b\n</Location>\n"
            "<Location />\nWSGIProcessGroup a\n</Location>",
            "a",
            "daemon",
        ),
        ("<IfModule nope.c>\nWSGIProcessGroup a\n</IfModule>", "%{GLOBAL}", "embedded"),
        ("<VirtualHost *>\nWSGIProcessGroup a\n</VirtualHost>", "%{GLOBAL}", "embedded"),
    ],
)
def test_the_process_group_is_the_nearest_one(
    text: str, group: str, mode: str, tmp_path: Path
) -> None:
    found = only(tmp_path, f"{DAEMONS}{text}\nWSGIScriptAlias /app /srv/app.wsgi\n")
    assert (found.process_group, found.mode) == (group, mode)


@pytest.mark.parametrize(
    ("inside", "group"),
    [
        ("", "a"),
        ("WSGIProcessGroup b", "b"),
        ("<Directory /srv>\nWSGIProcessGroup b\n</Directory>", "b"),
        ("WSGIProcessGroup %{GLOBAL}", "%{GLOBAL}"),
    ],
)
def test_a_virtual_host_inherits_and_overrides(inside: str, group: str, tmp_path: Path) -> None:
    text = (
        f"{DAEMONS}<VirtualHost *:80>\nWSGIScriptAlias / /srv/app.wsgi\n{inside}\n</VirtualHost>\n"
        "WSGIProcessGroup a\n"
    )
    found = only(tmp_path, text)
    assert found.process_group == group
    assert found.virtual_host == f"{tmp_path}/t.conf:3"


@pytest.mark.parametrize(
    ("server", "host", "group"),
    [
        ("<Directory /srv/app>", "<Directory /srv>", "a"),
        ("<Directory /srv>", "<Directory /srv/app>", "b"),
        ("<Directory /srv>", "<Directory /srv>", "b"),
        ("<Location /app>", "<Location />", "b"),
        ("<Location /app>", "<Directory /srv/app>", "a"),
        ("<Directory /srv>", "", "a"),
    ],
)
def test_sections_of_the_server_come_before_those_of_the_host(
    server: str, host: str, group: str, tmp_path: Path
) -> None:
    def section(opening: str, value: str) -> str:
        if not opening:
            return ""
        closing = opening.split()[0].replace("<", "</")
        return f"{opening}\nWSGIProcessGroup {value}\n{closing}>\n"

    text = (
        f"{DAEMONS}<VirtualHost *:80>\n{section(host, 'b')}"
        f"WSGIScriptAlias /app /srv/app/app.wsgi\n</VirtualHost>\n{section(server, 'a')}"
    )
    assert only(tmp_path, text).process_group == group


def test_options_on_the_alias_beat_everything(tmp_path: Path) -> None:
    text = (
        f"{DAEMONS}<Directory /srv>\nWSGIProcessGroup b\nWSGIApplicationGroup x\n</Directory>\n"
        "WSGIScriptAlias / /srv/app.wsgi process-group=a application-group=%{GLOBAL}\n"
    )
    found = only(tmp_path, text)
    assert (found.process_group, found.application_group) == ("a", "%{GLOBAL}")
    assert found.is_preloaded


def test_one_option_alone_does_not_preload(tmp_path: Path) -> None:
    found = only(tmp_path, f"{DAEMONS}WSGIScriptAlias / /srv/app.wsgi process-group=a\n")
    assert (found.process_group, found.application_group) == ("a", "%{RESOURCE}")
    assert not found.is_preloaded


@pytest.mark.parametrize(
    ("text", "group"),
    [
        ("", "%{RESOURCE}"),
        ("WSGIApplicationGroup %{GLOBAL}", "%{GLOBAL}"),
        ("<Directory /srv>\nWSGIApplicationGroup x\n</Directory>", "x"),
    ],
)
def test_the_application_group_is_found_in_the_same_way(
    text: str, group: str, tmp_path: Path
) -> None:
    found = only(tmp_path, f"{text}\nWSGIScriptAlias / /srv/app.wsgi\n")
    assert found.application_group == group


def test_aliases_come_in_file_order_with_their_matches(tmp_path: Path) -> None:
    found = mounted(
        tmp_path,
        "WSGIScriptAlias /b /srv/b\nWSGIScriptAliasMatch ^/c /srv/c\nWSGIScriptAlias / /srv/a\n",
    )
    assert [one.mount for one in found] == ["/b", "^/c", "/"]


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("", "none"),
        ("WSGIScriptAlias / /x\n", "embedded"),
        ("WSGIScriptAlias / /x process-group=a\n", "daemon"),
        ("WSGIScriptAlias /a /x process-group=a\nWSGIScriptAlias / /x\n", "mixed"),
        ("WSGIScriptAlias / /x process-group=nope\n", "unknown"),
        (
            "WSGIScriptAlias / /x process-group=nope\nWSGIScriptAlias /b /x process-group=a\n",
            "daemon",
        ),
        ("WSGIScriptAlias / /x process-group=%{ENV:G}\n", "unknown"),
    ],
)
def test_the_server_as_a_whole_has_a_mode(text: str, mode: str, tmp_path: Path) -> None:
    assert server_mode(mounted(tmp_path, DAEMONS + text)) == mode
