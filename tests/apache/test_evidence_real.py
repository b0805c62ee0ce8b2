"""The lines that rules look for, written by real servers that are in real trouble."""

import os
import pwd
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psutil
import pytest

from tuner.apache.binary import Httpd
from tuner.apache.evidence.events import Tally

pytestmark = pytest.mark.httpd

CONF = """\
ServerName localhost
ServerRoot {directory}
PidFile {directory}/pid
ErrorLog {directory}/error.log
LogLevel info
DefaultRuntimeDir {directory}
{user}
Listen 127.0.0.1:{port}
{modules}
ServerLimit 2
ThreadsPerChild 4
MaxRequestWorkers 8
StartServers 1
MinSpareThreads 1
MaxSpareThreads 8
WSGISocketPrefix {directory}/s
{home}
WSGIDaemonProcess app processes=1 threads=1 listen-backlog=1 connect-timeout=1 queue-timeout=1
WSGIScriptAlias / {directory}/app.wsgi process-group=app application-group=%{{GLOBAL}}
<Directory {directory}>
    Require all granted
</Directory>
"""
APP = """\
import os, time
def application(environ, start_response):
    if environ["PATH_INFO"] == "/pid":
        body = str(os.getpid()).encode()
    else:
        time.sleep(2)
        body = b"ok"
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""


@contextmanager
def running(httpd: Httpd, directory: Path) -> Iterator[tuple[int, int]]:
    """Run a small server; give its pid and port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    modules = [
        f"LoadModule {symbol} {httpd.module_file(symbol)}"
        for symbol in ("mpm_event_module", "authz_core_module", "unixd_module", "wsgi_module")
        if symbol not in httpd.static_modules
    ]
    user = ""
    if os.geteuid() == 0:
        found = next(name for name in ("www-data", "daemon", "nobody") if _exists(name))
        user = f"User {found}\nGroup #{pwd.getpwnam(found).pw_gid}"
    home = f"WSGIPythonHome {httpd.python_home}" if httpd.python_home else ""
    (directory / "app.wsgi").write_text(APP)
    conf = directory / "httpd.conf"
    conf.write_text(
        CONF.format(
            directory=directory, port=port, user=user, home=home, modules="\n".join(modules)
        )
    )
    process = subprocess.Popen([httpd.path, "-f", conf, "-DFOREGROUND"], start_new_session=True)
    try:
        wait_for(lambda: request(port, "/pid").isdigit())
        yield process.pid, port
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _exists(name: str) -> bool:
    try:
        return bool(pwd.getpwnam(name))
    except KeyError:
        return False


def request(port: int, path: str) -> str:
    """Return the body of an answer; empty where there is none."""
    try:
        with socket.create_connection(("127.0.0.1", port), 20) as client:
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
            answer = b""
            while piece := client.recv(4096):
                answer += piece
    except OSError:
        return ""
    return answer.partition(b"\r\n\r\n")[2].decode("utf-8", "replace")


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)


@pytest.mark.parametrize("which", ["httpd", "bundled"])
def test_real_servers_write_these_lines(
    which: str, request_fixture: Callable[[str], Httpd], public_directory: Path
) -> None:
    httpd = request_fixture(which)
    log = public_directory / "error.log"

    def seen(event: str) -> bool:
        tally = Tally()
        tally.add(log.read_bytes())
        return tally.counts[event].times > 0 and tally.counts[event].last is not None

    with running(httpd, public_directory) as (pid, port):
        burst = [threading.Thread(target=request, args=(port, "/slow")) for _ in range(14)]
        for one in burst:
            one.start()
        for event in ("workers_exhausted", "daemon_unreachable", "queue_timeouts"):
            wait_for(partial(seen, event))
        for one in burst:
            one.join()
        slow = threading.Thread(target=request, args=(port, "/slow"))
        daemon = int(request(port, "/pid"))
        slow.start()
        time.sleep(0.5)
        os.kill(daemon, signal.SIGKILL)
        slow.join()
        wait_for(lambda: seen("daemon_deaths"))
        wait_for(lambda: seen("killed_by_kernel"))
        wait_for(lambda: request(port, "/pid").isdigit())
        daemon = int(request(port, "/pid"))
        fronts = [one.pid for one in psutil.Process(pid).children() if one.pid != daemon]
        os.kill(fronts[0], signal.SIGSEGV)
        wait_for(lambda: seen("crashes"))


@pytest.fixture
def request_fixture(request: pytest.FixtureRequest) -> Callable[[str], Httpd]:
    return request.getfixturevalue
