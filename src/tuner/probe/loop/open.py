"""Open loop: requests are due at a fixed rate, whatever the server does.

Latency counts from the moment a request was due, whether or not a connection was
free for it: no coordinated omission.
"""

import ctypes
import os
import select
from collections import deque
from typing import Any

from tuner.probe.loop.connection import IDLE, Connection
from tuner.probe.loop.load import Load
from tuner.probe.loop.tally import clock

LEAST_TICK_NANOSECONDS = 500_000


class OpenLoop(Load):
    """Requests that are due wait for a free connection, first come, first served."""

    def __init__(self, spec: dict[str, Any]) -> None:
        super().__init__(spec)
        self.step = 1e9 / spec["rate"]
        self.idle: deque[Connection] = deque()
        self.due: deque[int] = deque()
        self.timer = -1

    def begin_due(self, now: int) -> int:
        """Put what is due into the queue, and send as much as connections allow."""
        began, step = self.tally.began, self.step
        if self.timer < 0:
            self.timer = periodic_timer(began, max(int(step), LEAST_TICK_NANOSECONDS))
            if self.timer >= 0:
                self.poll.register(self.timer, select.EPOLLIN)
        while self.total < self.limit and began + self.total * step <= now:
            self.due.append(int(began + self.total * step))
            self.total += 1
        self.send_due()
        return now + 1_000_000_000 if self.timer >= 0 else int(began + self.total * step)

    def serve(self, events: list[tuple[int, int]]) -> None:
        """Handle what the kernel reports; a timer goes on only when it was read."""
        if any(fd == self.timer for fd, _ in events):
            os.read(self.timer, 8)
        super().serve(events)

    def send_due(self) -> None:
        """Give requests that are due to connections that are free."""
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
                self.connect(self.due.popleft())
            else:
                return

    def waiting(self) -> list[int]:
        """Return when each request was due that has not been sent."""
        return list(self.due)

    def is_exhausted(self) -> bool:
        """Tell whether every allowed request has ended."""
        return self.total >= self.limit and self.in_flight == 0 and not self.due

    def ended(self, connection: Connection | None, now: int) -> None:
        """Use the connection for what is due."""
        if connection is not None:
            connection.state = IDLE
            connection.retried = False
            self.idle.append(connection)
        self.send_due()

    def failed(self, now: int) -> None:
        """Do nothing more: the next request comes when it is due."""


def periodic_timer(began: int, interval: int) -> int:
    """Return a timer descriptor that is ready at ``began`` and every interval after.

    epoll's own timeout has whole milliseconds, which would add half of one to every
    latency. Python 3.13 has os.timerfd_create; before, the C library is asked.
    Return -1 where there is no such timer.
    """
    library = ctypes.CDLL(None)
    if not hasattr(library, "timerfd_create"):
        return -1
    monotonic, absolute = 1, 1
    timer: int = library.timerfd_create(monotonic, os.O_NONBLOCK | os.O_CLOEXEC)
    if timer >= 0:
        first = began + interval
        times = (ctypes.c_long * 4)(
            interval // 10**9, interval % 10**9, first // 10**9, first % 10**9
        )
        library.timerfd_settime(timer, absolute, times, None)
    return timer
