"""Facts about the MPM."""

import re

from tuner.apache.effective.mpm import MpmSettings
from tuner.apache.effective.values import in_force
from tuner.apache.tree import Configuration
from tuner.fact import Known, Unknown
from tuner.pipeline.facts.origin import Table, of_setting
from tuner.rules.expression.nodes import Scalar


def mpm_facts(mpm: MpmSettings | None, configuration: Configuration) -> Table:
    """Return the MPM's settings, in force and as written."""
    if mpm is None:
        unknown = Unknown("no MPM is loaded")
        names = [
            *(f"mpm.{name}" for name in _MPM_NAMES),
            *(f"configured.{name}" for name in _CONFIGURED_NAMES),
            *(f"is_set.{name}" for name in _IS_SET_NAMES),
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
        "configured.start_servers": of_setting(mpm.start_servers, configured=True),
        **{
            f"is_set.{name}": Known(not getattr(mpm, name).is_default, "derived")
            for name in _IS_SET_NAMES
        },
        **_async(mpm, configuration),
    }


def _async(mpm: MpmSettings, configuration: Configuration) -> Table:
    """Return event's connection limit: (1 + factor) x MaxRequestWorkers when all are idle."""
    factor = mpm.async_request_worker_factor
    if factor is None:
        no_factor = Unknown(f"{mpm.name} gives a worker to every connection")
        return dict.fromkeys((f"mpm.{name}" for name in _ASYNC_NAMES), no_factor)
    directive = in_force(configuration, "AsyncRequestWorkerFactor")
    written = directive.words[0] if directive and directive.words else "2"
    match = re.match(r"\s*[0-9]*\.?[0-9]+", written)
    where = f"AsyncRequestWorkerFactor at {directive.location}" if directive else "its default"
    return {
        "mpm.async_factor": Known(factor, "derived", "the whole part, at least 1"),
        "mpm.async_factor_written": (
            Known(float(match[0]), "configuration", where)
            if match
            else Unknown(f"no number {where}")
        ),
        "mpm.connection_limit": Known(
            (1 + factor) * mpm.workers, "derived", "(1 + factor) x MaxRequestWorkers"
        ),
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
    "async_factor",
    "async_factor_written",
    "connection_limit",
)
_ASYNC_NAMES = ("async_factor", "async_factor_written", "connection_limit")


_CONFIGURED_NAMES = (
    "max_request_workers",
    "server_limit",
    "threads_per_child",
    "min_spare",
    "max_spare",
    "start_servers",
)


_IS_SET_NAMES = ("max_request_workers", "server_limit", "min_spare", "max_spare")
