"""MPM settings as httpd runs them (server/mpm/*: ``check_config`` and ``*_run``).

httpd corrects values silently or with a warning that nobody reads; every
correction is recorded with its AH code, so that a report can name it.
"""

from typing import Literal

from tuner.apache.effective.values import Model, Setting, in_force, number
from tuner.apache.modules import MPMS
from tuner.apache.syntax.words import atoi
from tuner.apache.tree import Configuration

MpmName = Literal["prefork", "worker", "event"]

PREFORK_DEFAULT_SERVER_LIMIT = 256
THREADED_DEFAULT_SERVER_LIMIT = 16
DEFAULT_THREAD_LIMIT = 64
DEFAULT_THREADS_PER_CHILD = 25


class Clamp(Model):
    """One correction that httpd makes to a configured value."""

    directive: str
    configured: int
    effective: int
    code: str | None
    """The AH code of httpd's warning; None when httpd says nothing."""
    because: str


class MpmSettings(Model):
    """The settings of the loaded MPM, configured and effective."""

    name: MpmName
    server_limit: Setting
    max_request_workers: Setting
    start_servers: Setting
    min_spare: Setting
    """MinSpareServers (processes) or MinSpareThreads (threads)."""
    max_spare: Setting
    max_connections_per_child: Setting
    thread_limit: Setting | None = None
    threads_per_child: Setting | None = None
    async_request_worker_factor: int | None = None
    """Truncated to a whole number, as event's admission test does."""
    buckets: int = 1
    """Listener buckets from ListenCoresBucketsRatio."""
    clamps: tuple[Clamp, ...] = ()

    @property
    def is_threaded(self) -> bool:
        """Whether one process serves several requests at a time."""
        return self.name != "prefork"

    @property
    def threads(self) -> int:
        """Worker threads in each front process; 1 under prefork."""
        return self.threads_per_child.effective if self.threads_per_child else 1

    @property
    def workers(self) -> int:
        """MaxRequestWorkers in force: requests served at the same time."""
        return self.max_request_workers.effective

    @property
    def processes(self) -> int:
        """Front processes when every worker is used."""
        return max(1, self.workers // self.threads)


def loaded_mpm(configuration: Configuration) -> MpmName | None:
    """Return the MPM that the configuration loads, or that is compiled in."""
    for symbol, name in MPMS.items():
        if symbol in configuration.modules:
            return name  # type: ignore[return-value]  # keys are Literals
    return None


def mpm_settings(configuration: Configuration, cores: int | None = None) -> MpmSettings | None:
    """Return the settings of the loaded MPM; None when no MPM is loaded.

    ``cores`` is needed only where ListenCoresBucketsRatio is set.
    """
    name = loaded_mpm(configuration)
    if name is None:
        return None
    buckets = _buckets(configuration, cores)
    if name == "prefork":
        return _prefork(configuration, buckets)
    return _threaded(configuration, name, buckets)


def _buckets(configuration: Configuration, cores: int | None) -> int:
    ratio = number(configuration, "ListenCoresBucketsRatio", 0).parsed
    if ratio <= 0 or cores is None:
        return 1
    return max(1, cores // ratio)


class _Corrections:
    """Applies corrections one by one and keeps a record of those that change something."""

    def __init__(self) -> None:
        self.clamps: list[Clamp] = []

    def apply(self, setting: Setting, value: int, code: str | None, because: str) -> Setting:
        if value == setting.effective:
            return setting
        self.clamps.append(
            Clamp(
                directive=setting.name,
                configured=setting.effective,
                effective=value,
                code=code,
                because=because,
            )
        )
        return setting.model_copy(update={"effective": value})

    def at_least(self, setting: Setting, limit: int, code: str | None, because: str) -> Setting:
        return self.apply(setting, max(limit, setting.effective), code, because)

    def at_most(self, setting: Setting, limit: int, code: str | None, because: str) -> Setting:
        return self.apply(setting, min(limit, setting.effective), code, because)


def _prefork(configuration: Configuration, buckets: int) -> MpmSettings:
    fix = _Corrections()
    limit = number(configuration, "ServerLimit", PREFORK_DEFAULT_SERVER_LIMIT)
    limit = fix.at_most(limit, 200_000, "AH00175", "httpd's hard limit is 200000")
    limit = fix.at_least(limit, 1, "AH00177", "it must be at least 1")
    workers = number(configuration, "MaxRequestWorkers", PREFORK_DEFAULT_SERVER_LIMIT)
    workers = fix.at_most(workers, limit.effective, "AH00180", f"ServerLimit is {limit.effective}")
    workers = fix.at_least(workers, 1, "AH00182", "it must be at least 1")
    start = number(configuration, "StartServers", 5)
    start = fix.at_least(start, 1, "AH00184", "it must be at least 1")
    low = number(configuration, "MinSpareServers", 5)
    low = fix.at_least(low, 1, "AH00186", "it must be at least 1")
    high = number(configuration, "MaxSpareServers", 10)
    per_bucket = f"there are {buckets} listener buckets"
    workers = fix.at_least(workers, buckets, None, per_bucket)
    start = fix.at_least(start, buckets, None, per_bucket)
    start = fix.at_most(start, workers.effective, None, f"MaxRequestWorkers is {workers.effective}")
    low = fix.at_least(low, buckets, None, per_bucket)
    high = fix.at_least(
        high,
        low.effective + buckets,
        None,
        f"it must exceed MinSpareServers {low.effective}",
    )
    return MpmSettings(
        name="prefork",
        server_limit=limit,
        max_request_workers=workers,
        start_servers=start,
        min_spare=low,
        max_spare=high,
        max_connections_per_child=number(configuration, "MaxConnectionsPerChild", 0),
        buckets=buckets,
        clamps=tuple(fix.clamps),
    )


_CODES = {
    "event": {
        "server_limit": ("AH00497", "AH00499"),
        "thread_limit": ("AH00502", "AH00504"),
        "threads": ("AH00507", "AH00509"),
        "raised": "AH00511",
        "rounded": "AH00513",
        "limited": "AH00515",
        "start": "AH00517",
        "spare": "AH00519",
    },
    "worker": {
        "server_limit": ("AH00300", "AH00302"),
        "thread_limit": ("AH00305", "AH00307"),
        "threads": ("AH00310", "AH00312"),
        "raised": "AH00314",
        "rounded": "AH00316",
        "limited": "AH00318",
        "start": "AH00320",
        "spare": "AH00322",
    },
}


def _threaded(configuration: Configuration, name: MpmName, buckets: int) -> MpmSettings:
    fix, codes = _Corrections(), _CODES[name]
    most_threads = 100_000 if name == "event" else 20_000
    server_limit = number(configuration, "ServerLimit", THREADED_DEFAULT_SERVER_LIMIT)
    server_limit = fix.at_most(
        server_limit, 20_000, codes["server_limit"][0], "httpd's hard limit is 20000"
    )
    server_limit = fix.at_least(server_limit, 1, codes["server_limit"][1], "it must be at least 1")
    thread_limit = number(configuration, "ThreadLimit", DEFAULT_THREAD_LIMIT)
    thread_limit = fix.at_most(
        thread_limit, most_threads, codes["thread_limit"][0], f"hard limit {most_threads}"
    )
    thread_limit = fix.at_least(thread_limit, 1, codes["thread_limit"][1], "it must be at least 1")
    threads = number(configuration, "ThreadsPerChild", DEFAULT_THREADS_PER_CHILD)
    threads = fix.at_most(
        threads,
        thread_limit.effective,
        codes["threads"][0],
        f"ThreadLimit is {thread_limit.effective}",
    )
    threads = fix.at_least(threads, 1, codes["threads"][1], "it must be at least 1")
    workers = _threaded_workers(
        configuration, fix, name, server_limit.effective, threads.effective, buckets
    )
    processes = workers.effective // threads.effective
    start = number(configuration, "StartServers", 3)
    start = fix.at_least(start, 1, str(codes["start"]), "it must be at least 1")
    start = fix.at_least(start, buckets, None, f"there are {buckets} listener buckets")
    start = fix.at_most(
        start, processes, None, f"MaxRequestWorkers needs only {processes} processes"
    )
    low = number(configuration, "MinSpareThreads", 75)
    low = fix.at_least(low, 1, str(codes["spare"]), "it must be at least 1")
    least = threads.effective * (buckets - 1) + buckets
    low = fix.at_least(low, least, None, "every listener bucket needs a spare thread")
    high = number(configuration, "MaxSpareThreads", 250)
    high = fix.at_least(
        high,
        low.effective + (threads.effective + 1) * buckets,
        None,
        f"it must exceed MinSpareThreads {low.effective} by ThreadsPerChild + 1",
    )
    return MpmSettings(
        name=name,
        server_limit=server_limit,
        max_request_workers=workers,
        start_servers=start,
        min_spare=low,
        max_spare=high,
        max_connections_per_child=number(configuration, "MaxConnectionsPerChild", 0),
        thread_limit=thread_limit,
        threads_per_child=threads,
        async_request_worker_factor=_async_factor(configuration) if name == "event" else None,
        buckets=buckets,
        clamps=tuple(fix.clamps),
    )


def _threaded_workers(
    configuration: Configuration,
    fix: _Corrections,
    name: MpmName,
    server_limit: int,
    threads: int,
    buckets: int,
) -> Setting:
    """Round MaxRequestWorkers to whole processes, within ServerLimit.

    The default of 400 is a constant (16 x 25) that does not follow ServerLimit
    or ThreadsPerChild (event.c, ``event_pre_config``).
    """
    codes = _CODES[name]
    default = THREADED_DEFAULT_SERVER_LIMIT * DEFAULT_THREADS_PER_CHILD
    workers = number(configuration, "MaxRequestWorkers", default)
    workers = fix.at_least(
        workers, threads, str(codes["raised"]), f"it must be at least ThreadsPerChild {threads}"
    )
    whole = workers.effective // threads * threads
    workers = fix.apply(
        workers, whole, str(codes["rounded"]), f"it is no multiple of ThreadsPerChild {threads}"
    )
    workers = fix.at_most(
        workers,
        server_limit * threads,
        str(codes["limited"]),
        f"ServerLimit {server_limit} x ThreadsPerChild {threads} = {server_limit * threads}",
    )
    return fix.at_least(workers, buckets * threads, None, f"there are {buckets} listener buckets")


def _async_factor(configuration: Configuration) -> int:
    """Return the factor as event uses it: at least 1, the fraction lost (event.c)."""
    directive = in_force(configuration, "AsyncRequestWorkerFactor")
    if directive is None or not directive.words:
        return 2
    return max(1, atoi(directive.words[0]))
