"""The one front that all fixes of an audit agree on."""

from tuner.apache.effective.mpm import MpmSettings
from tuner.capacity.front import resize_front, workers_for_daemons
from tuner.capacity.memory import (
    MemoryCosts,
    front_processes_that_fit,
)
from tuner.capacity.settings import FrontSettings, Settings
from tuner.fact import Known, Unknown
from tuner.pipeline.facts.origin import Table
from tuner.pipeline.observe import Observation
from tuner.pipeline.views import Views


def recommended_facts(views: Views, observation: Observation) -> Table:
    """Return the front that fits, directive by directive."""
    names = ("max_request_workers", "server_limit", "thread_limit", "max_spare")
    settings, mpm = views.settings, views.mpm
    if settings is None or mpm is None:
        return dict.fromkeys((f"recommended.{name}" for name in names), Unknown("no MPM is loaded"))
    front = recommended_front(settings, mpm, observation)
    source = "what is written and needed, within the budget"
    return {
        "recommended.max_request_workers": Known(front.max_request_workers, "derived", source),
        "recommended.server_limit": Known(front.server_limit, "derived", source),
        "recommended.thread_limit": Known(
            front.thread_limit or 1, "derived", "ThreadsPerChild as written"
        ),
        "recommended.max_spare": Known(front.max_spare, "derived", "what httpd makes of it"),
    }


def recommended_front(
    settings: Settings, mpm: MpmSettings, observation: Observation
) -> FrontSettings:
    """Return the one front that all fixes of an audit agree on.

    ThreadsPerChild as it is written, with the ThreadLimit for it; MaxRequestWorkers
    as it is written, raised to what the daemons need, lowered to what memory holds.
    """
    front = settings.front
    if mpm.threads_per_child is not None:
        threads = max(1, mpm.threads_per_child.parsed)
        limit = max(front.thread_limit or 1, threads)
        front = front.model_copy(update={"threads_per_child": threads, "thread_limit": limit})
    written = max(mpm.max_request_workers.parsed, front.threads)
    workers = written // front.threads * front.threads
    if settings.daemon_capacity > workers:
        workers = workers_for_daemons(settings.daemon_capacity)
    if isinstance(observation.costs, MemoryCosts):
        sized = settings.model_copy(update={"front": front})
        fitting = front_processes_that_fit(sized, observation.costs, observation.budget.size_bytes)
        workers = min(workers, fitting * front.threads)
    return resize_front(front, max(workers, front.threads))
