"""Servers that close connections when they like, and what is unusual in HTTP/1.1."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from tests.probe.test_conformance import plan
from tuner.probe.engines import engine
from tuner.probe.guard import no_guard

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

Talk = Callable[[socket.socket], None]


@pytest.fixture
def talking(request: pytest.FixtureRequest) -> Iterator[str]:
    """A server whose every connection is one call of a function, in a thread."""
    talk: Talk = request.param
    server = socket.create_server(("127.0.0.1", 0), backlog=64)
    threads: list[threading.Thread] = []

    def one(connection: socket.socket) -> None:
        with connection:
            try:
                talk(connection)
            except OSError:
                return

    def accept() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=one, args=(connection,)))
            threads[-1].start()

    acceptor = threading.Thread(target=accept)
    acceptor.start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}"
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    for thread in (acceptor, *threads):
        thread.join()


def hang_up_at_the_fourth(connection: socket.socket) -> None:
    """Answer three requests; read the next and close, as a busy event MPM does."""
    for _ in range(3):
        connection.recv(4096)
        connection.sendall(ANSWER)
    connection.recv(4096)


def announce_the_end(connection: socket.socket) -> None:
    """Answer with Connection: close, then close: no race."""
    connection.recv(4096)
    connection.sendall(ANSWER.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n"))


def interim_first(connection: socket.socket) -> None:
    """Send an interim answer before each final one, once in one packet and once in two."""
    interim = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    while connection.recv(4096):
        connection.sendall(interim + ANSWER)
        if not connection.recv(4096):
            return
        connection.sendall(interim)
        connection.sendall(ANSWER)


def half_an_answer(connection: socket.socket) -> None:
    """Break off within the body."""
    connection.recv(4096)
    connection.sendall(ANSWER[:-1])


@pytest.mark.parametrize("name", ["native", "httpx"])
@pytest.mark.parametrize("talking", [hang_up_at_the_fourth], indirect=True)
def test_a_race_of_keep_alive_is_counted_apart_and_asked_again(name: str, talking: str) -> None:
    result = engine(name)(plan(talking, "/", duration_seconds=2.0), no_guard)
    assert result.errors == {}
    assert result.good > 10
    assert result.keep_alive_races == pytest.approx(result.good / 3, rel=0.3, abs=4)


@pytest.mark.parametrize("name", ["native", "httpx"])
@pytest.mark.parametrize("talking", [announce_the_end], indirect=True)
def test_an_announced_end_is_no_race(name: str, talking: str) -> None:
    result = engine(name)(plan(talking, "/", duration_seconds=2.0), no_guard)
    assert result.errors == {}
    assert result.keep_alive_races == 0
    assert result.good > 10


@pytest.mark.parametrize("name", ["native", "httpx"])
@pytest.mark.parametrize("talking", [interim_first], indirect=True)
def test_interim_answers_are_not_answers(name: str, talking: str) -> None:
    result = engine(name)(plan(talking, "/", duration_seconds=2.0), no_guard)
    assert result.errors == {}
    assert result.statuses.keys() == {200}


@pytest.mark.parametrize("name", ["native", "httpx"])
@pytest.mark.parametrize("talking", [half_an_answer], indirect=True)
def test_half_an_answer_is_an_error(name: str, talking: str) -> None:
    result = engine(name)(plan(talking, "/", duration_seconds=2.0), no_guard)
    assert result.good == 0
    assert result.errors.keys() == {"connection closed"}
