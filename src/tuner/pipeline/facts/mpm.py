"""Facts about the MPM."""

from tuner.apache.effective.mpm import MpmSettings
from tuner.fact import Known, Unknown
from tuner.pipeline.facts.origin import Table, of_setting
from tuner.rules.expression.nodes import Scalar


def mpm_facts(mpm: MpmSettings | None) -> Table:
    """Return the MPM's settings, in force and as written."""
    if mpm is None:
        unknown = Unknown("no MPM is loaded")
        names = [
            *(f"mpm.{name}" for name in _MPM_NAMES),
            *(f"configured.{name}" for name in _CONFIGURED_NAMES),
            "is_set.max_request_workers",
            "is_set.server_limit",
        ]
        return dict.fromkeys(names, unknown)
    not_threaded = Unknown(f"{mpm.name} has no ThreadLimit")
    one_thread: Known[Scalar] = Known(1, "derived", "prefork: one request a process")
    threads = mpm.threads_per_child
    return {
        "mpm.name": Known(mpm.name, "configuration", "the loaded MPM module"),
        "mpm.threaded": Known(mpm.is_threaded, "derived", mpm.name),
        "mpm.max_request_workers": of_setting(mpm.max_request_workers),
        "mpm.server_limit": of_setting(mpm.server_limit),
        "mpm.thread_limit": of_setting(mpm.thread_limit) if mpm.thread_limit else not_threaded,
        "mpm.threads_per_child": of_setting(threads) if threads else one_thread,
        "mpm.processes": Known(mpm.processes, "derived", "MaxRequestWorkers / ThreadsPerChild"),
        "mpm.start_servers": of_setting(mpm.start_servers),
        "mpm.min_spare": of_setting(mpm.min_spare),
        "mpm.max_spare": of_setting(mpm.max_spare),
        "mpm.max_connections_per_child": of_setting(mpm.max_connections_per_child),
        "configured.max_request_workers": of_setting(mpm.max_request_workers, configured=True),
        "configured.server_limit": of_setting(mpm.server_limit, configured=True),
        "configured.threads_per_child": (
            of_setting(threads, configured=True) if threads else one_thread
        ),
        "configured.min_spare": of_setting(mpm.min_spare, configured=True),
        "configured.max_spare": of_setting(mpm.max_spare, configured=True),
        "is_set.max_request_workers": Known(not mpm.max_request_workers.is_default, "derived"),
        "is_set.server_limit": Known(not mpm.server_limit.is_default, "derived"),
    }


_MPM_NAMES = (
    "name",
    "threaded",
    "max_request_workers",
    "server_limit",
    "thread_limit",
    "threads_per_child",
    "processes",
    "start_servers",
    "min_spare",
    "max_spare",
    "max_connections_per_child",
)


_CONFIGURED_NAMES = (
    "max_request_workers",
    "server_limit",
    "threads_per_child",
    "min_spare",
    "max_spare",
)
