"""The load loop: one process, one thread, standard library only.

The loop is epoll on raw descriptors. Every connection has at most one request
in flight. Closed loop: the next request leaves when the last answer is complete.
Open loop: requests are due at a fixed rate, and their latency counts from that
moment, whether or not a connection was free (no coordinated omission).

It prints JSON lines: ``{"t": "tick"}`` twice a second and one ``{"t": "done"}`` at
the end, also after SIGTERM.
"""

import gc
import os
import select
import signal
import socket
import ssl
from collections import deque
from itertools import accumulate
from random import Random
from typing import Any

from tuner.probe.loop.connection import (
    CONNECTING,
    HANDSHAKE,
    IDLE,
    READ_BYTES,
    WAITING,
    Connection,
    connect_error,
    read_tls,
    tls_context,
)
from tuner.probe.loop.http1 import (
    CHUNKED,
    CLOSE_DELIMITED,
    Response,
    chunks_end,
    parse_head,
)
from tuner.probe.loop.tally import WINDOW_SECONDS, Tally, clock, say

TICK_SECONDS = 0.5
EXPIRY_SECONDS = 0.25
RETRY_SECONDS = 0.01
KNOWN_RESPONSES = 64
KNOWN_BYTES = 4096
MAX_HEAD_BYTES = 65536


