"""Closed loop: a fixed number of clients, each sends again when its answer is complete."""

import os
from collections import deque
from typing import Any

from tuner.probe.loop.connection import READ_BYTES, WAITING, Connection
from tuner.probe.loop.load import Load
from tuner.probe.loop.tally import clock

RETRY_NANOSECONDS = 10_000_000
"""A client whose request failed waits so long, or a dead server is asked all the time."""


class ClosedLoop(Load):
    """Clients start at a bounded rate, so that they do not fill the listen queue at once."""

    def __init__(self, spec: dict[str, Any]) -> None:
        super().__init__(spec)
        self.started = 0
        self.later: deque[int] = deque()

    def begin_due(self, now: int) -> int:
        """Start clients, new ones and those whose request failed."""
        spec = self.spec
        wake = now + 1_000_000_000
        if self.started < spec["connections"]:
            allowed = (now - self.tally.began) / 1e9 * spec["connects_per_second"] + 1
            while self.started < min(spec["connections"], int(allowed)):
                self.started += 1
                self.ended(None, clock())
            wake = now + int(1e9 / spec["connects_per_second"])
        while self.later and self.later[0] <= now:
            self.later.popleft()
            self.ended(None, clock())
        return min(wake, self.later[0]) if self.later else wake

    def ended(self, connection: Connection | None, now: int) -> None:
        """Send again on this connection, or on a new one."""
        if self.stopping or self.total >= self.limit:
            if connection is not None:
                self.drop(connection)
            return
        self.total += 1
        self.in_flight += 1
        if connection is None:
            self.connect(now)
            return
        connection.request = self.choose()
        connection.due = connection.begun = now
        self.send(connection)

    def failed(self, now: int) -> None:
        """Let the client try again a little later."""
        self.later.append(now + RETRY_NANOSECONDS)

    def serve(self, events: list[tuple[int, int]]) -> None:
        """Handle what the kernel reports. This is the hot path: a known response, and again.

        Everything else takes the general way.
        """
        if not self.known.is_usable:
            super().serve(events)
            return
        read, write, known, connections = os.read, os.write, self.known.by_bytes, self.connections
        add_latency, add_finished = self.tally.latency.append, self.tally.finished.append
        messages, keep_alive = self.messages, self.keep_alive
        per_connection = self.tally.per_connection
        for fd, _ in events:
            connection = connections.get(fd)
            if connection is None:
                continue
            if connection.state != WAITING or connection.buffer:
                self.serve_one(connection)
                continue
            try:
                data = read(fd, READ_BYTES)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            response = known.get(data)
            if response is None or self.total >= self.limit or self.stopping:
                self.received(connection, data)
                continue
            now = clock()
            response.count += 1
            add_latency(now - connection.due)
            add_finished(now)
            connection.served += 1
            connection.retried = False
            self.total += 1
            connection.due = connection.begun = now
            connection.request = request = self.choose() if len(messages) > 1 else 0
            if not keep_alive or response.closes:
                per_connection[connection.number] += connection.served
                connection.served = 0
                del connections[fd]
                connection.sock.close()
                self.open_socket(connection)
                continue
            try:
                write(fd, messages[request])
            except OSError:
                self.lost(connection)
