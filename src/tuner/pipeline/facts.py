"""From the views and the observation to the named facts that rules use."""

from collections.abc import Mapping

from tuner.apache.effective.applications import Application, server_mode
from tuner.apache.effective.daemons import DaemonGroup
from tuner.apache.effective.mpm import MpmSettings
from tuner.apache.effective.values import (
    ALIASES,
    Location,
    Setting,
    flag,
    in_force,
    location_of,
    names_of,
    text,
)
from tuner.apache.syntax.words import atoi
from tuner.apache.tree import Configuration
from tuner.capacity.front import resize_front, workers_for_daemons
from tuner.capacity.memory import (
    MemoryCosts,
    front_processes_that_fit,
    group_processes_that_fit,
    memory_need,
)
from tuner.capacity.settings import FrontSettings, Settings
from tuner.fact import Fact, Known, Unknown
from tuner.pipeline.observe import Observation
from tuner.pipeline.views import Views
from tuner.rules.expression.nodes import Scalar
from tuner.rules.facts import Facts, Scope, Subject

Table = dict[str, Fact[Scalar]]

_DEFAULT_STACK_BYTES = 8 * 2**20
_ACCESS_SCRIPTS = (
    "WSGIAccessScript",
    "WSGIAuthUserScript",
    "WSGIAuthGroupScript",
    "WSGIDispatchScript",
)


def build_facts(configuration: Configuration, views: Views, observation: Observation) -> Facts:
    """Return every fact for every subject."""
    server = {
        **_mpm_facts(views.mpm),
        **_server_facts(configuration),
        **_wsgi_facts(configuration, views),
        **_memory_facts(views, observation),
        **_recommended_facts(views, observation),
    }
    used = {one.process_group for one in views.applications}
    groups = tuple(
        Subject(
            f"daemon group {group.name}",
            {
                **server,
                **_group_facts(group, views, observation, group.name in used, configuration),
            },
            group.location,
            group.name,
        )
        for group in views.groups
    )
    applications = tuple(
        Subject(f"application {one.mount}", {**server, **_application_facts(one)}, one.location)
        for one in views.applications
    )
    subjects: Mapping[Scope, tuple[Subject, ...]] = {
        "server": (Subject("server", server, None),),
        "group": groups,
        "application": applications,
    }
    return Facts(
        subjects=subjects,
        directives=_directive_locations(configuration),
        current=_current(configuration, views.mpm),
        fallback=Location(file=configuration.main, line_first=1, line_last=1),
    )


def _directive_locations(configuration: Configuration) -> dict[str, Location]:
    found: dict[str, Location] = {}
    for directive in configuration.tree:
        if directive.section is None:
            location = location_of(directive)
            for name in names_of(directive.name):
                found[name.lower()] = location
    return found


def _current(configuration: Configuration, mpm: MpmSettings | None) -> dict[str, str]:
    found = {
        name.lower(): directive.words[0]
        for directive in configuration.tree
        if directive.section is None and len(directive.words) == 1
        for name in names_of(directive.name)
    }
    if mpm is not None:
        for setting in (mpm.server_limit, mpm.thread_limit, mpm.threads_per_child):
            if setting is not None and setting.is_default:
                found[setting.name.lower()] = str(setting.effective)
    return found


def _setting(setting: Setting, *, configured: bool = False) -> Known[Scalar]:
    value = setting.parsed if configured else setting.effective
    if setting.location is None:
        return Known(value, "default", f"default of {setting.name}")
    clamped = "" if configured or setting.parsed == value else f", corrected from {setting.parsed}"
    return Known(value, "configuration", f"{setting.name} at {setting.location}{clamped}")


