"""The native engine against a server whose behaviour is known."""

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from tuner.errors import ProbeError
from tuner.probe.engines import engine
from tuner.probe.loop import program
from tuner.probe.loop.http1 import CHUNKED, CLOSE_DELIMITED, chunks_end, parse_head
from tuner.probe.native import run, spec_for
from tuner.probe.plan import Expected, ProbePlan, Request


def plan(url: str, path: str, **changes: object) -> ProbePlan:
    fields: dict[str, object] = {
        "url": url,
        "host": "test.example",
        "requests": (Request(path=path),),
        "concurrency": 4,
        "warmup_seconds": 0.1,
        "duration_seconds": 0.6,
        **changes,
    }
    return ProbePlan.model_validate(fields)


def test_good_responses_are_counted(server_url: str) -> None:
    result = run(plan(server_url, "/ok"))
    assert result.good == result.requests > 50
    assert result.errors == {}
    assert result.statuses.keys() == {200}
    assert result.body_bytes > 100 * result.good
    assert result.throughput == pytest.approx(result.good / result.elapsed_seconds)
    assert result.connections_opened == 4
    assert result.latency is not None
    assert result.latency.count == result.good


@pytest.mark.parametrize("processes", [1, 2])
def test_several_processes_give_one_result(server_url: str, processes: int) -> None:
    result = run(plan(server_url, "/slow", concurrency=8, processes=processes, duration_seconds=1))
    assert result.client.processes == processes
    assert 20 <= result.good <= 40
    assert result.latency is not None
    assert 0.2 <= result.latency.p50_seconds < 0.3


def test_without_keep_alive_every_request_has_its_connection(server_url: str) -> None:
    result = run(plan(server_url, "/ok", keep_alive=False))
    assert result.errors == {}
    assert result.connections_opened >= result.good
    assert result.connect is not None


def test_failing_statuses_are_errors_and_a_storm_ends_the_probe(server_url: str) -> None:
    begin = time.monotonic()
    result = run(plan(server_url, "/fail", duration_seconds=30))
    assert time.monotonic() - begin < 10
    assert result.errors.keys() == {"status 500"}
    assert result.good == 0
    assert result.latency is None
    assert result.stopped == ""


def test_a_refused_connection_is_an_error() -> None:
    result = run(plan("http://127.0.0.1:1", "/", duration_seconds=0.3))
    assert result.errors.keys() == {"connection refused"}


def test_a_name_that_does_not_resolve_is_one_clear_error() -> None:
    with pytest.raises(ProbeError, match="does not resolve"):
        run(plan("http://no-such-host.invalid", "/"))


def test_a_connection_that_is_cut_is_an_error(server_url: str) -> None:
    result = run(plan(server_url, "/cut", duration_seconds=0.3))
    assert result.errors.keys() == {"connection closed"}


def test_a_timeout_is_an_error(server_url: str) -> None:
    result = run(plan(server_url, "/slow", timeout_seconds=0.1, duration_seconds=1))
    assert result.errors.keys() <= {"timeout"}
    assert result.errors["timeout"] > 0


def test_requests_are_bounded(server_url: str) -> None:
    begin = time.monotonic()
    result = run(plan(server_url, "/ok", max_requests=21, warmup_seconds=0, duration_seconds=30))
    assert result.requests == 21
    assert time.monotonic() - begin < 10


def test_a_mix_follows_its_weights(server_url: str) -> None:
    mix = (Request(path="/ok", weight=3), Request(path="/fail", weight=1))
    result = run(plan(server_url, "/", requests=mix, duration_seconds=1))
    assert 0.15 < result.error_rate < 0.35


def test_answers_that_differ_from_the_canary_are_counted(server_url: str) -> None:
    same = run(plan(server_url, "/ok", expected=Expected(status=200, body_bytes=100)))
    other = run(plan(server_url, "/ok", expected=Expected(status=200, body_bytes=99)))
    assert same.mismatches == 0
    assert other.mismatches >= other.good > 0


def test_unfinished_requests_are_censored_not_forgotten(server_url: str) -> None:
    result = run(plan(server_url, "/slow", warmup_seconds=0, duration_seconds=0.3))
    assert result.censored.count == 4
    assert 0 < result.censored.max_age_seconds < 0.3


