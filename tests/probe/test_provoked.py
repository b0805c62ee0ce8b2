"""Every validity check that can be provoked is, by a real load on a server that misbehaves.

Steal, swap and a clock that is set cannot be provoked without harm to the machine, an
intended rate that is missed without a backlog not at all: test_checks.py feeds them.
"""

import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.probe import servers
from tests.probe.servers import answer, serving
from tuner.errors import ProbeError
from tuner.probe import native
from tuner.probe.canary import with_expected
from tuner.probe.plan import ProbePlan, Request
from tuner.probe.result import ProbeResult
from tuner.probe.run import run_probe

ROOT = Path(__file__).parent.parent.parent
NAMESPACES = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root may make a network namespace (unshare --net)"
)


def plan(url: str, **changes: object) -> ProbePlan:
    fields: dict[str, object] = {
        "url": url,
        "host": "test.example",
        "requests": (Request(path="/"),),
        "concurrency": 4,
        "warmup_seconds": 0.1,
        "duration_seconds": 1.0,
        **changes,
    }
    return ProbePlan.model_validate(fields)


def effects(result: ProbeResult) -> dict[str, str]:
    return {one.name: one.effect for one in result.checks}


def message(result: ProbeResult, name: str) -> str:
    return next(one.message for one in result.checks if one.name == name)


def test_a_client_busy_with_itself_is_found() -> None:
    """Reading thousands of chunks costs the client far more than sending them the server."""
    with serving(servers.many_chunks(2500)) as url:
        found = effects(run_probe(plan(url, concurrency=64, duration_seconds=2), native.run))
    assert found.get("client-cpu") or found.get("client-starved")
    assert "loop-lag" in found


@contextmanager
def hogs(count: int) -> Iterator[None]:
    """Busy loops, all on the first core; orphans, as children would count as the server."""
    core = min(os.sched_getaffinity(0))
    code = f"import os; os.sched_setaffinity(0, {{{core}}})\nwhile True: pass"
    found = [
        int(
            subprocess.run(
                ["sh", "-c", '"$0" -c "$1" >/dev/null 2>&1 & echo $!', sys.executable, code],
                stdout=subprocess.PIPE,
                check=True,
            ).stdout
        )
        for _ in range(count)
    ]
    try:
        yield
    finally:
        for pid in found:
            os.kill(pid, signal.SIGKILL)


def test_a_starved_client_is_found() -> None:
    """The load loop has to share one core with three busy loops."""
    before = os.sched_getaffinity(0)
    with serving(servers.steady) as url, hogs(3):
        os.sched_setaffinity(0, {min(before)})
        try:
            result = run_probe(plan(url, duration_seconds=2), native.run)
        finally:
            os.sched_setaffinity(0, before)
    found = effects(result)
    assert found["client-starved"] in ("doubt", "invalid")
    assert "of the time" in message(result, "client-starved")
    assert result.validity != "valid"


def answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def separate_server(directory: Path) -> Iterator[str]:
    """A server in a process of its own, whose use of the cores can be told from ours."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"],
        cwd=directory,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 20
        while not answers(port):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


def test_other_programs_on_the_cores_are_found(tmp_path: Path) -> None:
    with separate_server(tmp_path) as url, hogs(2):
        found = effects(run_probe(plan(url, keep_alive=False), native.run))
    assert found.get("foreign-load") == "doubt"


def in_namespace(code: str, *commands: str) -> dict[str, str]:
    """Run code in a network namespace of its own and return what it prints as JSON."""
    script = "\n".join(["set -e", "ip link set lo up", *commands, f"exec {sys.executable} -"])
    done = subprocess.run(
        ["unshare", "--net", "--mount-proc", "--mount", "--fork", "--pid", "sh", "-c", script],
        input=code,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}/src:{ROOT}"},
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


IN_NAMESPACE = """
import json
from tests.probe import servers
from tests.probe.test_provoked import plan
from tuner.probe import native
from tuner.probe.run import run_probe
with servers.serving(servers.steady) as url:
    result = run_probe(plan(url, {options}), native.run)
print(json.dumps({{one.name: f"{{one.effect}} {{one.message}} {{one.advice}}" for one in
                  result.checks}}))