def _mpm_facts(mpm: MpmSettings | None) -> Table:
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
        "mpm.max_request_workers": _setting(mpm.max_request_workers),
        "mpm.server_limit": _setting(mpm.server_limit),
        "mpm.thread_limit": _setting(mpm.thread_limit) if mpm.thread_limit else not_threaded,
        "mpm.threads_per_child": _setting(threads) if threads else one_thread,
        "mpm.processes": Known(mpm.processes, "derived", "MaxRequestWorkers / ThreadsPerChild"),
        "mpm.start_servers": _setting(mpm.start_servers),
        "mpm.min_spare": _setting(mpm.min_spare),
        "mpm.max_spare": _setting(mpm.max_spare),
        "mpm.max_connections_per_child": _setting(mpm.max_connections_per_child),
        "configured.max_request_workers": _setting(mpm.max_request_workers, configured=True),
        "configured.server_limit": _setting(mpm.server_limit, configured=True),
        "configured.threads_per_child": (
            _setting(threads, configured=True) if threads else one_thread
        ),
        "configured.min_spare": _setting(mpm.min_spare, configured=True),
        "configured.max_spare": _setting(mpm.max_spare, configured=True),
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


def _server_facts(configuration: Configuration) -> Table:
    old = [one.name for names in ALIASES.values() for one in configuration.named(*names[1:])]
    return {
        "deprecated.names": Known(tuple(dict.fromkeys(old)), "configuration"),
        "server.timeout": _seconds(configuration, "Timeout", 60),
        "server.keep_alive": _flag(configuration, "KeepAlive", True),
        "server.keep_alive_timeout": _seconds(configuration, "KeepAliveTimeout", 5),
        "server.hostname_lookups": _text(configuration, "HostnameLookups", "off"),
        "server.has_reqtimeout": Known(
            configuration.has_module("reqtimeout_module"), "configuration", "loaded modules"
        ),
    }


def _source(configuration: Configuration, name: str) -> str:
    directive = in_force(configuration, name)
    return f"{name} at {directive.location}" if directive else f"default of {name}"


def _seconds(configuration: Configuration, name: str, default: int) -> Known[Scalar]:
    written = text(configuration, name)
    if written is None:
        return Known(default, "default", _source(configuration, name))
    value: float = atoi(written)
    if written.lower().endswith("ms"):
        value /= 1000
    return Known(value, "configuration", _source(configuration, name))


def _flag(configuration: Configuration, name: str, default: bool) -> Known[Scalar]:
    origin = "configuration" if in_force(configuration, name) else "default"
    value = flag(configuration, name, default)
    return Known(value, origin, _source(configuration, name))  # type: ignore[arg-type]


def _text(configuration: Configuration, name: str, default: str) -> Known[Scalar]:
    written = text(configuration, name)
    origin = "default" if written is None else "configuration"
    value = (written or default).lower()
    return Known(value, origin, _source(configuration, name))  # type: ignore[arg-type]


def _wsgi_facts(configuration: Configuration, views: Views) -> Table:
    capacity = sum(group.capacity for group in views.groups)
    scripts = configuration.named(*_ACCESS_SCRIPTS)
    return {
        "wsgi.loaded": Known(
            configuration.has_module("wsgi_module"), "configuration", "loaded modules"
        ),
        "wsgi.mode": Known(server_mode(views.applications), "derived", "process groups of scripts"),
        "wsgi.applications": Known(len(views.applications), "configuration"),
        "wsgi.groups": Known(len(views.groups), "configuration"),
        "wsgi.daemon_capacity": Known(capacity, "derived", "sum of processes x threads"),
        "wsgi.restrict_embedded": _flag(configuration, "WSGIRestrictEmbedded", False),
        "wsgi.python_in_front": Known(bool(scripts), "configuration"),
    }


def _memory_facts(views: Views, observation: Observation) -> Table:
    machine, budget, costs = observation.machine, observation.budget, observation.costs
    known: Table = {
        "memory.budget": Known(budget.size_bytes, budget.origin, budget.formula),
        "host.cores": Known(machine.cores, "measured", machine.cores_source),
    }
    names = (
        "memory.parent",
        "memory.front",
        "memory.front_floor",
        "memory.need",
        "memory.need_as_written",
        "memory.front_processes_that_fit",
    )
    settings = views.settings
    if isinstance(costs, Unknown):
        return {**known, **dict.fromkeys(names, costs)}
    if settings is None or views.mpm is None:
        return {**known, **dict.fromkeys(names, Unknown("no MPM is loaded"))}
    need = memory_need(settings, costs)
    written = memory_need(_as_written(settings, views.mpm), costs)
    fitting = front_processes_that_fit(settings, costs, budget.size_bytes)
    floor = need.size_bytes - settings.front.processes * costs.front.size_bytes
    return {
        **known,
        "memory.parent": _cost(costs.parent.size_bytes, costs.parent.origin, costs.parent.source),
        "memory.front": _cost(costs.front.size_bytes, costs.front.origin, costs.front.source),
        "memory.front_floor": Known(floor, costs.front.origin, "parent, daemons, shared"),
        "memory.need": Known(need.size_bytes, costs.front.origin, need.formula),
        "memory.need_as_written": Known(written.size_bytes, costs.front.origin, written.formula),
        "memory.front_processes_that_fit": Known(
            fitting, "derived", "(budget - everything else) / front process"
        ),
    }