def test_an_open_loop_keeps_its_rate(server_url: str) -> None:
    result = run(
        plan(server_url, "/ok", rate=200, concurrency=20, duration_seconds=2, warmup_seconds=0.2)
    )
    assert result.requests / result.elapsed_seconds == pytest.approx(200, rel=0.02)
    assert result.mode == "open"


def test_an_open_loop_counts_the_wait_for_a_connection(server_url: str) -> None:
    """Two connections can serve 10 requests a second of 0.2 s each; 20 are due."""
    result = run(
        plan(server_url, "/slow", rate=20, concurrency=2, duration_seconds=2, warmup_seconds=0)
    )
    assert result.latency is not None
    assert result.latency.max_seconds > 0.5
    assert result.backlog > 5


def test_a_guard_stops_the_loops(server_url: str) -> None:
    begin = time.monotonic()
    result = run(plan(server_url, "/ok", duration_seconds=30), lambda: "enough")
    assert result.stopped == "enough"
    assert time.monotonic() - begin < 10


def test_head_requests_have_no_body(server_url: str) -> None:
    assert run(plan(server_url, "/ok", requests=(Request(path="/ok", method="HEAD"),))).good > 0


def test_the_program_runs_alone_and_answers_sigterm(server_url: str) -> None:
    """As it would on another machine: from standard input, without this package."""
    spec = spec_for(plan(server_url, "/ok", duration_seconds=30), 0, 1)
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-", json.dumps(spec)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(program())
    process.stdin.close()
    assert json.loads(process.stdout.readline())["t"] == "tick"
    process.send_signal(signal.SIGTERM)
    lines = process.stdout.read().splitlines()
    process.stdout.close()
    assert process.wait(timeout=10) == 0
    assert json.loads(lines[-1])["t"] == "done"


def test_the_program_imports_the_standard_library_only() -> None:
    assert "tuner" not in program().replace("tuner.probe", "tuner.probe")
    compile(program(), "loop", "exec")


@pytest.fixture
def pieces_url() -> Iterator[str]:
    """A server that sends its answer in two pieces, chunked, with a trailer."""
    server = socket.create_server(("127.0.0.1", 0))
    stopping = threading.Event()

    def serve() -> None:
        while not stopping.is_set():
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                while connection.recv(4096):
                    connection.sendall(
                        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"
                    )
                    time.sleep(0.005)
                    connection.sendall(b"lo\r\n3;x=y\r\nabc\r\n0\r\nX-T: 1\r\n\r\n")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}"
    stopping.set()
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()


def test_a_chunked_answer_in_pieces_is_one_response(pieces_url: str) -> None:
    result = run(plan(pieces_url, "/", concurrency=1))
    assert result.errors == {}
    assert result.good > 5


@pytest.mark.parametrize(
    ("head", "status", "length", "closes"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5", 200, 5, False),
        (b"HTTP/1.1 200 OK\r\ncontent-length:5\r\nConnection: close", 200, 5, True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked", 200, CHUNKED, False),
        (b"HTTP/1.1 200 OK", 200, CLOSE_DELIMITED, True),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 5", 200, 5, True),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: Keep-Alive", 200, 5, False),
        (b"HTTP/1.1 304 Not Modified", 304, 0, False),
        (b"HTTP/1.1 204 No Content", 204, 0, False),
        (b"nonsense", 0, 0, True),
    ],
)
def test_response_heads(head: bytes, status: int, length: int, closes: bool) -> None:
    found = parse_head(head, is_head_request=False)
    assert (found.status, found.length, found.closes) == (status, length, closes)


@pytest.mark.parametrize(
    "body",
    [b"0\r\n\r\n", b"5\r\nhello\r\n0\r\n\r\n", b"3\r\nabc\r\n2\r\nde\r\n0\r\nA: b\r\nC: d\r\n\r\n"],
)
def test_the_end_of_a_chunked_body_is_found_at_the_last_byte_only(body: bytes) -> None:
    position = 0
    for length in range(len(body)):
        end, position = chunks_end(body[:length], position)
        assert end == -1
    assert chunks_end(body, position)[0] == len(body)


def test_the_native_engine_is_found_by_name() -> None:
    assert engine("native") is run
