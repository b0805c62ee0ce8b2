"""Facts about the MPM."""

from tuner.rules.vocabulary.spec import FactSpec

FACTS: dict[str, FactSpec] = {
    "mpm.name": FactSpec("text", "the loaded MPM: prefork, worker or event"),
    "mpm.threaded": FactSpec("flag", "whether a front process serves several requests"),
    "mpm.max_request_workers": FactSpec("count", "MaxRequestWorkers in force"),
    "mpm.server_limit": FactSpec("count", "ServerLimit in force"),
    "mpm.thread_limit": FactSpec("count", "ThreadLimit in force (worker, event)"),
    "mpm.threads_per_child": FactSpec("count", "ThreadsPerChild in force; 1 under prefork"),
    "mpm.processes": FactSpec("count", "front processes when every worker is used"),
    "mpm.start_servers": FactSpec("count", "StartServers in force"),
    "mpm.min_spare": FactSpec("count", "MinSpareServers or MinSpareThreads in force"),
    "mpm.max_spare": FactSpec("count", "MaxSpareServers or MaxSpareThreads in force"),
    "mpm.max_connections_per_child": FactSpec("count", "MaxConnectionsPerChild; 0 is never"),
    "configured.max_request_workers": FactSpec("count", "as written, or the default"),
    "configured.server_limit": FactSpec("count", "as written, or the default"),
    "configured.threads_per_child": FactSpec("count", "as written, or the default"),
    "configured.min_spare": FactSpec("count", "as written, or the default"),
    "configured.max_spare": FactSpec("count", "as written, or the default"),
    "is_set.max_request_workers": FactSpec("flag", "whether the configuration sets it"),
    "is_set.server_limit": FactSpec("flag", "whether the configuration sets it"),
    "is_set.min_spare": FactSpec("flag", "whether the configuration sets it"),
    "is_set.max_spare": FactSpec("flag", "whether the configuration sets it"),
    "configured.start_servers": FactSpec("count", "as written, or the default"),
    "mpm.async_factor": FactSpec("count", "AsyncRequestWorkerFactor as event uses it"),
    "mpm.async_factor_written": FactSpec("count", "AsyncRequestWorkerFactor as written"),
    "mpm.connection_limit": FactSpec("count", "connections that event holds when all is idle"),
}
