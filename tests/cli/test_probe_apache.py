"""tuner probe against a real Apache: its own access log, its own limits."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import Run
from tuner.apache.binary import Httpd

pytestmark = pytest.mark.httpd

CONF = """
ServerName shop.example
ServerRoot {directory}
DefaultRuntimeDir {directory}
PidFile {directory}/httpd.pid
Mutex file:{directory}
ErrorLog {directory}/error.log
Listen 127.0.0.1:{port}
{modules}
{user}
DocumentRoot {directory}/htdocs
<Directory {directory}/htdocs>
    Require all granted
</Directory>
StartServers 1
ServerLimit 2
ThreadsPerChild 20
MaxRequestWorkers 40
LogFormat "%v %{{ms}}T %D %t \\"%r\\" %>s" odd
CustomLog {directory}/access.log odd
"""


@pytest.fixture
def apache(httpd: Httpd, public_directory: Path) -> Iterator[tuple[str, Path]]:
    """A real httpd with a static page; yields its URL and its directory."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    modules = [
        f"LoadModule {name}_module {file}"
        for name in ("mpm_event", "unixd", "authz_core", "log_config")
        if (file := httpd.module_file(f"{name}_module")) is not None
    ]
    user = "User www-data\nGroup www-data" if os.geteuid() == 0 else ""
    (public_directory / "htdocs").mkdir()
    for name in ("index.html", "other.html"):
        (public_directory / "htdocs" / name).write_text(name)
    (public_directory / "httpd.conf").write_text(
        CONF.format(directory=public_directory, port=port, modules="\n".join(modules), user=user)
    )
    process = subprocess.Popen(
        [str(httpd.path), "-f", str(public_directory / "httpd.conf"), "-DFOREGROUND"],
        start_new_session=True,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            try:
                httpx.get(f"{url}/index.html", trust_env=False)
                break
            except httpx.TransportError:
                time.sleep(0.05)
        yield url, public_directory
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(15)


def test_the_mix_comes_from_the_log_in_the_format_of_the_configuration(
    tuner: Run, apache: tuple[str, Path]
) -> None:
    url, directory = apache
    with httpx.Client(base_url=url, trust_env=False) as client:
        for path in ("/index.html", "/index.html", "/other.html", "/none", "/index.html?key=1"):
            client.get(path)
        client.post("/index.html")
    result = tuner(
        *("probe", url, "--access-log", directory / "access.log"),
        *("--apache", directory / "httpd.conf", "--concurrency", "2,8", "--duration", "500ms"),
        *("--warmup", "100ms", "--format", "json", "-q"),
    )
    assert result.returncode == 0, result.stderr
    document = json.loads(result.stdout)
    traffic = document["traffic"]
    assert {one["path"]: one["count"] for one in traffic["shares"]} == {
        "/index.html": 3, "/other.html": 1,
    }  # fmt: skip
    assert traffic["excluded"] == {
        "error responses": 1, "may hold a token": 1, "method POST": 1,
    }  # fmt: skip
    assert traffic["duration_source"] == "%D"
    assert traffic["peak_concurrency"] > 0
    (target,) = document["targets"]
    assert [step["error_rate"] for step in target["steps"]] == [0, 0]
    assert target["steps"][0]["probes"][0]["server_cores"] > 0
    logged = (directory / "access.log").read_text().splitlines()
    sent = sum(step["probes"][0]["good"] for step in target["steps"])
    assert len(logged) >= sent
    shares = sum("/index.html" in line for line in logged) / len(logged)
    assert 0.65 < shares < 0.85
