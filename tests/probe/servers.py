"""Small servers that misbehave in one known way each. Imports the standard library only."""

import contextlib
import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator

Handler = Callable[[socket.socket, int], None]
"""Serves one connection; gets the connection's number."""


def answer(body: bytes = b"x" * 100, status: str = "200 OK", *headers: str) -> bytes:
    """A whole response."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def requests(connection: socket.socket) -> Iterator[None]:
    """One turn for each request that comes."""
    data = b""
    while True:
        with contextlib.suppress(OSError):
            piece = connection.recv(65536)
            if piece:
                data += piece
                while b"\r\n\r\n" in data:
                    data = data.partition(b"\r\n\r\n")[2]
                    yield
                continue
        return


@contextlib.contextmanager
def serving(handler: Handler, backlog: int = 128, *, threads: bool = True) -> Iterator[str]:
    """Serve on a free port until the end; ``threads``: connections at the same time."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=backlog)
    open_now: list[socket.socket] = []
    ending = threading.Event()

    def one(connection: socket.socket, number: int) -> None:
        with connection, contextlib.suppress(OSError):
            handler(connection, number)

    def accept() -> None:
        for number in itertools.count():
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            if ending.is_set():
                connection.close()
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            open_now.append(connection)
            if threads:
                threading.Thread(target=one, args=(connection, number), daemon=True).start()
            else:
                one(connection, number)

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        ending.set()
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        for connection in open_now:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        listening.close()
        accepting.join(5)


def steady(connection: socket.socket, number: int) -> None:
    """Answer everything."""
    for _ in requests(connection):
        connection.sendall(answer())


def after(count: int, good: bytes, then: bytes) -> Handler:
    """The first ``count`` requests get one answer, all others another."""
    counter = itertools.count()

    def handler(connection: socket.socket, number: int) -> None:
        for _ in requests(connection):
            connection.sendall(good if next(counter) < count else then)

    return handler


def stalls_after(count: int) -> Handler:
    """Answer ``count`` requests, then never again."""
    counter = itertools.count()

    def handler(connection: socket.socket, number: int) -> None:
        for _ in requests(connection):
            if next(counter) < count:
                connection.sendall(answer())

    return handler


def closes_after(count: int) -> Handler:
    """Close the connection after some answers, without saying so."""

    def handler(connection: socket.socket, number: int) -> None:
        for served, _ in enumerate(requests(connection), 1):
            connection.sendall(answer())
            if served == count:
                return

    return handler


def warms_up(seconds: float) -> Handler:
    """Be slow at first, and faster and faster."""
    began: list[float] = []

    def handler(connection: socket.socket, number: int) -> None:
        for _ in requests(connection):
            began.append(time.monotonic())
            left = max(0.0, 1 - (began[-1] - began[0]) / seconds)
            time.sleep(0.002 + 0.04 * left)
            connection.sendall(answer())

    return handler


def many_chunks(count: int) -> Handler:
    """Answer with very many tiny chunks: cheap to send, dear to read."""
    blob = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * count
    blob += b"0\r\n\r\n"

    def handler(connection: socket.socket, number: int) -> None:
        for _ in requests(connection):
            connection.sendall(blob)

    return handler


def slow_to_accept(connection: socket.socket, number: int) -> None:
    """Take one connection after the other, and some time for each."""
    time.sleep(0.05)
    for _ in requests(connection):
        connection.sendall(answer(b"x", "200 OK", "Connection: close"))
        return
