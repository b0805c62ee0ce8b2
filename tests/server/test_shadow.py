"""Shadow servers on the real httpd."""

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
import pytest

from tuner.apache.binary import Httpd
from tuner.apache.read import ReadRequest, read
from tuner.apache.tree import Configuration
from tuner.capacity.settings import Settings
from tuner.errors import ServerError
from tuner.pipeline.views import views_of
from tuner.server.places import shadow_directories
from tuner.server.shadow import Canary, Shadow, shadow_server

pytestmark = pytest.mark.httpd

HELLO = Canary(port=8080, path="/hello/", host="apps.example")


def load(tree: Path, httpd: Httpd) -> tuple[Configuration, Settings]:
    configuration = read(ReadRequest(path=tree, httpd=httpd))
    settings = views_of(configuration).settings
    assert settings is not None
    return configuration, settings


def group_members(pid: int) -> list[int]:
    return [p.pid for p in psutil.process_iter() if os.getpgid(p.pid) == pid]


def assert_gone(shadow: Shadow) -> None:
    assert group_members(shadow.pid) == []
    assert not shadow.directory.exists()
    assert shadow.directory not in shadow_directories()


@pytest.fixture(params=["system", "bundled"])
def any_httpd(request: pytest.FixtureRequest) -> Httpd:
    name = "httpd" if request.param == "system" else "bundled"
    found: Httpd = request.getfixturevalue(name)
    return found


def test_a_shadow_has_the_configured_processes_by_role(
    sample: Callable[[str], Path], any_httpd: Httpd
) -> None:
    configuration, settings = load(sample("debian-event-daemon"), any_httpd)
    with shadow_server(configuration, any_httpd, settings, HELLO) as shadow:
        roles = [one.role for one in shadow.processes()]
        groups = {one.group for one in shadow.processes() if one.role == "daemon"}
        assert roles.count("parent") == 1
        assert roles.count("daemon") == 1
        assert roles.count("front") == settings.front.start_servers
        assert groups == {"apps"}
    assert_gone(shadow)


def test_a_shadow_serves_the_application_on_loopback_only(
    sample: Callable[[str], Path], httpd: Httpd
) -> None:
    configuration, settings = load(sample("debian-event-daemon"), httpd)
    with shadow_server(configuration, httpd, settings, HELLO) as shadow:
        answer = httpx.get(f"{shadow.url}/hello/", headers={"Host": "apps.example"})
        port = int(shadow.url.rpartition(":")[2])
        listening = {
            one.laddr.ip
            for one in psutil.net_connections("tcp")
            if one.status == psutil.CONN_LISTEN and one.laddr and one.laddr.port == port
        }
    assert answer.content == b"Hello, World!"
    assert listening == {"127.0.0.1"}


def test_other_settings_take_effect(sample: Callable[[str], Path], httpd: Httpd) -> None:
    configuration, settings = load(sample("debian-event-daemon"), httpd)
    (group,) = settings.groups
    wanted = settings.model_copy(
        update={"groups": (group.model_copy(update={"processes": 3, "threads": 4}),)}
    )
    with shadow_server(configuration, httpd, wanted, HELLO) as shadow:
        assert threads_of_daemons(shadow, settled=4 + 3) == [4 + 3] * 3


def threads_of_daemons(shadow: Shadow, settled: int) -> list[int]:
    """Return the threads of each daemon; one that has just been forked is given time."""
    deadline = time.monotonic() + 10
    while True:
        found = [one.threads for one in shadow.processes() if one.role == "daemon"]
        if set(found) == {settled} or time.monotonic() > deadline:
            return found
        time.sleep(0.05)


def test_groups_that_the_copy_leaves_out_are_not_waited_for(
    sample: Callable[[str], Path], httpd: Httpd
) -> None:
    """A service (threads=0), and a group of a host whose certificate cannot be read."""
    tree = sample("debian-event-daemon")
    site = next(tree.rglob("sites-available/apps.conf"))
    site.write_text(LEFT_OUT + site.read_text())
    configuration, settings = load(tree, httpd)
    assert {one.name for one in settings.groups} == {"service", "secret", "apps"}
    with shadow_server(configuration, httpd, settings, HELLO) as shadow:
        assert shadow.groups == ("apps",)
        assert {one.group for one in shadow.processes() if one.role == "daemon"} == {"apps"}
        assert any("service" in note for note in shadow.notes)


LEFT_OUT = """
WSGIDaemonProcess service processes=1 threads=0
<VirtualHost *:8443>
    SSLCertificateFile /nowhere/cert.pem
    WSGIDaemonProcess secret processes=2 threads=3
</VirtualHost>
"""


def test_a_strict_umask_keeps_nobody_out_and_secrets_stay_in(
    sample: Callable[[str], Path], httpd: Httpd
) -> None:
    """Daemons run as another user; the written configuration may hold what was in private files."""
    configuration, settings = load(sample("debian-event-daemon"), httpd)
    before = os.umask(0o077)
    try:
        with shadow_server(configuration, httpd, settings, HELLO, watched=["apps"]) as shadow:
            modes = {
                name: (shadow.directory / name).stat().st_mode & 0o777
                for name in ("", "run", "logs", "httpd.conf", "watcher.py")
            }
    finally:
        os.umask(before)
    assert modes == {
        "": 0o755,
        "run": 0o755,
        "logs": 0o700,
        "httpd.conf": 0o600,
        "watcher.py": 0o644,
    }


