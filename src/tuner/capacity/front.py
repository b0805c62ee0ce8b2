"""Size the front: MPM numbers for a wanted number of workers, nothing left to clamp."""

import math

from tuner.apache.effective.mpm import (
    DEFAULT_THREAD_LIMIT,
    DEFAULT_THREADS_PER_CHILD,
    PREFORK_DEFAULT_SERVER_LIMIT,
    THREADED_DEFAULT_SERVER_LIMIT,
    MpmName,
)
from tuner.capacity.settings import FrontSettings

EVENT_SLACK_SHARE = 0.25
"""Spare ServerLimit under event for old processes that finish after a graceful
restart (event.html, "How it Works"; AH03490 without it)."""


def workers_for_daemons(daemon_capacity: int) -> int:
    """Return the workers that feed daemon threads with room for queueing and static files.

    ``10 + max(10, 1.5 x capacity)``, the formula of mod_wsgi-express
    (src/express/server.py).
    """
    return 10 + max(10, int(1.5 * daemon_capacity))


def resize_front(current: FrontSettings, workers: int) -> FrontSettings:
    """Return ``current`` with MaxRequestWorkers for at least ``workers``.

    Rounds up to whole processes. ServerLimit and the spare settings follow only
    where httpd would correct them otherwise, so that a patch stays small.
    """
    if current.mpm == "prefork":
        return _resize_prefork(current, max(1, workers))
    threads = current.threads
    processes = max(1, math.ceil(workers / threads))
    needed = processes
    if current.mpm == "event":
        needed += max(1, math.ceil(EVENT_SLACK_SHARE * processes))
    limit = current.server_limit if current.server_limit >= needed else needed
    minimum = min(current.min_spare, processes * threads)
    maximum = max(current.max_spare, minimum + threads + 1)
    return current.model_copy(
        update={
            "max_request_workers": processes * threads,
            "server_limit": limit,
            "start_servers": min(current.start_servers, processes),
            "min_spare": minimum,
            "max_spare": maximum,
            "thread_limit": max(current.thread_limit or DEFAULT_THREAD_LIMIT, threads),
        }
    )


def _resize_prefork(current: FrontSettings, workers: int) -> FrontSettings:
    minimum = min(current.min_spare, workers)
    return current.model_copy(
        update={
            "max_request_workers": workers,
            "server_limit": max(current.server_limit, workers),
            "start_servers": min(current.start_servers, workers),
            "min_spare": minimum,
            "max_spare": max(current.max_spare, minimum + 1),
        }
    )


def front_for_mpm(front: FrontSettings, mpm: MpmName) -> FrontSettings:
    """Return the workers of ``front`` under another MPM, everything else at its defaults.

    The defaults are httpd's own (include/mpm_common.h, server/mpm/*/).
    """
    if mpm == "prefork":
        base = FrontSettings(
            mpm=mpm,
            max_request_workers=front.max_request_workers,
            server_limit=PREFORK_DEFAULT_SERVER_LIMIT,
            start_servers=5,
            min_spare=5,
            max_spare=10,
        )
    else:
        base = FrontSettings(
            mpm=mpm,
            max_request_workers=front.max_request_workers,
            server_limit=THREADED_DEFAULT_SERVER_LIMIT,
            start_servers=3,
            min_spare=75,
            max_spare=250,
            threads_per_child=DEFAULT_THREADS_PER_CHILD,
            thread_limit=DEFAULT_THREAD_LIMIT,
        )
    return resize_front(base, front.max_request_workers)


def hold_open(front: FrontSettings) -> FrontSettings:
    """Return ``front`` with all its processes kept running: no start under load.

    What an embedded application needs: a child that starts while requests wait
    imports the application at the worst moment.
    """
    workers = front.max_request_workers
    band = 1 if front.mpm == "prefork" else front.threads + 1
    return front.model_copy(
        update={
            "start_servers": front.processes,
            "min_spare": workers,
            "max_spare": workers + band,
        }
    )
