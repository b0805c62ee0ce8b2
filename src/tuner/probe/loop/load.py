"""The load loop: one process, one thread, epoll, standard library only.

It prints JSON lines: ``{"t": "tick"}`` twice a second and one ``{"t": "done"}`` at
the end, also after SIGTERM.
"""

import gc
import os
import signal
import ssl
from typing import Any

from tuner.probe.loop.connection import (
    CONNECTING,
    HANDSHAKE,
    IDLE,
    READ_BYTES,
    Connection,
    read_tls,
)
from tuner.probe.loop.tally import WINDOW_SECONDS, clock, say
from tuner.probe.loop.wire import Wire

TICK_SECONDS = 0.5
EXPIRY_SECONDS = 0.25
MOST_EVENTS = 1024


class Load(Wire):
    """The loop around the wire: its bounds in time and requests, its clockwork, its result."""

    def __init__(self, spec: dict[str, Any]) -> None:
        super().__init__(spec)
        self.limit = spec["max_requests"]
        self.stopping = False

    def begin_due(self, now: int) -> int:
        """Begin what is due now; return when something is due next."""
        raise NotImplementedError

    def waiting(self) -> list[int]:
        """Return when each request was due that has not been sent."""
        return []

    def run(self) -> dict[str, Any]:
        """Run the load and return the result as plain data."""
        spec = self.spec
        signal.signal(signal.SIGTERM, self.stop)
        gc.disable()
        now = self.tally.began = clock()
        ends = now + int((spec["warmup_seconds"] + spec["duration_seconds"]) * 1e9)
        usage = expiry = tick = now
        while now < ends and not self.stopping and not self.is_exhausted():
            if now >= usage:
                self.tally.sample_usage()
                usage += int(WINDOW_SECONDS * 1e9)
            if now >= expiry:
                self.expire(now)
                expiry = now + int(EXPIRY_SECONDS * 1e9)
            if now >= tick:
                say(self.tally.tick(now))
                tick = now + int(TICK_SECONDS * 1e9)
            wake = min(ends, usage, self.begin_due(now))
            events = self.poll.poll(max(0.0, (wake - clock()) / 1e9), MOST_EVENTS)
            now = clock()
            if events:
                woke = now
                self.serve(events)
                now = clock()
                self.tally.lags.append(now - woke)
        return self.result(clock())

    def serve(self, events: list[tuple[int, int]]) -> None:
        """Handle what the kernel reports, in its order."""
        connections = self.connections
        for fd, _ in events:
            connection = connections.get(fd)
            if connection is not None:
                self.serve_one(connection)

    def serve_one(self, connection: Connection) -> None:
        """Handle one connection that is ready."""
        if connection.state == CONNECTING:
            self.connected(connection)
        elif connection.state == HANDSHAKE:
            self.handshake(connection)
        else:
            try:
                if self.tls is None:
                    data = os.read(connection.fd, READ_BYTES)
                else:
                    data = read_tls(connection.sock)
            except (BlockingIOError, ssl.SSLWantReadError):
                return
            except OSError:
                data = b""
            self.received(connection, data)

    def stop(self, number: int, frame: object) -> None:
        """End soon, with a result."""
        self.stopping = True

    def is_exhausted(self) -> bool:
        """Tell whether every allowed request has ended."""
        return self.total >= self.limit and self.in_flight == 0 and not self.waiting()

    def result(self, now: int) -> dict[str, Any]:
        """Close everything and return what was counted."""
        self.tally.sample_usage()
        self.known.forget()
        unsent = self.waiting()
        due = [one.due for one in self.connections.values() if one.state != IDLE] + unsent
        for connection in list(self.connections.values()):
            self.drop(connection)
        return self.tally.result(now, [(now - one) // 1000 for one in due], len(unsent))
