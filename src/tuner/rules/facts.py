"""The names that rules may use: every fact with its kind and meaning."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from tuner.apache.effective.values import Location
from tuner.fact import Fact, Unknown
from tuner.rules.expression import Unresolved
from tuner.rules.expression.evaluate import Value
from tuner.rules.expression.nodes import Kind, Scalar

Scope = Literal["server", "group", "application"]


class FactSpec(NamedTuple):
    """What a fact is."""

    kind: Kind
    meaning: str


SERVER_FACTS: dict[str, FactSpec] = {
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
    "deprecated.names": FactSpec("texts", "old directive names in use"),
    "server.timeout": FactSpec("seconds", "Timeout"),
    "server.keep_alive": FactSpec("flag", "KeepAlive"),
    "server.keep_alive_timeout": FactSpec("seconds", "KeepAliveTimeout"),
    "server.hostname_lookups": FactSpec("text", "HostnameLookups in lower case"),
    "server.has_reqtimeout": FactSpec("flag", "whether mod_reqtimeout is loaded"),
    "wsgi.loaded": FactSpec("flag", "whether mod_wsgi is loaded"),
    "wsgi.mode": FactSpec("text", "none, embedded, daemon, mixed or unknown"),
    "wsgi.applications": FactSpec("count", "mounted WSGI applications"),
    "wsgi.groups": FactSpec("count", "daemon process groups"),
    "wsgi.daemon_capacity": FactSpec("count", "processes x threads over all groups"),
    "wsgi.restrict_embedded": FactSpec("flag", "WSGIRestrictEmbedded"),
    "wsgi.python_in_front": FactSpec("flag", "auth, access or dispatch scripts run in children"),
    "memory.parent": FactSpec("bytes", "what the parent costs"),
    "memory.front": FactSpec("bytes", "what one front process costs"),
    "memory.front_floor": FactSpec("bytes", "everything but front processes, at full occupancy"),
    "memory.need": FactSpec("bytes", "need at full occupancy"),
    "memory.need_as_written": FactSpec("bytes", "the same if no clamp cut the front"),
    "memory.budget": FactSpec("bytes", "what Apache may use"),
    "memory.front_processes_that_fit": FactSpec("count", "front processes within the budget"),
    "host.cores": FactSpec("count", "cores that can be used at the same time"),
    "recommended.max_request_workers": FactSpec("count", "workers that fit and are not clamped"),
    "recommended.server_limit": FactSpec("count", "ServerLimit that goes with them"),
    "recommended.thread_limit": FactSpec("count", "ThreadLimit for ThreadsPerChild"),
    "recommended.max_spare": FactSpec("count", "MaxSpare* that httpd does not correct"),
}
GROUP_FACTS: dict[str, FactSpec] = {
    "group.name": FactSpec("text", "name of the daemon process group"),
    "group.processes": FactSpec("count", "processes="),
    "group.threads": FactSpec("count", "threads="),
    "group.capacity": FactSpec("count", "processes x threads"),
    "group.is_sized": FactSpec("flag", "whether processes or threads is written"),
    "group.is_used": FactSpec("flag", "whether an application runs in it"),
    "group.listen_backlog": FactSpec("count", "listen-backlog="),
    "group.maximum_requests": FactSpec("count", "maximum-requests="),
    "group.queue_timeout": FactSpec("seconds", "queue-timeout="),
    "group.request_timeout": FactSpec("seconds", "request-timeout="),
    "group.socket_timeout": FactSpec("seconds", "socket-timeout=, or Timeout"),
    "group.deadlock_timeout": FactSpec("seconds", "deadlock-timeout="),
    "group.memory": FactSpec("bytes", "what one process of the group costs"),
    "group.memory_limit": FactSpec("bytes", "memory-limit="),
    "group.stack_size": FactSpec("bytes", "stack-size=, or the system's 8 MB"),
    "group.processes_that_fit": FactSpec("count", "processes within the budget"),
}
APPLICATION_FACTS: dict[str, FactSpec] = {
    "app.mount": FactSpec("text", "where the application is mounted"),
    "app.script": FactSpec("text", "the WSGI script"),
    "app.mode": FactSpec("text", "embedded, daemon, undefined or variable"),
    "app.process_group": FactSpec("text", "the process group it asks for"),
    "app.application_group": FactSpec("text", "the application group (interpreter)"),
    "app.is_preloaded": FactSpec("flag", "whether every process imports it at start"),
}


def facts_in(scope: Scope) -> dict[str, FactSpec]:
    """Return the facts that a rule of this scope may use."""
    extra = {"server": {}, "group": GROUP_FACTS, "application": APPLICATION_FACTS}[scope]
    return {**SERVER_FACTS, **extra}


class Subject(NamedTuple):
    """What a rule is evaluated for: the server, one group, one application."""

    label: str
    facts: Mapping[str, Fact[Scalar]]
    location: Location | None
    group: str | None = None


class Facts(NamedTuple):
    """Everything that rules are evaluated against."""

    subjects: Mapping[Scope, tuple[Subject, ...]]
    directives: Mapping[str, Location]
    """Where each server directive in force stands, by lower-case name."""
    current: Mapping[str, str]
    """What server directives are worth now, defaults included, by lower-case name:
    setting one to this value would change nothing."""
    fallback: Location
    """Where to point when nothing in the configuration sets the value."""


def as_value(name: str, fact: Fact[Scalar]) -> Value:
    """Turn a fact into what expressions work with."""
    if isinstance(fact, Unknown):
        return Unresolved(((name, fact.reason),))
    return fact.value
