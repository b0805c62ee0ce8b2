"""A real Locust master with workers that are not ours, on loopback and across namespaces."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

from tuner.errors import ProbeError
from tuner.probe import locust_engine
from tuner.probe.plan import ProbePlan, Request

pytestmark = pytest.mark.skipif(find_spec("locust") is None, reason="locust is not installed")


def plan(url: str, **changes: object) -> ProbePlan:
    fields: dict[str, object] = {
        "url": url,
        "host": "test.example",
        "requests": (Request(path="/ok", weight=3), Request(path="/slow")),
        "concurrency": 8,
        "warmup_seconds": 0.5,
        "duration_seconds": 2.5,
        "expect_workers": 2,
        **changes,
    }
    return ProbePlan.model_validate(fields)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@contextmanager
def worker(master: str, port: int, log: Path, prefix: tuple[str, ...] = ()) -> Iterator[None]:
    """Join as a user would on another host: the locustfile comes from the master."""
    command = [*prefix, sys.executable, "-m", "locust", "-f", "-", "--worker"]
    command += ["--master-host", master, "--master-port", str(port)]
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, cwd=log.parent
        )
    try:
        yield
        process.wait(10)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def test_two_workers_share_the_load_of_a_master(
    server_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    monkeypatch.setenv("LOCUST_MASTER_BIND_HOST", "127.0.0.1")
    monkeypatch.setenv("LOCUST_MASTER_BIND_PORT", str(port))
    with ExitStack() as stack:
        for number in range(2):
            stack.enter_context(worker("127.0.0.1", port, tmp_path / f"{number}.log"))
        result = locust_engine.run(plan(server_url))
    assert result.client.processes == 2
    assert result.errors == {}
    assert result.good > 20
    assert result.statuses.keys() == {200}
    assert result.latency is not None
    assert result.latency.count == result.good
    assert result.latency.p50_seconds < 0.19 < result.latency.max_seconds


def test_workers_that_do_not_come_are_one_clear_error(
    server_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCUST_MASTER_BIND_HOST", "127.0.0.1")
    monkeypatch.setenv("LOCUST_MASTER_BIND_PORT", str(free_port()))
    monkeypatch.setattr(locust_engine, "_WAIT_SECONDS", 1)
    with pytest.raises(ProbeError, match="locust") as raised:
        locust_engine.run(plan(server_url))
    assert "\n" not in str(raised.value)


def test_workers_in_namespaces_of_their_own(
    namespaces: tuple[str, ...],
    open_server: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    port = free_port()
    monkeypatch.setenv("LOCUST_MASTER_BIND_PORT", str(port))
    with ExitStack() as stack:
        for number, name in enumerate(namespaces, 1):
            prefix = ("ip", "netns", "exec", name)
            log = tmp_path / f"{name}.log"
            stack.enter_context(worker(f"10.213.{number}.1", port, log, prefix))
        result = locust_engine.run(plan(open_server))
    assert result.client.processes == 2
    assert result.errors == {}
    assert result.good > 20


def test_workers_are_started_on_other_hosts_by_ssh(
    ssh_hosts: tuple[str, ...], namespaces: tuple[str, ...], open_server: str
) -> None:
    asked = plan(open_server, expect_workers=0, workers=ssh_hosts)
    result = locust_engine.run(asked)
    assert result.client.processes == 2
    assert result.errors == {}
    assert result.good > 20
    for name in namespaces:
        end_of_locust(name)


def test_a_host_that_ssh_cannot_reach_is_named_at_once(
    ssh_hosts: tuple[str, ...], open_server: str
) -> None:
    asked = plan(open_server, expect_workers=0, workers=(ssh_hosts[0], "10.213.2.77"))
    with pytest.raises(ProbeError, match=r"10\.213\.2\.77 .*(No route|timed out)"):
        locust_engine.run(asked)


def end_of_locust(namespace: str) -> None:
    """Wait for the last worker to leave the host."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        command = ["ip", "netns", "pids", namespace]
        found = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        if not any(b"locust" in cmdline(pid) for pid in found):
            return
        time.sleep(0.1)
    pytest.fail(f"locust still runs in {namespace}")


def cmdline(pid: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
