"""The lines of an error log that speak of a limit, and what each of them means.

Texts and codes: server/mpm/*/*.c and mpm_unix.c of httpd 2.4, mod_wsgi.c of
mod_wsgi 4.9.4, wsgi_daemon.c and wsgi_remote.c of mod_wsgi 6.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime

EVENTS: dict[str, tuple[str, ...]] = {
    "workers_exhausted": ("AH00161:", "AH00286:", "AH00484:", "server reached MaxRequestWorkers"),
    "workers_nearly_exhausted": ("AH00287:", "AH10159:"),
    "scoreboard_full": ("AH00288:", "AH00485:", "AH03490:", "scoreboard is full"),
    "children_killed": ("AH00046:", "AH00047:"),
    "crashes": ("AH00051:", "AH00052:"),
    "fork_failures": ("AH00159:", "AH00283:", "AH00481:"),
    "files_exhausted": (r"\(24\)Too many open files",),
    "memory_exhausted": (r"\(12\)Cannot allocate memory", "MemoryError", "Out of memory"),
    "daemon_unreachable": (
        "after multiple attempts as listener backlog limit",
        "WSGI0116:",
    ),
    "daemon_forbidden": (
        r"Unable to connect to WSGI daemon process '[^']*' on .* as user",
        "WSGI0117:",
    ),
    "queue_timeouts": ("Queue timeout expired for WSGI daemon",),
    "daemon_timeouts": ("Timeout when reading response headers from daemon process",),
    "daemon_deaths": (
        "Truncated or oversized response headers received from daemon process",
        "closed connection before sending complete response headers",
        "Error reading response headers from daemon process",
    ),
    "request_timeouts": ("Daemon process request time limit exceeded",),
    "deadlocks": ("Daemon process deadlock timer expired",),
    "thread_failures": ("Couldn't create worker thread", "Unable to create worker thread"),
    "killed_by_kernel": ("terminated by signal 9",),
}
"""Name of a fact to the patterns of its lines."""

_LINE = re.compile(
    "|".join(f"(?P<{name}>{'|'.join(texts)})" for name, texts in EVENTS.items()).encode()
)
_TIME = re.compile(rb"\[\w{3} (\w{3}) (\d\d) (\d\d):(\d\d):(\d\d)(?:\.\d+)? (\d{4})\]")
_MONTHS = {
    name: number
    for number, name in enumerate(
        (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun",
         b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"), 1
    )
}  # fmt: skip


@dataclass(slots=True)
class Count:
    """How often something was seen, and when for the last time."""

    times: int = 0
    last: datetime | None = None


@dataclass(slots=True)
class Tally:
    """Counts over any number of texts."""

    counts: dict[str, Count] = field(default_factory=lambda: {name: Count() for name in EVENTS})
    first: datetime | None = None
    last: datetime | None = None

    def add(self, text: bytes) -> None:
        """Count the events in a piece of log that consists of whole lines."""
        for when in (_first_time(text), _last_time(text)):
            if when is not None:
                self.first = min(when, self.first or when)
                self.last = max(when, self.last or when)
        seen = -1
        for match in _LINE.finditer(text):
            start = text.rfind(b"\n", 0, match.start()) + 1
            if start == seen:
                continue
            seen = start
            count = self.counts[match.lastgroup or ""]
            count.times += 1
            when = _time_at(_TIME.match(text, start))
            if when is not None:
                count.last = max(when, count.last or when)


def _first_time(text: bytes) -> datetime | None:
    return _time_at(_TIME.search(text, 0, 4096))


def _last_time(text: bytes) -> datetime | None:
    found = list(_TIME.finditer(text, max(0, len(text) - 65536)))
    return _time_at(found[-1]) if found else None


def _time_at(match: re.Match[bytes] | None) -> datetime | None:
    if match is None or match[1] not in _MONTHS:
        return None
    day, hour, minute, second, year = (int(match[group]) for group in range(2, 7))
    try:
        return datetime(year, _MONTHS[match[1]], day, hour, minute, second)
    except ValueError:
        return None
