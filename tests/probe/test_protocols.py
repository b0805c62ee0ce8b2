"""TLS, HTTP/2, redirects and cookies, and load from other hosts."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.probe.test_conformance import plan
from tuner.apache.binary import Httpd
from tuner.errors import ProbeError, UsageError
from tuner.probe import httpx_engine, native
from tuner.probe.engines import engine
from tuner.probe.guard import no_guard


@pytest.mark.parametrize("name", ["native", "httpx", "wrk", "ab", "h2load", "hey"])
@pytest.mark.parametrize("keep_alive", [True, False])
def test_tls(name: str, keep_alive: bool, tls_url: str) -> None:
    if name not in ("native", "httpx") and shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    result = engine(name)(
        plan(tls_url, "/ok", keep_alive=keep_alive, duration_seconds=2.0), no_guard
    )
    assert result.good > 3
    assert result.errors == {}


def test_tls_on_a_port_without_it_is_an_error(server_url: str) -> None:
    result = native.run(plan(server_url.replace("http:", "https:"), "/ok"))
    assert result.good == 0
    assert result.errors.keys() == {"tls error"}


def test_redirects_are_followed_on_request_only(server_url: str) -> None:
    asked = plan(server_url, "/moved")
    as_it_is = httpx_engine.run(asked)
    assert as_it_is.statuses.keys() == {302}
    followed = httpx_engine.run(asked.model_copy(update={"follow_redirects": True}))
    assert followed.statuses.keys() == {200}


def test_cookies_are_sent_back_on_request_only(server_url: str) -> None:
    asked = plan(server_url, "/private")
    without = httpx_engine.run(asked)
    assert without.statuses.keys() == {401}
    with_them = httpx_engine.run(asked.model_copy(update={"cookies": True}))
    assert with_them.statuses[401] == asked.concurrency
    assert with_them.statuses[200] > asked.concurrency


def test_native_leaves_these_to_httpx(server_url: str) -> None:
    for field in ("http2", "follow_redirects", "cookies"):
        with pytest.raises(UsageError, match="native engine has no") as raised:
            native.run(plan(server_url, "/ok", **{field: True}))
        assert "httpx" in raised.value.hint


CONFIGURATION = """\
ServerName localhost
PidFile {directory}/httpd.pid
Mutex file:{directory}
DefaultRuntimeDir {directory}
ErrorLog {directory}/error.log
LogFormat "%H" protocol
CustomLog {directory}/access.log protocol
Listen 127.0.0.1:{port}
{modules}
{user}
Protocols h2c http/1.1
DocumentRoot {directory}
<Directory {directory}>
    Require all granted
</Directory>
"""


@pytest.fixture
def http2_server(httpd: Httpd, public_directory: Path) -> Iterator[tuple[str, Path]]:
    """Apache with mod_http2 and an access log of protocols."""
    names = ("mpm_event", "unixd", "authz_core", "log_config", "http2")
    found = {name: httpd.module_file(f"{name}_module") for name in names}
    if found["http2"] is None:
        pytest.skip("httpd has no mod_http2")
    from tests.probe.test_locust import free_port

    port = free_port()
    (public_directory / "ok").write_text("ok")
    main = public_directory / "httpd.conf"
    main.write_text(
        CONFIGURATION.format(
            directory=public_directory,
            port=port,
            modules="\n".join(
                f"LoadModule {name}_module {file}" for name, file in found.items() if file
            ),
            user="User www-data\nGroup www-data" if os.geteuid() == 0 else "",
        )
    )
    process = subprocess.Popen([str(httpd.path), "-f", str(main), "-D", "FOREGROUND"])
    try:
        deadline = time.monotonic() + 15
        while native.run(plan(f"http://127.0.0.1:{port}", "/ok", max_requests=1)).good == 0:
            assert time.monotonic() < deadline
        yield f"http://127.0.0.1:{port}", public_directory / "access.log"
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.parametrize("name", ["httpx", "h2load"])
def test_http2_by_prior_knowledge(name: str, http2_server: tuple[str, Path]) -> None:
    if name == "h2load" and shutil.which(name) is None:
        pytest.skip("h2load is not installed")
    if name == "httpx" and find_spec("h2") is None:
        pytest.skip("h2 is not installed")
    url, log = http2_server
    result = engine(name)(plan(url, "/ok", http2=True), no_guard)
    assert result.good > 50
    assert result.errors == {}
    assert log.read_text().split().count("HTTP/2.0") >= result.good


def test_http2_without_its_library_says_what_to_install(
    server_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(httpx_engine, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match="h2") as raised:
        httpx_engine.run(plan(server_url, "/ok", http2=True))
    assert "tuner[http2]" in raised.value.hint


@pytest.fixture
def ssh_to_namespaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An ``ssh`` that takes the words of the real one, to hosts that are namespaces."""
    program = tmp_path / "ssh"
    program.write_text(
        "#!/bin/sh\n"
        'while [ "$1" = -o ]; do shift 2; done\n'
        'host=$1; shift; exec ip netns exec "$host" sh -c "$*"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")


@pytest.mark.usefixtures("ssh_to_namespaces")
def test_the_native_loop_runs_on_other_hosts_that_have_a_python(
    namespaces: tuple[str, ...], open_server: str
) -> None:
    result = native.run(plan(open_server, "/slow", workers=namespaces, concurrency=10))
    assert result.client.processes == 2
    assert result.errors == {}
    assert result.connections_opened == 10
    assert result.good >= 10


@pytest.mark.usefixtures("ssh_to_namespaces")
def test_a_host_that_cannot_be_reached_is_one_clear_error(
    namespaces: tuple[str, ...], open_server: str
) -> None:
    with pytest.raises(ProbeError, match="the load loop failed") as raised:
        native.run(plan(open_server, "/ok", workers=(namespaces[0], "no-such-host")))
    assert "no-such-host" in str(raised.value)


def test_other_hosts_cannot_reach_loopback(server_url: str) -> None:
    for run in (native.run, engine("locust")):
        with pytest.raises(UsageError, match="cannot reach http://127"):
            run(plan(server_url, "/ok", workers=("gen1",)), no_guard)


def test_a_host_is_no_option_of_ssh() -> None:
    with pytest.raises(UsageError, match="not a host"):
        native.on_host("-oProxyCommand=x", ("true",))
