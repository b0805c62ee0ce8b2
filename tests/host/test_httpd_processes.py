"""Roles of the real httpd's processes: front, daemons, piped loggers, cgid and its scripts."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tuner.apache.binary import Httpd
from tuner.errors import MeasurementError
from tuner.host.processes import Expected, ProcessMemory, process_tree
from tuner.host.warmth import Loading, judged

pytestmark = pytest.mark.httpd

GROUPS = ("shop", "blog")
EXPECTED = Expected(groups=GROUPS, front_threads=7, daemon_threads={"shop": 6, "blog": 5})

CONF = """\
ServerRoot {root}
ServerName localhost
DefaultRuntimeDir {root}/run
PidFile {root}/run/httpd.pid
Mutex file:{root}/run
{user}
{modules}
Listen 127.0.0.1:{port}
StartServers 2
ServerLimit 4
ThreadLimit 5
ThreadsPerChild 5
MinSpareThreads 5
MaxSpareThreads 10
MaxRequestWorkers 10
ScriptSock {root}/run/cgisock
ErrorLog "|{rotatelogs} {root}/error.%Y 86400"
CustomLog "|$cat > {root}/access.log" "%h"
WSGISocketPrefix {root}/run/w
WSGISocketRotation {rotation}
WSGIDaemonProcess shop processes=2 threads=3
WSGIDaemonProcess blog threads=2
WSGIScriptAlias /shop {root}/shop.wsgi process-group=shop
ScriptAlias /cgi {root}/slow.cgi
<Directory {root}>
    Require all granted
</Directory>
"""
MODULES = ("mpm_event", "authz_core", "alias", "cgid", "wsgi")
APPLICATION = """\
BALLAST = bytearray(b"x") * (20 * 2**20)
def application(environ, start_response):
    start_response("200 OK", [("Content-Length", "0")])
    return [b""]
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def get(port: int, path: str) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        return b"".join(iter(lambda: client.recv(4096), b""))


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.05)


class Server:
    def __init__(self, pid: int, port: int) -> None:
        self.pid = pid
        self.port = port

    def tree(self, expected: Expected = EXPECTED) -> tuple[ProcessMemory, ...]:
        return process_tree(self.pid, expected=expected)

    def counts(self) -> dict[str, int]:
        found: dict[str, int] = {}
        with contextlib.suppress(MeasurementError):
            for one in self.tree():
                name = one.group or one.helper or one.role
                found[name] = found.get(name, 0) + 1
        return found


@pytest.fixture(params=["On", "Off"])
def server(
    httpd: Httpd, public_directory: Path, request: pytest.FixtureRequest
) -> Iterator[Server]:
    rotatelogs = next(
        (str(p) for p in (Path("/usr/bin/rotatelogs"), Path("/usr/sbin/rotatelogs")) if p.exists()),
        None,
    )
    needed = [httpd.module_file(f"{name}_module") for name in MODULES]
    if rotatelogs is None or None in needed:
        pytest.skip("needs rotatelogs, mpm_event and mod_cgid")
    root = public_directory
    (root / "run").mkdir()
    (root / "shop.wsgi").write_text(APPLICATION)
    (root / "slow.cgi").write_text("#!/bin/sh\nsleep 3\nprintf 'Content-Length: 0\\n\\n'\n")
    (root / "slow.cgi").chmod(0o755)
    port = free_port()
    (root / "httpd.conf").write_text(
        CONF.format(
            root=root,
            port=port,
            rotatelogs=rotatelogs,
            rotation=request.param,
            user="User www-data\nGroup www-data" if os.geteuid() == 0 else "",
            modules="\n".join(
                f"LoadModule {name}_module {file}"
                for name, file in zip(MODULES, needed, strict=True)
            ),
        )
    )
    with subprocess.Popen(
        [str(httpd.path), "-f", str(root / "httpd.conf"), "-DFOREGROUND"],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        found = Server(process.pid, port)
        try:
            until(lambda: found.counts().get("front") == 2 and found.counts().get("shop") == 2)
            yield found
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def threads_of(server: Server, group: str) -> list[int]:
    return [one.threads for one in server.tree() if one.group == group]


def test_every_role_of_a_real_server_is_found(server: Server) -> None:
    until(lambda: server.counts().get("logger", 0) >= 2)
    counts = server.counts()
    assert counts.pop("logger") in (2, 3)  # the shell may stay in front of cat
    assert counts == {"parent": 1, "front": 2, "shop": 2, "blog": 1, "cgid": 1}
    assert EXPECTED.daemon_threads is not None
    shop_threads = EXPECTED.daemon_threads["shop"]
    until(lambda: threads_of(server, "shop") == [shop_threads] * 2)
    fronts = [one for one in server.tree() if one.role == "front"]
    assert {one.threads for one in fronts} == {EXPECTED.front_threads}


def test_a_running_script_is_a_helper(server: Server) -> None:
    thread = threading.Thread(target=get, args=(server.port, "/cgi"))
    thread.start()
    until(lambda: server.counts().get("cgi", 0) >= 1)
    assert server.counts()["cgid"] == 1
    thread.join()
    until(lambda: "cgi" not in server.counts())


def test_a_daemon_is_cold_until_it_has_served(server: Server) -> None:
    loading = Loading(serving=frozenset({"shop"}))

    def states() -> list[str]:
        daemons = [one for one in judged(server.tree(), loading) if one.group == "shop"]
        return sorted(one.warmth for one in daemons)

    assert states() == ["cold", "cold"]
    get(server.port, "/shop")
    until(lambda: states() == ["cold", "warm"])
    until(lambda: bool(get(server.port, "/shop")) and states() == ["warm", "warm"])


def test_after_a_graceful_restart_old_front_processes_only_finish(server: Server) -> None:
    thread = threading.Thread(target=get, args=(server.port, "/cgi"))
    thread.start()
    until(lambda: server.counts().get("cgi", 0) >= 1)
    os.kill(server.pid, signal.SIGUSR1)
    until(lambda: any(one.is_stopping for one in server.tree()))
    stopping = [one for one in server.tree() if one.is_stopping]
    assert {one.role for one in stopping} <= {"front"}
    thread.join()
    until(lambda: not any(one.is_stopping for one in server.tree()))


def test_without_rights_threads_tell_roles_apart(
    server: Server, unprivileged: Callable[[Callable[[], str]], str]
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can start a server of another user")

    wanted = {"shop": [6, 6], "blog": [5]}
    until(lambda: all(threads_of(server, group) == wanted[group] for group in GROUPS))

    def measure() -> str:
        return json.dumps([one.model_dump() for one in server.tree()])

    found = [ProcessMemory.model_validate(one) for one in json.loads(unprivileged(measure))]
    roles = sorted((one.role, one.group) for one in found if one.role in ("front", "daemon"))
    assert [one for one in roles if one[0] == "daemon"] == [
        ("daemon", "blog"), ("daemon", "shop"), ("daemon", "shop")
    ]  # fmt: skip
    sources = {one.role_source for one in found if one.role == "daemon"}
    assert sources == {"threads"}
    assert {one.metric for one in found} == {"anonymous"}
    # mod_cgid's server looks like httpd and has one thread: nothing else is known of it.
    assert {one.helper for one in found if one.role == "other"} == {"logger", None}
