"""A real Apache with one small static file, on a free port of loopback, for as long as needed.

It listens on several addresses, so that runs that follow each other do not meet the
connections of the run before, which stay in TIME_WAIT for a minute.
``MaxKeepAliveRequests 0`` and more workers than clients: no engine is measured by how it
opens connections again (that is the other half of the cells), or by how it waits for a
worker.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tuner.apache.binary import Httpd, find_httpd

FILE = "/hello.txt"
BODY = b"Hello, world\n"

_CONFIGURATION = """\
ServerName localhost
ServerRoot {directory}
PidFile {directory}/httpd.pid
DefaultRuntimeDir {directory}
Mutex file:{directory}
ErrorLog {directory}/error.log
LogLevel warn
{listen}
ListenBacklog 4096
{modules}
{user}
DocumentRoot {directory}/htdocs
<Directory {directory}/htdocs>
    Require all granted
</Directory>
StartServers 4
ServerLimit 8
ThreadsPerChild 150
ThreadLimit 150
MinSpareThreads 600
MaxSpareThreads 1200
MaxRequestWorkers 1200
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 15
"""

_MODULES = ("mpm_event", "unixd", "authz_core")
_START_SECONDS = 15.0
_ADDRESSES = tuple(f"127.0.0.{number}" for number in range(1, 17))


@contextmanager
def apache(prefix: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Run httpd; yield its URLs.

    ``prefix`` goes before the command (``taskset -c 1``).

    Raises:
        SystemExit: there is no httpd, or it does not start.
    """
    httpd = find_httpd()
    if httpd is None:
        raise SystemExit("no httpd found: install apache2")
    directory = Path(tempfile.mkdtemp(prefix="tuner-engines-", dir="/tmp"))
    directory.chmod(0o755)
    port = _free_port()
    try:
        (directory / "htdocs").mkdir()
        (directory / "htdocs" / FILE[1:]).write_bytes(BODY)
        main = directory / "httpd.conf"
        main.write_text(_configuration(httpd, directory, port), "utf-8")
        process = subprocess.Popen(
            [*prefix, str(httpd.path), "-f", str(main), "-D", "FOREGROUND"],
            start_new_session=True,
        )
        try:
            _await(port, process, directory)
            yield tuple(f"http://{address}:{port}" for address in _ADDRESSES)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _configuration(httpd: Httpd, directory: Path, port: int) -> str:
    modules = []
    for name in _MODULES:
        file = httpd.module_file(f"{name}_module")
        if file is not None:
            modules.append(f"LoadModule {name}_module {file}")
    user = "User www-data\nGroup www-data" if os.geteuid() == 0 else ""
    listen = "\n".join(f"Listen {address}:{port}" for address in _ADDRESSES)
    return _CONFIGURATION.format(
        directory=directory, listen=listen, modules="\n".join(modules), user=user
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await(port: int, process: "subprocess.Popen[bytes]", directory: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                time.sleep(0.5)
                return
        time.sleep(0.05)
    log = directory / "error.log"
    raise SystemExit(f"httpd does not start: {log.read_text() if log.exists() else ''}")
