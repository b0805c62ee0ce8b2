"""The page of mod_status: how many requests each process has served (mod_status.c)."""

import re
from dataclasses import dataclass

_ROW = re.compile(
    r"<tr><td><b>\d+-\d+</b></td><td>(\d+)</td><td>\d+/(\d+)/\d+\s*</td><td>\s*(?:<b>)?(\S)"
)
_IDLE = frozenset("_.SI")
"""Ready, open, starting, idle cleanup."""


@dataclass(frozen=True, slots=True)
class Scoreboard:
    """Requests by process; only processes that have served any are listed."""

    requests: dict[int, int]
    """Requests since the process started, by pid."""
    busy: dict[int, int]
    """Workers at work now, by pid."""


def parse_status(html: str) -> Scoreboard | None:
    """Read the page; None when it is not a status page or ExtendedStatus is off."""
    if "<h1>Apache Server Status for" not in html or "<th>Acc</th>" not in html:
        return None
    requests: dict[int, int] = {}
    busy: dict[int, int] = {}
    for pid, accesses, mode in _ROW.findall(html):
        requests[int(pid)] = requests.get(int(pid), 0) + int(accesses)
        if mode not in _IDLE:
            busy[int(pid)] = busy.get(int(pid), 0) + 1
    return Scoreboard(requests, busy)
