"""Warm or cold: whether a process has loaded what it will serve.

mod_wsgi imports an application at the first request that a process gets, so a
quiet server shows a fraction of what it needs. What tells: whether a process is far
smaller than its siblings; whether a thread of a daemon has worked, since daemons get
requests for applications only; whether a front process is no larger than Python
alone; the requests that the scoreboard counts; and how often the process has run.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tuner.host.processes import WORKED_SECONDS, ProcessMemory, Warmth

WARM_SHARE = 0.5
"""A process below half of its role's largest has not loaded the application yet."""
STARTUP_SLICES = 12
"""A prefork process that has never served has run about 10 times, Python included;
each request adds a few (Debian 12, mod_wsgi 4.9.4)."""

PYTHON_ALONE_BYTES = 6 * 2**20
PYTHON_ALONE_SECONDS = 0.1
"""Python without an application: 3.6 to 4.5 MB and 20 ms of CPU (Debian 12, Python
3.11). Static files and status pages are requests too, but load nothing."""


@dataclass(frozen=True, slots=True)
class Loading:
    """What the configuration says about applications; None stands for the front."""

    serving: frozenset[str | None] = frozenset()
    """The daemon groups that run an application."""
    preloaded: frozenset[str | None] = frozenset()
    """Those that load it at start."""


NOTHING_KNOWN = Loading()


class Judgement(NamedTuple):
    """Warm or cold, and why."""

    warmth: Warmth
    reason: str


def judge(
    process: ProcessMemory, largest_uss_bytes: int, *, is_serving: bool, is_preloaded: bool
) -> Judgement:
    """Tell whether a process is warm; ``largest_uss_bytes`` is that of its role."""
    if process.uss_bytes < WARM_SHARE * largest_uss_bytes:
        return Judgement("cold", "below half of the largest of its role")
    if is_preloaded:
        return Judgement("warm", "the application is loaded at start")
    if process.role == "daemon" and process.worker_seconds is not None:
        return _by_threads(process.worker_seconds)
    if process.requests == 0:
        return Judgement("cold", "no request yet, by mod_status")
    if is_serving:
        return _by_size(process)
    if process.requests is not None:
        return Judgement("warm", f"{process.requests} requests, by mod_status")
    if process.threads > 1 and process.worker_seconds is not None:
        return _by_threads(process.worker_seconds)
    if process.time_slices is not None and process.threads == 1:
        if process.time_slices <= STARTUP_SLICES:
            return Judgement("cold", f"has run only {process.time_slices} times since it started")
        return Judgement("warm", f"has run {process.time_slices} times since it started")
    return Judgement("unknown", "the scheduler's counters cannot be read")


def _by_size(process: ProcessMemory) -> Judgement:
    if process.uss_bytes >= PYTHON_ALONE_BYTES:
        return Judgement("warm", "larger than Python alone")
    if process.cpu_seconds >= PYTHON_ALONE_SECONDS:
        return Judgement("warm", "has worked more than Python takes to start")
    return Judgement("cold", "no larger than Python alone, and has hardly worked")


def _by_threads(worker_seconds: float) -> Judgement:
    if worker_seconds < WORKED_SECONDS:
        return Judgement("cold", "none of its threads has worked yet")
    return Judgement("warm", "its threads have worked")


def judged(
    processes: Sequence[ProcessMemory], loading: Loading = NOTHING_KNOWN
) -> tuple[ProcessMemory, ...]:
    """Return front and daemon processes with their warmth."""
    largest: dict[tuple[str, str | None], int] = {}
    for one in processes:
        key = (one.role, one.group)
        largest[key] = max(largest.get(key, 0), one.uss_bytes)
    found: list[ProcessMemory] = []
    for one in processes:
        if one.role in ("front", "daemon"):
            is_known = one.role == "front" or one.group is not None
            judgement = judge(
                one,
                largest[one.role, one.group],
                is_serving=is_known and one.group in loading.serving,
                is_preloaded=is_known and one.group in loading.preloaded,
            )
            one = one.model_copy(
                update={"warmth": judgement.warmth, "warmth_reason": judgement.reason}
            )
        found.append(one)
    return tuple(found)
