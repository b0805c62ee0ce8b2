"""Connections, requests and responses on raw descriptors. What is sent when is for subclasses."""

import _socket
import os
import select
import socket
import ssl
from bisect import bisect
from collections import deque
from itertools import accumulate
from random import Random
from typing import Any

from tuner.probe.loop.connection import (
    CONNECTING,
    HANDSHAKE,
    IDLE,
    WAITING,
    Connection,
    connect_error,
    tls_context,
)
from tuner.probe.loop.http1 import CHUNKED, CLOSE_DELIMITED, Response, chunks_end, parse_head
from tuner.probe.loop.known import KnownResponses
from tuner.probe.loop.tally import Tally, clock

MAX_HEAD_BYTES = 65536
EINPROGRESS = 115
SOCKET_KIND = socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC


class Wire:
    """Every connection has at most one request in flight. Times are in nanoseconds."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self.spec = spec
        self.address = (spec["ip"], spec["port"])
        self.family = socket.AF_INET6 if ":" in spec["ip"] else socket.AF_INET
        self.tls = tls_context() if spec["tls"] else None
        self.keep_alive = spec["keep_alive"]
        self.messages = [message.encode("latin-1") for message in spec["messages"]]
        self.heads = [message.startswith(b"HEAD ") for message in self.messages]
        self.weights = list(accumulate(spec["weights"]))
        self.random = Random(spec["seed"])
        self.poll = select.epoll()
        self.connections: dict[int, Connection] = {}
        self.unused: deque[int] = deque(range(spec["connections"]))
        self.tally = Tally(spec["connections"])
        self.known = KnownResponses(spec, self.tally)
        self.total = self.in_flight = 0

    def ended(self, connection: Connection | None, now: int) -> None:
        """Go on after a response; None when its connection is closed."""
        raise NotImplementedError

    def failed(self, now: int) -> None:
        """Go on after a failure; its connection is closed."""
        raise NotImplementedError

    # --- sending ------------------------------------------------------------

    def choose(self) -> int:
        """Return the number of the next request in the mix."""
        if len(self.messages) == 1:
            return 0
        return bisect(self.weights, self.random.random() * self.weights[-1])

    def connect(self, due: int) -> None:
        """Open a connection for a request; its latency includes connecting."""
        connection = Connection(self.unused.popleft())
        connection.due = due
        connection.begun = clock()
        connection.request = self.choose()
        self.open_socket(connection)

    def open_socket(self, connection: Connection) -> None:
        """Begin to connect, without waiting; on loopback that often is enough."""
        connection.state = CONNECTING
        connection.opened = clock()
        connection.buffer = b""
        connection.info = None
        try:
            # The C type: socket.socket adds Python code to every call.
            sock = _socket.socket(self.family, SOCKET_KIND)
        except OSError as error:
            self.fail(connection, "no descriptors" if error.errno in (23, 24) else "socket error")
            return
        self.tally.opened += 1
        connection.sock = sock
        connection.fd = fd = sock.fileno()
        self.connections[fd] = connection
        code = sock.connect_ex(self.address)
        if code and code != EINPROGRESS:
            self.fail(connection, connect_error(code))
            return
        if self.keep_alive:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.tls is None:
            try:
                os.write(fd, self.messages[connection.request])
            except BlockingIOError:
                pass
            except OSError as error:
                # Between connect and write; SO_ERROR is empty after it was told once.
                self.fail(connection, connect_error(error.errno or 0))
                return
            else:
                connection.state = WAITING
                self.tally.connect_latency.append(clock() - connection.opened)
                self.poll.register(fd, select.EPOLLIN)
                return
        self.poll.register(fd, select.EPOLLOUT)

    def connected(self, connection: Connection) -> None:
        """Send the first request, after the TLS handshake where there is one."""
        code = connection.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            self.fail(connection, connect_error(code))
        elif self.tls is None:
            self.first_send(connection)
        else:
            plain = socket.socket(fileno=connection.sock.detach())
            connection.sock = self.tls.wrap_socket(
                plain,
                do_handshake_on_connect=False,
                server_hostname=self.spec["server_name"] or None,
            )
            connection.state = HANDSHAKE
            self.handshake(connection)

    def handshake(self, connection: Connection) -> None:
        """Go on with a TLS handshake."""
        try:
            connection.sock.do_handshake()
        except ssl.SSLWantReadError:
            self.poll.modify(connection.fd, select.EPOLLIN)
        except ssl.SSLWantWriteError:
            self.poll.modify(connection.fd, select.EPOLLOUT)
        except (ssl.SSLError, OSError):
            self.fail(connection, "tls error")
        else:
            self.first_send(connection)

    def first_send(self, connection: Connection) -> None:
        """Count the connect time, and send what waits for this connection."""
        self.tally.connect_latency.append(clock() - connection.opened)
        self.poll.modify(connection.fd, select.EPOLLIN)
        self.send(connection)

    def send(self, connection: Connection) -> None:
        """Send the request; a full send buffer of so few bytes is an error."""
        connection.state = WAITING
        try:
            if self.tls is None:
                os.write(connection.fd, self.messages[connection.request])
            else:
                connection.sock.send(self.messages[connection.request])
        except (BlockingIOError, ssl.SSLWantWriteError):
            self.fail(connection, "send blocked")
        except OSError:
            self.lost(connection)

    # --- receiving ------------------------------------------------------------

    def received(self, connection: Connection, data: bytes) -> None:
        """Take bytes of a response; finish it when it is complete."""
        if connection.state != WAITING:
            self.drop(connection)
            return
        if not data:
            response = connection.info
            if response is not None and response.length == CLOSE_DELIMITED:
                self.complete(connection, response, len(connection.buffer))
            else:
                self.lost(connection)
            return
        whole = not connection.buffer
        if not whole:
            data = connection.buffer + data
        response = connection.info or self.read_head(connection, data)
        if response is None:
            return
        position = connection.position
        if response.length == CHUNKED:
            position, connection.position = chunks_end(data, position)
        elif response.length >= 0:
            position = position + response.length
        else:
            position = -1
        if not 0 <= position <= len(data):
            connection.buffer = data
            return
        if whole:
            self.known.learn(data, connection.request, response)
        self.complete(connection, response, position)

    def read_head(self, connection: Connection, data: bytes) -> Response | None:
        """Return what the head says; None when it is not complete or no head at all."""
        end = data.find(b"\r\n\r\n")
        if end < 0:
            connection.buffer = data
            if len(data) > MAX_HEAD_BYTES:
                self.fail(connection, "bad response")
            return None
        response = parse_head(data[:end], self.heads[connection.request])
        if 100 <= response.status < 200:  # interim: the answer follows (RFC 9110, 15.2)
            connection.buffer = b""
            if following := data[end + 4 :]:
                self.received(connection, following)
            return None
        if not response.status:
            self.fail(connection, "bad response")
            return None
        connection.info = response
        connection.position = end + 4
        return response

    def complete(self, connection: Connection, response: Response, size: int) -> None:
        """Record a response, then go on."""
        now = clock()
        self.in_flight -= 1
        self.tally.received(response.status, size)
        if response.status < 400:
            self.tally.good(now, connection.due)
            self.tally.mismatches += self.known.differs(connection.request, response)
        else:
            self.tally.error(response.error_kind, now)
        connection.served += 1
        connection.reset()
        if response.closes or not self.keep_alive:
            self.drop(connection)
            self.ended(None, now)
        else:
            self.ended(connection, now)

    # --- failures ------------------------------------------------------------------

    def lost(self, connection: Connection) -> None:
        """Handle a connection that the server closed.

        Before the first byte on a connection that was used before, this is the
        race of keep-alive (RFC 9112, 9.3.1): ask once more on a new connection,
        the clock still running.
        """
        untouched = not connection.buffer and connection.info is None
        used = connection.served and not connection.retried
        if connection.state == WAITING and untouched and used:
            self.tally.races += 1
            self.tally.per_connection[connection.number] += connection.served
            connection.served = 0
            self.close(connection)
            connection.retried = True
            self.open_socket(connection)
        elif connection.state == IDLE:
            self.drop(connection)
        else:
            self.fail(connection, "connection closed")

    def fail(self, connection: Connection, kind: str) -> None:
        """Count a failed request, and go on."""
        now = clock()
        self.tally.error(kind, now)
        self.in_flight -= 1
        self.drop(connection)
        self.failed(now)

    def drop(self, connection: Connection) -> None:
        """Close a connection, so that another can take its number."""
        self.tally.per_connection[connection.number] += connection.served
        connection.served = 0
        self.close(connection)
        self.unused.append(connection.number)

    def close(self, connection: Connection) -> None:
        """Close a connection's socket."""
        if connection.sock is not None:
            self.connections.pop(connection.fd, None)
            connection.sock.close()
            connection.sock = None
        connection.state = IDLE

    def expire(self, now: int) -> None:
        """Fail requests that wait longer than the timeout."""
        limit = now - int(self.spec["timeout_seconds"] * 1e9)
        for connection in list(self.connections.values()):
            if connection.state != IDLE and connection.begun < limit:
                early = connection.state in (CONNECTING, HANDSHAKE)
                self.fail(connection, "connect timeout" if early else "timeout")
