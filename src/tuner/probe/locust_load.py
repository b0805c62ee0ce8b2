"""The locustfile: the same plan on every worker, counted as the native loop counts.

It runs inside locust, on hosts without tuner too: workers fetch it from the master.
PLAN is filled in when it is written out. Each worker reports what it counted since
its last report, in microseconds by windows of a tenth of a second; the master adds
the reports up and leaves one document for each worker.
"""

import json
import os
import time
from pathlib import Path
from random import choices
from typing import Any

import gevent
from locust import FastHttpUser, constant, events, task
from locust import runners as locust_runners
from locust.exception import StopUser

PLAN: dict[str, Any] = {}
WINDOW_SECONDS = 0.1

locust_runners.WORKER_REPORT_INTERVAL = 0.5


class Counts:
    """What one worker has counted since its last report."""

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Start the clock and count from nothing."""
        self.began = time.perf_counter()
        self.usage = [(self.began, sum(os.times()[:2]), 0.0)]
        self.sent = 0
        self.clear()

    def clear(self) -> None:
        """Start again after a report."""
        self.windows: dict[str, dict[str, int]] = {}
        self.errors: dict[str, dict[str, int]] = {}
        self.statuses: dict[str, int] = {}
        self.bytes = 0

    def document(self) -> dict[str, Any]:
        """Return everything since the last report as plain data."""
        now = time.perf_counter()
        usage = [*self.usage, (now, sum(os.times()[:2]), 0.0)]
        self.usage = []
        return {
            "elapsed_seconds": now - self.began,
            "windows": self.windows,
            "errors": self.errors,
            "statuses": self.statuses,
            "bytes": self.bytes,
            "usage": usage,
        }


COUNTS = Counts()
MASTER: Any = None
DOCUMENTS: dict[str, dict[str, Any]] = {}


class Client(FastHttpUser):
    """One client with one request in flight."""

    host = PLAN.get("url")
    wait_time = constant(0)
    network_timeout = connection_timeout = PLAN.get("timeout_seconds", 10.0)

    @task
    def send(self) -> None:
        """Send one request of the mix."""
        COUNTS.sent += 1
        if COUNTS.sent > PLAN["most_per_worker"]:
            raise StopUser
        (one,) = choices(PLAN["requests"], weights=PLAN["weights"])
        self.client.request(
            one["method"],
            one["path"],
            data=one["body"].encode("latin-1") or None,
            headers=one["headers"],
            allow_redirects=False,
        )


def quantize(value: int) -> int:
    """Round down to three significant digits, as HDR histograms do (2048 sub-buckets)."""
    shift = value.bit_length() - 11
    return (value >> shift) << shift if shift > 0 else value


def kind_of(exception: BaseException) -> str:
    """Name a failure as the other engines do."""
    text = f"{type(exception).__name__} {exception}".lower()
    kinds = {
        "refused": "connection refused",
        "timeout": "timeout",
        "timed out": "timeout",
        "reset": "connection reset",
        "closed": "connection closed",
        "badstatusline": "connection closed",
        "parseerror": "connection closed",
        "ssl": "tls error",
    }
    return next((kind for part, kind in kinds.items() if part in text), type(exception).__name__)


@events.init.add_listener
def remember(environment: Any, **_: Any) -> None:
    """Keep what can end the run early."""
    global MASTER
    MASTER = environment


@events.test_start.add_listener
def begin(**_: Any) -> None:
    """Start the clock of this worker."""
    COUNTS.start()


@events.request.add_listener
def count(
    response_time: float, response_length: int, exception: BaseException | None, **more: Any
) -> None:
    """Count one request that ended."""
    window = str(int((time.perf_counter() - COUNTS.began) / WINDOW_SECONDS))
    status = getattr(more.get("response"), "status_code", 0) or 0
    if status:
        COUNTS.statuses[str(status)] = COUNTS.statuses.get(str(status), 0) + 1
    COUNTS.bytes += response_length or 0
    if 0 < status < 400:
        counts, key = COUNTS.windows.setdefault(window, {}), str(quantize(int(response_time * 1e3)))
    else:
        kind = f"status {status}" if status else kind_of(exception or Exception("other error"))
        counts, key = COUNTS.errors.setdefault(window, {}), kind
    counts[key] = counts.get(key, 0) + 1


@events.report_to_master.add_listener
def report(data: dict[str, Any], **_: Any) -> None:
    """Send what was counted since the last report."""
    data["tuner"] = COUNTS.document()
    COUNTS.clear()


def add(total: dict[str, Any], more: dict[str, Any]) -> None:
    """Add counts to counts, at every depth."""
    for key, value in more.items():
        if isinstance(value, dict):
            add(total.setdefault(key, {}), value)
        elif isinstance(value, list):
            total.setdefault(key, []).extend(value)
        else:
            total[key] = total.get(key, 0) + value


@events.worker_report.add_listener
def collect(client_id: str, data: dict[str, Any], **_: Any) -> None:
    """Add a worker's report to what it sent before (on the master)."""
    if "tuner" in data:
        elapsed = data["tuner"].pop("elapsed_seconds")
        add(DOCUMENTS.setdefault(client_id, {}), data["tuner"])
        DOCUMENTS[client_id]["elapsed_seconds"] = elapsed
        if sum(map(ended, DOCUMENTS.values())) >= PLAN["max_requests"]:
            gevent.spawn(MASTER.runner.quit)


def ended(document: dict[str, Any]) -> int:
    """Return how many requests a worker has ended."""
    windows = (*document["windows"].values(), *document["errors"].values())
    return sum(sum(counts.values()) for counts in windows)


@events.quit.add_listener
def write(**_: Any) -> None:
    """Leave the documents where the engine looks for them (on the master)."""
    path = os.environ.get("TUNER_LOCUST_RESULT")
    if path:
        Path(path).write_text(json.dumps(list(DOCUMENTS.values())), "utf-8")