def test_without_an_error_log_the_copy_still_has_its_own(
    public_directory: Path, httpd: Httpd
) -> None:
    """httpd's default lies below ServerRoot, which is the live server's."""
    main = public_directory / "httpd.conf"
    modules = ("mpm_event_module", "unixd_module", "authz_core_module")
    main.write_text(
        f"ServerRoot {public_directory}\nListen 8080\nUser www-data\nGroup www-data\n"
        + "".join(f"LoadModule {one} {httpd.module_file(one)}\n" for one in modules)
        + f"DocumentRoot {public_directory}\n<Directory />\nRequire all granted\n</Directory>\n"
    )
    configuration, settings = load(main, httpd)
    canary = Canary(port=8080, path="/httpd.conf")
    with shadow_server(configuration, httpd, settings, canary) as shadow:
        assert "resuming normal operations" in shadow.told()
    assert [one.name for one in public_directory.iterdir()] == ["httpd.conf"]


@pytest.mark.parametrize("problem", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_a_shadow_is_removed_whatever_happens(
    sample: Callable[[str], Path], httpd: Httpd, problem: type[BaseException]
) -> None:
    configuration, settings = load(sample("debian-event-daemon"), httpd)
    kept: list[Shadow] = []

    def fail() -> None:
        with shadow_server(configuration, httpd, settings, HELLO) as shadow:
            kept.append(shadow)
            raise problem

    with pytest.raises(problem):
        fail()
    assert_gone(kept[0])


def test_a_port_outside_the_configuration_is_refused(
    sample: Callable[[str], Path], httpd: Httpd
) -> None:
    configuration, settings = load(sample("debian-event-daemon"), httpd)
    with (
        pytest.raises(ServerError, match=r"does not listen on port 1 .*8080"),
        shadow_server(configuration, httpd, settings, Canary(port=1)),
    ):
        pass


def test_a_port_in_use_is_named(sample: Callable[[str], Path], httpd: Httpd) -> None:
    configuration, settings = load(sample("debian-event-daemon"), httpd)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with (
            pytest.raises(ServerError, match=rf"port {port} on 127\.0\.0\.1 is in use"),
            shadow_server(configuration, httpd, settings, HELLO, {8080: port}),
        ):
            pass
    assert shadow_directories() == []


def test_an_application_that_fails_is_reported_with_its_log(
    sample: Callable[[str], Path], httpd: Httpd
) -> None:
    tree = sample("debian-event-daemon")
    (tree / "srv/apps/hello.wsgi").write_text("raise RuntimeError('the database is gone')\n")
    configuration, settings = load(tree, httpd)
    with (
        pytest.raises(ServerError, match=r"answers 500 to /hello/.*the database is gone"),
        shadow_server(configuration, httpd, settings, HELLO),
    ):
        pass
    assert shadow_directories() == []


def test_what_httpd_refuses_is_reported_in_its_words(
    sample: Callable[[str], Path], httpd: Httpd
) -> None:
    tree = sample("debian-event-daemon")
    site = tree / "etc/apache2/sites-available/apps.conf"
    site.write_text(site.read_text() + "NoSuchDirective on\n")
    configuration, settings = load(tree, httpd)
    with (
        pytest.raises(ServerError, match=r"does not start: .*Invalid command 'NoSuchDirective'"),
        shadow_server(configuration, httpd, settings, HELLO),
    ):
        pass
    assert shadow_directories() == []


def test_the_files_of_the_sample_are_not_touched(
    sample: Callable[[str], Path], httpd: Httpd
) -> None:
    tree = sample("debian-event-daemon")
    before = {path: path.read_bytes() for path in tree.rglob("*") if path.is_file()}
    configuration, settings = load(tree, httpd)
    with shadow_server(configuration, httpd, settings, HELLO):
        pass
    assert {path: path.read_bytes() for path in tree.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("name", "canary"),
    [
        ("founding-prefork-embedded", Canary(port=8080, path="/", host="app.example")),
        ("rhel-event-daemon", Canary(port=8080, path="/", host="app.example")),
        ("container", Canary(port=8080, path="/")),
    ],
)
def test_every_sample_runs(
    sample: Callable[[str], Path], any_httpd: Httpd, name: str, canary: Canary
) -> None:
    configuration, settings = load(sample(name), any_httpd)
    with shadow_server(configuration, any_httpd, settings, canary) as shadow:
        assert psutil.pid_exists(shadow.pid)
    assert_gone(shadow)


def test_a_shadow_runs_as_an_ordinary_user(
    sample: Callable[[str], Path], httpd: Httpd, unprivileged: Callable[[Callable[[], str]], str]
) -> None:
    configuration, settings = load(sample("debian-event-daemon"), httpd)

    def owners() -> str:
        with shadow_server(configuration, httpd, settings, HELLO) as shadow:
            users = {psutil.Process(one.pid).uids().real for one in shadow.processes()}
        return f"{users == {os.geteuid()}} {shadow.directory.exists()}"

    owners()
    assert unprivileged(owners) == "True False"