def _cost(size: int, origin: str, source: str) -> Known[Scalar]:
    return Known(size, origin, source)  # type: ignore[arg-type]


def _as_written(settings: Settings, mpm: MpmSettings) -> Settings:
    """Return the settings if httpd took MaxRequestWorkers as it is written."""
    return settings.model_copy(update={"front": _front_as_written(settings.front, mpm)})


def _front_as_written(front: FrontSettings, mpm: MpmSettings) -> FrontSettings:
    written = max(mpm.max_request_workers.parsed, front.threads)
    return resize_front(front, written // front.threads * front.threads)


def _recommended_facts(views: Views, observation: Observation) -> Table:
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


def _group_facts(
    group: DaemonGroup,
    views: Views,
    observation: Observation,
    is_used: bool,
    configuration: Configuration,
) -> Table:
    where = f"WSGIDaemonProcess {group.name} at {group.location}"

    def option(name: str) -> Known[Scalar]:
        origin = "configuration" if name in group.options else "default"
        return Known(group.number(name), origin, f"{name}= of {where}")  # type: ignore[arg-type]

    socket_timeout = option("socket-timeout")
    if not socket_timeout.value:
        socket_timeout = _seconds(configuration, "Timeout", 60)
    stack = option("stack-size")
    if not stack.value:
        stack = Known(_DEFAULT_STACK_BYTES, "assumed", "ulimit -s")
    return {
        "group.name": Known(group.name, "configuration", where),
        "group.processes": option("processes"),
        "group.threads": option("threads"),
        "group.capacity": Known(group.capacity, "derived", "processes x threads"),
        "group.is_sized": Known(
            "processes" in group.options or "threads" in group.options, "configuration", where
        ),
        "group.is_used": Known(is_used, "derived", "process groups of scripts"),
        "group.listen_backlog": option("listen-backlog"),
        "group.maximum_requests": option("maximum-requests"),
        "group.queue_timeout": option("queue-timeout"),
        "group.request_timeout": option("request-timeout"),
        "group.socket_timeout": socket_timeout,
        "group.deadlock_timeout": option("deadlock-timeout"),
        "group.memory_limit": option("memory-limit"),
        "group.stack_size": stack,
        **_group_memory(group.name, views, observation),
    }


def _group_memory(name: str, views: Views, observation: Observation) -> Table:
    costs, settings = observation.costs, views.settings
    if isinstance(costs, Unknown):
        return {"group.memory": costs, "group.processes_that_fit": costs}
    cost = costs.groups.get(name)
    if cost is None or settings is None:
        unknown = Unknown(f"no process of {name} was running")
        return {"group.memory": unknown, "group.processes_that_fit": unknown}
    fitting = group_processes_that_fit(settings, costs, observation.budget.size_bytes)[name]
    return {
        "group.memory": _cost(cost.size_bytes, cost.origin, cost.source),
        "group.processes_that_fit": Known(
            fitting, "derived", "processes x (budget - the rest) / all daemons"
        ),
    }


def _application_facts(application: Application) -> Table:
    where = f"at {application.location}"
    return {
        "app.mount": Known(application.mount, "configuration", where),
        "app.script": Known(application.script, "configuration", where),
        "app.mode": Known(application.mode, "derived", where),
        "app.process_group": Known(application.process_group, "configuration", where),
        "app.application_group": Known(application.application_group, "configuration", where),
        "app.is_preloaded": Known(application.is_preloaded, "configuration", where),
    }
