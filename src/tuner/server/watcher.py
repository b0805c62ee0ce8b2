"""What mod_wsgi counts of each request: read inside its processes, told in the private log.

A script that every process imports (WSGIImportScript) asks ``mod_wsgi.request_metrics()``
twice a second and prints sums to stderr, which mod_wsgi writes to the error log. A
shadow's own log is the one way out of a process that runs as another user.
Both versions, 4.9 and 6, give the same means; only 6 counts the wait for the interpreter
lock. Counting costs time, so it is not done where settings are compared.
"""

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from tuner.apache.syntax.words import quote_word

MARK = "tuner-counts"
INTERVAL_SECONDS = 0.5
_FILE = "watcher.py"

_SCRIPT = f'''
import json, sys, threading, time
import mod_wsgi

NAMES = ("queue_time", "application_time", "gil_wait_time")

def watch():
    if hasattr(mod_wsgi, "start_recording_metrics"):
        mod_wsgi.start_recording_metrics()
    while True:
        found = mod_wsgi.request_metrics() or {{}}
        count = found.get("request_count")
        if count:
            known = [name for name in NAMES if found.get(name) is not None]
            sums = {{name: found[name] * count for name in known}}
            line = json.dumps({{"requests": count, **sums}})
            print("{MARK} " + line, file=sys.stderr, flush=True)
        time.sleep({INTERVAL_SECONDS})

threading.Thread(target=watch, daemon=True).start()
'''
_LINE = re.compile(rf"{MARK} (\{{[^}}]*\}})")


class RequestTimes(BaseModel):
    """Where the time of a request goes, as means over the requests of a probe."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    requests: int
    queue_seconds: float
    """From the front to a thread of the daemon process; nothing in embedded mode."""
    application_seconds: float
    lock_seconds: float | None
    """Of these, waiting for the interpreter lock; None where mod_wsgi does not count it."""


def write_watcher(directory: Path) -> None:
    """Write the script into the directory of a shadow, for every user to read."""
    script = directory / _FILE
    script.write_text(_SCRIPT, "utf-8")
    script.chmod(0o644)


def watch_line(directory: Path, group: str | None) -> str:
    """Return the line that imports the script in a group's processes; None is the front.

    It must stand in the virtual host that defines the group, behind its definition.
    """
    name = "%{GLOBAL}" if group is None else group
    return (
        f"WSGIImportScript {quote_word(str(directory / _FILE))} process-group={quote_word(name)} "
        "application-group=%{GLOBAL}"
    )


def times_in(log: str) -> RequestTimes | None:
    """Sum up what the processes have told in a part of the log; None when it is nothing."""
    return _means([json.loads(found[1]) for found in _LINE.finditer(log)])


def _means(told: Sequence[dict[str, float]]) -> RequestTimes | None:
    requests = int(_sum(told, "requests"))
    if not requests:
        return None
    counts_lock = all("gil_wait_time" in one for one in told)
    return RequestTimes(
        requests=requests,
        queue_seconds=_sum(told, "queue_time") / requests,
        application_seconds=_sum(told, "application_time") / requests,
        lock_seconds=_sum(told, "gil_wait_time") / requests if counts_lock else None,
    )


def _sum(told: Iterable[dict[str, float]], name: str) -> float:
    return sum(one.get(name, 0.0) for one in told)