"""


@NAMESPACES
def test_exhausted_ports_are_found() -> None:
    """Fifty connections, twenty ports."""
    found = in_namespace(
        IN_NAMESPACE.format(options="concurrency=50"),
        "sysctl -qw net.ipv4.ip_local_port_range='40000 40019' net.ipv4.tcp_tw_reuse=0",
    )
    assert found["ports"].startswith("invalid")
    assert "20 ports" in found["ports"]
    assert "ip_local_port_range" in found["ports"]


@NAMESPACES
def test_a_client_with_ports_enough_is_not_blamed() -> None:
    assert "ports" not in in_namespace(IN_NAMESPACE.format(options="concurrency=50"))


def test_a_full_listen_queue_and_lost_syns_are_found() -> None:
    """Twenty clients, a queue for one, and a server that takes its time to accept."""
    with serving(servers.slow_to_accept, backlog=1, threads=False) as url:
        result = run_probe(
            plan(url, concurrency=20, keep_alive=False, duration_seconds=3), native.run
        )
    found = effects(result)
    assert found["listen-queue"] == "doubt"
    assert "ListenOverflows" in message(result, "listen-queue")
    assert found["syn-retries"] == "doubt"
    assert re.search(r"the slowest took [1-7]\.", message(result, "syn-retries"))


def test_a_stalled_server_is_found() -> None:
    """What is in flight at the end would have been slow: percentiles are lower bounds."""
    with serving(servers.stalls_after(100)) as url:
        result = run_probe(plan(url, warmup_seconds=0), native.run)
    assert result.censored.count == 4
    assert effects(result)["censored"] == "doubt"


def test_a_lack_of_descriptors_is_refused_before_the_load() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (60, 60))\n"
        "from tests.probe.test_provoked import plan\n"
        "from tuner.probe import native\n"
        "native.run(plan('http://127.0.0.1:1'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert (
        f"{ProbeError.__name__}: 4 connections need 68 open files, the limit is 60" in done.stderr
    )
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == before


def test_exhausted_descriptors_are_found() -> None:
    """As when a limit is lower than what was asked for before."""
    code = """
import json, resource
from tests.probe import servers
from tests.probe.test_provoked import plan
from tuner.probe import native
from tuner.probe.run import run_probe
with servers.serving(servers.steady, threads=False) as url:
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    resource.getrlimit = lambda name: (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    result = run_probe(plan(url, concurrency=100), native.run)
print(json.dumps({one.name: one.effect for one in result.checks}))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["descriptors"] == "invalid"


@pytest.mark.parametrize(
    "limited",
    [
        answer(b"slow down", "429 Too Many Requests"),
        answer(b"slow down", "503 Service Unavailable", "Retry-After: 5"),
    ],
)
def test_a_rate_limit_is_found(limited: bytes) -> None:
    with serving(servers.after(100, answer(), limited)) as url:
        result = run_probe(plan(url), native.run)
    assert effects(result)["rate-limiting"] == "invalid"


def test_an_error_without_retry_after_is_no_rate_limit() -> None:
    with serving(servers.after(100, answer(), answer(b"", "503 Service Unavailable"))) as url:
        assert "rate-limiting" not in effects(run_probe(plan(url), native.run))


def test_other_bodies_than_the_canary_s_are_found() -> None:
    """An error page with status 200, from the fifth answer on."""
    with serving(servers.after(5, answer(), answer(b"sorry"))) as url:
        asked = with_expected(plan(url))
        result = run_probe(asked, native.run)
    assert asked.requests[0].expected is not None
    assert asked.requests[0].expected.body_bytes == 100
    assert effects(result)["mismatches"] == "invalid"


def test_a_body_that_changes_all_the_time_is_no_mismatch() -> None:
    sizes = iter(range(10**6))

    def handler(connection: socket.socket, number: int) -> None:
        for _ in servers.requests(connection):
            connection.sendall(answer(b"x" * (100 + next(sizes) % 7)))

    with serving(handler) as url:
        result = run_probe(with_expected(plan(url)), native.run)
    assert result.good > 0
    assert "mismatches" not in effects(result)


def test_unequally_served_clients_are_found() -> None:
    """A server with one worker serves one connection and lets three wait."""
    with serving(servers.steady, threads=False) as url:
        assert effects(run_probe(plan(url), native.run))["fairness"] == "doubt"


def test_connections_closed_while_in_use_are_found() -> None:
    with serving(servers.closes_after(3)) as url:
        result = run_probe(plan(url), native.run)
    assert effects(result)["keep-alive-races"] == "note"
    assert result.keep_alive_races > 0


def test_a_server_that_still_warms_up_is_found() -> None:
    with serving(servers.warms_up(4)) as url:
        result = run_probe(plan(url, duration_seconds=2, warmup_seconds=0), native.run)
    assert effects(result)["steady-state"] == "doubt"


def test_clients_that_never_came_are_found() -> None:
    """Ten clients are wanted, but only one or two are started in the time."""
    with serving(servers.steady) as url:
        result = run_probe(plan(url, concurrency=10, connects_per_second=1), native.run)
    assert effects(result)["littles-law"] == "invalid"


def test_an_overloaded_open_loop_is_found(server_url: str) -> None:
    result = run_probe(
        plan(server_url, requests=(Request(path="/slow"),), rate=100, concurrency=4), native.run
    )
    assert effects(result)["overload"] == "doubt"


def test_too_few_samples_are_found(server_url: str) -> None:
    result = run_probe(plan(server_url, requests=(Request(path="/slow"),)), native.run)
    assert effects(result)["few-samples"] == "doubt"