class Loop:
    """The whole load: connections, schedule, tallies."""

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
        self.expect = [tuple(one) if one else None for one in spec["expect"]]
        self.rate = spec["rate"]
        self.limit = spec["max_requests"]
        self.poll = select.epoll()
        self.connections: dict[int, Connection] = {}
        self.idle: deque[Connection] = deque()
        self.due: deque[int] = deque()
        self.later: deque[int] = deque()
        self.unused: deque[int] = deque(range(spec["connections"]))
        self.known: dict[bytes, Response] = {}
        self.stopping = False
        self.tally = Tally(spec["connections"])
        self.total = self.in_flight = 0

    # --- sending ------------------------------------------------------------

    def choose(self) -> int:
        """Return the number of the next request in the mix."""
        if len(self.messages) == 1:
            return 0
        point = self.random.random() * self.weights[-1]
        return next(n for n, weight in enumerate(self.weights) if point < weight)

    def connect(self, request: int, due: int) -> None:
        """Open a connection for a request; its latency includes connecting."""
        connection = Connection(self.unused.popleft())
        connection.request = request
        connection.due = due
        connection.begun = clock()
        self.open_socket(connection)

    def open_socket(self, connection: Connection) -> None:
        """Begin to connect, without waiting; on loopback that often is enough."""
        connection.state = CONNECTING
        connection.opened = clock()
        connection.served = 0
        connection.reset()
        try:
            sock = socket.socket(self.family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        except OSError as error:
            self.fail(connection, "no descriptors" if error.errno in (23, 24) else "socket error")
            return
        self.tally.opened += 1
        connection.sock = sock
        connection.fd = fd = sock.fileno()
        self.connections[fd] = connection
        code = sock.connect_ex(self.address)
        if code not in (0, 115):
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
            connection.sock = self.tls.wrap_socket(
                connection.sock,
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

    def serve(self, events: list[tuple[int, int]]) -> None:
        """Handle what the kernel reports. This is the hot path.

        Small responses repeat byte for byte within a second (only Date differs
        from one second to the next), so a whole response that is known already
        needs one look-up. Everything else takes the general way.
        """
        read, write, known, connections = os.read, os.write, self.known, self.connections
        add_latency, add_finished = self.tally.latency.append, self.tally.finished.append
        plain = self.tls is None
        simple = plain and self.keep_alive and not self.rate and len(self.messages) == 1
        message = self.messages[0]
        for fd, _ in events:
            connection = connections.get(fd)
            if connection is None:
                continue
            state = connection.state
            if state == CONNECTING:
                self.connected(connection)
                continue
            if state == HANDSHAKE:
                self.handshake(connection)
                continue
            try:
                data = read(fd, READ_BYTES) if plain else read_tls(connection.sock)
            except (BlockingIOError, ssl.SSLWantReadError):
                continue
            except OSError:
                data = b""
            if not simple or connection.buffer or state != WAITING:
                self.received(connection, data)
                continue
            response = known.get(data)
            if response is None or self.total >= self.limit or self.stopping:
                self.received(connection, data)
                continue
            now = clock()
            response.count += 1
            add_latency(now - connection.due)
            add_finished(now)
            connection.served += 1
            self.total += 1
            connection.due = connection.begun = now
            try:
                write(fd, message)
            except OSError:
                self.in_flight += 1
                self.lost(connection)

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
        response = connection.info
        if response is None:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                connection.buffer = data
                if len(data) > MAX_HEAD_BYTES:
                    self.fail(connection, "bad response")
                return
            response = parse_head(data[:end], self.heads[connection.request])
            if response.status == 100:
                connection.buffer = data[end + 4 :]
                return
            if not response.status:
                self.fail(connection, "bad response")
                return
            connection.info = response
            connection.position = end + 4
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
        if whole and self.is_simple(response, len(data)):
            if len(self.known) >= KNOWN_RESPONSES:
                self.forget_known()
            response.size = len(data)
            self.known[data] = response
        self.complete(connection, response, position)

    def is_simple(self, response: Response, size: int) -> bool:
        """Tell whether a response may be recognised by its bytes alone."""
        return (
            not response.closes
            and response.status < 400
            and size <= KNOWN_BYTES
            and not self.differs(0, response)
        )

    def differs(self, request: int, response: Response) -> bool:
        """Tell whether a good response is not what the canary saw."""
        expected = self.expect[request]
        if expected is None:
            return False
        status, length = expected
        return response.status != status or (
            length is not None and response.length >= 0 and response.length != length
        )

    def forget_known(self) -> None:
        """Move the counts of known responses into the tallies."""
        for response in self.known.values():
            self.tally.received(response.status, response.size, response.count)
        self.known.clear()

    def complete(self, connection: Connection, response: Response, size: int) -> None:
        """Record a response, then send the next request or wait for one."""
        now = clock()
        self.in_flight -= 1
        self.tally.received(response.status, size)
        if response.status < 400:
            self.tally.good(now, connection.due)
            self.tally.mismatches += self.differs(connection.request, response)
        else:
            self.tally.error(response.error_kind, now)
        connection.served += 1
        connection.retried = False
        connection.reset()
        if response.closes or not self.keep_alive:
            self.drop(connection)
            if not self.rate:
                self.next_request(None, now)
        elif self.rate:
            connection.state = IDLE
            self.idle.append(connection)
            self.serve_due()
        else:
            self.next_request(connection, now)

    # --- what comes next ---------------------------------------------------------

    def next_request(self, connection: Connection | None, now: int) -> None:
        """Send again on this connection, or on a new one (closed loop)."""
        if self.stopping or self.total >= self.limit:
            if connection is not None:
                self.drop(connection)
            return
        self.total += 1
        self.in_flight += 1
        if connection is None:
            self.connect(self.choose(), now)
            return
        connection.request = self.choose()
        connection.due = connection.begun = now
        self.send(connection)

    def release(self, now: int) -> int:
        """Put what is due into the queue; return when the next is due (open loop)."""
        step = 1e9 / self.rate
        while self.total < self.limit and self.tally.began + self.total * step <= now:
            self.due.append(int(self.tally.began + self.total * step))
            self.total += 1
        if self.due:
            self.serve_due()
        return int(self.tally.began + self.total * step)

    def serve_due(self) -> None:
        """Give requests that are due to connections that are free (open loop)."""
        while self.due:
            if self.idle:
                connection = self.idle.pop()
                if connection.state != IDLE or connection.sock is None:
                    continue
                connection.due = self.due.popleft()
                connection.begun = clock()
                connection.request = self.choose()
                self.in_flight += 1
                self.send(connection)
            elif self.unused:
                self.in_flight += 1
                self.connect(self.choose(), self.due.popleft())
            else:
                return

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
            self.close(connection)
            connection.retried = True
            self.open_socket(connection)
            return
        if connection.state == IDLE:
            self.drop(connection)
        else:
            self.fail(connection, "connection closed")

    def fail(self, connection: Connection, kind: str) -> None:
        """Count a failed request, and go on with another a little later."""
        now = clock()
        self.tally.error(kind, now)
        self.in_flight -= 1
        self.drop(connection)
        if not self.rate:
            self.later.append(now + int(RETRY_SECONDS * 1e9))

    def drop(self, connection: Connection) -> None:
        """Close a connection, so that another can take its number."""
        self.tally.per_connection[connection.number] += connection.served
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

    # --- the loop -------------------------------------------------------------------

    def run(self) -> dict[str, Any]:
        """Run the load and return the result as plain data."""
        spec = self.spec
        signal.signal(signal.SIGTERM, self.stop)
        gc.disable()
        now = self.tally.began = clock()
        ends = now + int((spec["warmup_seconds"] + spec["duration_seconds"]) * 1e9)
        timers = {"usage": now, "expiry": now, "tick": now}
        ramp = 0 if self.rate else spec["connections"]
        while now < ends and not self.stopping and not self.is_exhausted():
            if now >= timers["usage"]:
                self.tally.sample_usage()
                timers["usage"] += int(WINDOW_SECONDS * 1e9)
            if now >= timers["expiry"]:
                self.expire(now)
                timers["expiry"] = now + int(EXPIRY_SECONDS * 1e9)
            if now >= timers["tick"]:
                say(self.tally.tick(now))
                timers["tick"] = now + int(TICK_SECONDS * 1e9)
            wake = min(ends, timers["usage"])
            if self.rate:
                wake = min(wake, self.release(now))
            if ramp:
                ramp = self.ramp_up(now, ramp)
                wake = min(wake, now + int(1e9 / spec["connects_per_second"]))
            if self.later:
                wake = min(wake, self.start_later(now))
            events = self.poll.poll(max(0.0, (wake - clock()) / 1e9), 1024)
            woke = clock()
            if events:
                self.serve(events)
                now = clock()
                self.tally.lags.append(now - woke)
            else:
                now = woke
        return self.result(clock())

    def ramp_up(self, now: int, left: int) -> int:
        """Start clients at a bounded rate; return how many are still to come (closed loop)."""
        spec = self.spec
        allowed = int((now - self.tally.began) / 1e9 * spec["connects_per_second"]) + 1
        while left and spec["connections"] - left < allowed:
            self.next_request(None, clock())
            left -= 1
        return left

    def start_later(self, now: int) -> int:
        """Start clients again whose request failed; return when the next is due."""
        while self.later and self.later[0] <= now:
            self.later.popleft()
            self.next_request(None, clock())
        return self.later[0] if self.later else now + int(1e9)

    def stop(self, number: int, frame: object) -> None:
        """End soon, with a result."""
        self.stopping = True

    def is_exhausted(self) -> bool:
        """Tell whether every allowed request has ended."""
        return self.total >= self.limit and self.in_flight == 0 and not self.due

    def result(self, now: int) -> dict[str, Any]:
        """Close everything and return what was counted."""
        self.tally.sample_usage()
        self.forget_known()
        busy = [one for one in self.connections.values() if one.state != IDLE]
        censored = [(now - one.due) // 1000 for one in busy]
        censored += [(now - due) // 1000 for due in self.due]
        for connection in list(self.connections.values()):
            self.drop(connection)
        return self.tally.result(now, censored, len(self.due))
