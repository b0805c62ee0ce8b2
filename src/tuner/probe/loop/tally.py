"""What a load loop counts, by windows, so that a warm-up can be cut off later."""

import json
import resource
import sys
import time
from array import array
from typing import Any

WINDOW_SECONDS = 0.1

clock = time.perf_counter_ns


def quantize(value: int) -> int:
    """Round down to three significant digits, as HDR histograms do (2048 sub-buckets)."""
    shift = value.bit_length() - 11
    return (value >> shift) << shift if shift > 0 else value


def histogram(values: "array[int]") -> dict[int, int]:
    """Return microseconds to count, quantized, from nanoseconds."""
    counts: dict[int, int] = {}
    for value in values:
        value = quantize(value // 1000)
        counts[value] = counts.get(value, 0) + 1
    return counts


def usage() -> tuple[float, float, float]:
    """Return (seconds, CPU seconds, seconds runnable but without a core) so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    waiting = 0.0
    try:
        with open("/proc/self/schedstat") as file:  # noqa: PTH123 - pathlib costs 10 ms at start
            waiting = int(file.read().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        pass
    return time.perf_counter(), used.ru_utime + used.ru_stime, waiting


class Tally:
    """Everything that one loop has counted. Times are in nanoseconds."""

    def __init__(self, connections: int) -> None:
        self.began = 0
        self.finished = array("q")
        self.latency = array("q")
        self.connect_latency = array("q")
        self.lags = array("q")
        self.errors: dict[int, dict[str, int]] = {}
        self.statuses: dict[int, int] = {}
        self.bad = self.opened = self.races = self.mismatches = self.bytes = 0
        self.usages: list[tuple[float, float, float]] = []
        self.per_connection = [0] * connections

    def good(self, now: int, due: int) -> None:
        """Count a good response."""
        self.finished.append(now)
        self.latency.append(now - due)

    def error(self, kind: str, now: int) -> None:
        """Count an error by window and kind."""
        window = self.errors.setdefault(int((now - self.began) / (WINDOW_SECONDS * 1e9)), {})
        window[kind] = window.get(kind, 0) + 1
        self.bad += 1

    def received(self, status: int, size: int, times: int = 1) -> None:
        """Count responses by status, and their bytes."""
        self.statuses[status] = self.statuses.get(status, 0) + times
        self.bytes += size * times

    def sample_usage(self) -> None:
        """Take this process's CPU time."""
        self.usages.append(usage())

    def tick(self, now: int) -> dict[str, Any]:
        """Return the progress so far."""
        seconds = (now - self.began) / 1e9
        return {"t": "tick", "seconds": seconds, "good": len(self.latency), "bad": self.bad}

    def result(self, now: int, censored: list[int], backlog: int) -> dict[str, Any]:
        """Return everything as plain data; ``censored`` holds ages in microseconds."""
        window_ns = int(WINDOW_SECONDS * 1e9)
        windows: dict[int, dict[int, int]] = {}
        for finished, latency in zip(self.finished, self.latency, strict=True):
            window = windows.setdefault((finished - self.began) // window_ns, {})
            value = quantize(latency // 1000)
            window[value] = window.get(value, 0) + 1
        return {
            "t": "done",
            "elapsed_seconds": (now - self.began) / 1e9,
            "window_seconds": WINDOW_SECONDS,
            "windows": windows,
            "errors": self.errors,
            "statuses": self.statuses,
            "bytes": self.bytes,
            "mismatches": self.mismatches,
            "races": self.races,
            "opened": self.opened,
            "connect": histogram(self.connect_latency),
            "censored": censored,
            "backlog": backlog,
            "lags": histogram(self.lags),
            "usage": self.usages,
            "per_connection": self.per_connection,
        }


def say(document: dict[str, Any]) -> None:
    """Print one JSON line."""
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()
