"""Facts about one daemon process group."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

from tuner.apache.effective.daemons import DaemonGroup
from tuner.apache.tree import Configuration
from tuner.capacity.memory import group_processes_that_fit
from tuner.fact import Known, Origin, Unknown
from tuner.pipeline.facts.application import is_loaded_at_start
from tuner.pipeline.facts.interpreter import python_home_facts
from tuner.pipeline.facts.memory import cost_fact
from tuner.pipeline.facts.observed import growth_fact
from tuner.pipeline.facts.origin import Table, of_seconds
from tuner.pipeline.observe import Observation
from tuner.pipeline.views import Views
from tuner.rules.expression.nodes import Scalar

_DEFAULT_STACK_BYTES = 8 * 2**20


@dataclass(frozen=True, slots=True)
class GroupUses:
    """Which daemon groups anything uses."""

    mounted: frozenset[str]
    """Groups that an application is mounted in."""
    named: frozenset[str]
    """Groups that a directive names."""
    is_open: bool
    """Whether groups may be named at run time (``%{ENV:...}``, WSGIDispatchScript)."""


def group_uses(configuration: Configuration, views: Views) -> GroupUses:
    """Return which daemon groups anything uses."""
    words = [
        word
        for one in configuration.named("WSGIProcessGroup", "WSGIRestrictProcess")
        for word in one.words
    ]
    users = configuration.named(
        "WSGIScriptAlias", "WSGIScriptAliasMatch", "WSGIImportScript", "WSGIHandlerScript"
    )
    words += [
        word.removeprefix("process-group=").strip('"')
        for one in users
        for word in one.words
        if word.startswith("process-group=")
    ]
    return GroupUses(
        mounted=frozenset(one.process_group for one in views.applications),
        named=frozenset(words),
        is_open=any(word.startswith("%{ENV") for word in words)
        or bool(configuration.named("WSGIDispatchScript")),
    )


def group_facts(
    group: DaemonGroup,
    views: Views,
    observation: Observation,
    uses: GroupUses,
    fitting: Mapping[str, int],
    configuration: Configuration,
) -> Table:
    """Return the facts of one daemon process group; ``fitting`` is of ``fitting_processes``."""
    where = f"WSGIDaemonProcess {group.name} at {group.location}"

    def option(name: str) -> Known[Scalar]:
        origin: Origin = "configuration" if name in group.options else "default"
        return Known(group.number(name), origin, f"{name}= of {where}")

    socket_timeout = option("socket-timeout")
    if not socket_timeout.value:
        socket_timeout = of_seconds(configuration, "Timeout", 60)
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
        "group.is_used": Known(group.name in uses.mounted, "derived", "process groups of scripts"),
        "group.listen_backlog": option("listen-backlog"),
        "group.maximum_requests": option("maximum-requests"),
        "group.queue_timeout": option("queue-timeout"),
        "group.request_timeout": option("request-timeout"),
        "group.socket_timeout": socket_timeout,
        "group.deadlock_timeout": option("deadlock-timeout"),
        "group.memory_limit": option("memory-limit"),
        "group.stack_size": stack,
        "group.startup_timeout": option("startup-timeout"),
        "group.graceful_timeout": option("graceful-timeout"),
        "group.inactivity_timeout": option("inactivity-timeout"),
        "group.restart_interval": option("restart-interval"),
        "group.virtual_memory_limit": option("virtual-memory-limit"),
        "group.response_buffer_size": option("response-buffer-size"),
        "group.loaded_late": Known(_loaded_late(group, views, configuration), "derived", where),
        "group.python_path": Known(group.options.get("python-path", ""), "configuration", where),
        **_flags(group, views, uses, where),
        "group.growth": growth_fact(observation, group.name),
        **_group_memory(group.name, observation, fitting),
        **python_home_facts(group, views, configuration),
    }


def _loaded_late(group: DaemonGroup, views: Views, configuration: Configuration) -> str:
    for one in views.applications:
        if one.process_group == group.name and not is_loaded_at_start(one, configuration):
            return one.mount
    return ""


def _flags(
    group: DaemonGroup, views: Views, uses: GroupUses, where: str
) -> dict[str, Known[Scalar]]:
    written = group.options
    earlier = itertools.takewhile(lambda one: one is not group, views.groups)
    values: dict[str, Scalar] = {
        "refusal": group.errors[0] if group.errors else "",
        "is_duplicate": any(one.name == group.name for one in earlier),
        "is_referenced": uses.is_open or group.name in uses.named,
        "is_processes_written": "processes" in written,
        "inherits_timeout": not group.number("socket-timeout"),
        "is_graceful_timeout_written": "graceful-timeout" in written,
        "has_display_name": "display-name" in written,
        "has_locale": "lang" in written or "locale" in written,
        "has_own_python_home": "python-home" in written,
    }
    return {f"group.{name}": Known(value, "configuration", where) for name, value in values.items()}


def fitting_processes(views: Views, observation: Observation) -> dict[str, int]:
    """Return how many processes of each group fit; of those whose memory is known."""
    costs, budget = observation.costs, observation.budget
    if isinstance(costs, Unknown) or isinstance(budget, Unknown) or views.settings is None:
        return {}
    return group_processes_that_fit(views.settings, costs, budget.size_bytes)


def _group_memory(name: str, observation: Observation, fitting: Mapping[str, int]) -> Table:
    costs = observation.costs
    if isinstance(costs, Unknown):
        return {"group.memory": costs, "group.processes_that_fit": costs}
    cost = costs.groups.get(name)
    if cost is None:
        unknown = Unknown(f"no process of {name} was running")
        return {"group.memory": unknown, "group.processes_that_fit": unknown}
    budget = observation.budget
    return {
        "group.memory": cost_fact(cost.size_bytes, cost.origin, cost.source),
        "group.processes_that_fit": budget
        if isinstance(budget, Unknown)
        else Known(fitting[name], "derived", "processes x (budget - the rest) / all daemons")
        if name in fitting
        else Unknown("no MPM is loaded"),
    }
