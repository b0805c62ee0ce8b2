"""The one front that all fixes of an audit agree on."""

from tuner.apache.effective.applications import ServerMode, server_mode
from tuner.apache.effective.mpm import MpmSettings
from tuner.capacity.budget import Budget
from tuner.capacity.front import resize_front, workers_for_daemons
from tuner.capacity.memory import (
    MemoryCosts,
    front_processes_that_fit,
    group_processes_that_fit,
)
from tuner.capacity.settings import FrontSettings, Settings
from tuner.fact import Known, Unknown
from tuner.pipeline.facts.origin import Table
from tuner.pipeline.observe import Observation
from tuner.pipeline.views import Views


def recommended_facts(views: Views, observation: Observation) -> Table:
    """Return the front that fits, directive by directive."""
    names = (
        "max_request_workers",
        "workers_for_daemons",
        "server_limit",
        "thread_limit",
        "start_servers",
        "min_spare",
        "max_spare",
    )
    settings, mpm = views.settings, views.mpm
    if settings is None or mpm is None:
        return dict.fromkeys((f"recommended.{name}" for name in names), Unknown("no MPM is loaded"))
    mode = server_mode(views.applications)
    front = recommended_front(settings, mpm, observation, mode)
    enough = enough_for_daemons(settings.daemon_capacity)
    source = "what is written and needed, within the budget"
    return {
        "recommended.max_request_workers": Known(front.max_request_workers, "derived", source),
        "recommended.workers_for_daemons": (
            Known(front.max_request_workers, "derived", source)
            if front.max_request_workers >= enough
            else Unknown(_why_not(enough, mode))
        ),
        "recommended.server_limit": Known(front.server_limit, "derived", source),
        "recommended.thread_limit": Known(
            front.thread_limit or 1, "derived", "ThreadsPerChild as written"
        ),
        "recommended.start_servers": Known(
            front.start_servers, "derived", "as written, within MaxSpare*"
        ),
        "recommended.min_spare": Known(front.min_spare, "derived", "whole processes"),
        "recommended.max_spare": Known(
            front.max_spare, "derived", "two processes above the lower limit"
        ),
    }


def _why_not(enough: int, mode: ServerMode) -> str:
    if mode == "mixed":
        return "every worker more may load the embedded application; give it a daemon group first"
    return f"memory does not hold the {enough} workers that daemons need"


def recommended_front(
    settings: Settings, mpm: MpmSettings, observation: Observation, mode: ServerMode
) -> FrontSettings:
    """Return the one front that all fixes of an audit agree on.

    ThreadsPerChild as it is written, with the ThreadLimit for it; MaxRequestWorkers
    as it is written (its default within ServerLimit), raised to what the daemons need unless
    an application is embedded beside them, lowered to what memory holds;
    ServerLimit for it, trimmed where it is far too large; spare workers in whole
    processes.
    """
    front = settings.front
    if mpm.threads_per_child is not None:
        threads = max(1, mpm.threads_per_child.parsed)
        limit = max(front.thread_limit or 1, threads)
        front = front.model_copy(update={"threads_per_child": threads, "thread_limit": limit})
    written = mpm.max_request_workers.parsed
    if mpm.max_request_workers.is_default:
        written = min(written, front.server_limit * front.threads)
    written = max(written, front.threads)
    workers = written // front.threads * front.threads
    if mode != "mixed" and workers < enough_for_daemons(settings.daemon_capacity):
        workers = workers_for_daemons(settings.daemon_capacity)
    if isinstance(observation.costs, MemoryCosts) and isinstance(observation.budget, Budget):
        costs, budget = observation.costs, observation.budget.size_bytes
        sized = _with_daemons_that_fit(settings, costs, budget) if mode == "daemon" else settings
        sized = sized.model_copy(update={"front": front})
        fitting = front_processes_that_fit(sized, costs, budget)
        workers = min(workers, fitting * front.threads)
    front = resize_front(front, max(workers, front.threads))
    return _with_spares(_with_trimmed_limit(front, mpm), mpm)


def _with_daemons_that_fit(settings: Settings, costs: MemoryCosts, budget: int) -> Settings:
    """Return the settings with daemons cut to the budget, as their own fix would cut them.

    The front must not shrink for a pool of daemons that is too large by itself.
    """
    fitting = group_processes_that_fit(settings, costs, budget)
    groups = tuple(
        one.model_copy(update={"processes": fitting.get(one.name, one.processes)})
        for one in settings.groups
    )
    return settings.model_copy(update={"groups": groups})


def enough_for_daemons(capacity: int) -> int:
    """Return the fewest workers that leave room beside busy daemons; 0 without daemons."""
    return 10 + int(1.5 * capacity) if capacity else 0


def _with_trimmed_limit(front: FrontSettings, mpm: MpmSettings) -> FrontSettings:
    """Return ``front`` with a written ServerLimit of at most 4 times its processes."""
    if mpm.server_limit.is_default or front.server_limit <= 4 * front.processes:
        return front
    return front.model_copy(update={"server_limit": 2 * front.processes})


def _with_spares(front: FrontSettings, mpm: MpmSettings) -> FrontSettings:
    """Return ``front`` with spare limits that httpd takes as they are.

    Under worker and event whole processes, the upper limit at least two of them
    above the lower one; StartServers within the upper limit.
    """
    threads, buckets = front.threads, mpm.buckets
    low, high = max(1, mpm.min_spare.parsed), mpm.max_spare.parsed
    if mpm.is_threaded:
        low = _whole(low, threads) if not mpm.min_spare.is_default else low
        high = _whole(high, threads) if not mpm.max_spare.is_default else high
        if high < low + 2 * threads * buckets:
            high = _whole(low + 2 * threads * buckets, threads)
    else:
        low = max(low, buckets)
        high = max(high, low + buckets)
    start = min(max(1, mpm.start_servers.parsed), front.processes, max(1, high // threads))
    return front.model_copy(
        update={"min_spare": low, "max_spare": high, "start_servers": max(start, buckets)}
    )


def _whole(workers: int, threads: int) -> int:
    return -(-workers // threads) * threads
