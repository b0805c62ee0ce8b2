"""Facts about memory: costs, need and budget."""

from tuner.apache.effective.mpm import MpmSettings
from tuner.capacity.budget import Budget
from tuner.capacity.front import resize_front
from tuner.capacity.memory import (
    MemoryCosts,
    front_processes_that_fit,
    memory_need,
)
from tuner.capacity.settings import FrontSettings, Settings
from tuner.fact import Known, Origin, Unknown
from tuner.pipeline.facts.observed import observed_facts
from tuner.pipeline.facts.origin import Table, scalar
from tuner.pipeline.observe import Observation
from tuner.pipeline.place import ELSEWHERE
from tuner.pipeline.views import Views
from tuner.rules.expression.nodes import Scalar

_NEED = (
    "memory.parent",
    "memory.front",
    "memory.front_floor",
    "memory.need",
    "memory.need_steady",
    "memory.loading",
    "memory.restart_overlap",
    "memory.need_at_restart",
    "memory.need_as_written",
    "memory.front_processes_that_fit",
)


def memory_facts(views: Views, observation: Observation) -> Table:
    """Return costs, need and budget; unknown where nothing was measured or given."""
    costs, budget = observation.costs, observation.budget
    known: Table = {
        **_budget_facts(budget),
        **_machine_facts(observation),
        **observed_facts(observation),
        "host.cores": scalar(observation.cores),
    }
    if isinstance(costs, Unknown):
        return {**known, **dict.fromkeys(_NEED, costs)}
    if views.settings is None or views.mpm is None:
        return {**known, **dict.fromkeys(_NEED, Unknown("no MPM is loaded"))}
    return {
        **known,
        **_need_facts(views.settings, views.mpm, costs),
        "memory.front_processes_that_fit": budget
        if isinstance(budget, Unknown)
        else Known(
            front_processes_that_fit(views.settings, costs, budget.size_bytes),
            "derived",
            "(budget - everything else) / front process",
        ),
    }


def _need_facts(settings: Settings, mpm: MpmSettings, costs: MemoryCosts) -> Table:
    need = memory_need(settings, costs)
    written = memory_need(_as_written(settings, mpm), costs)
    floor = need.size_bytes - settings.front.processes * costs.front.size_bytes
    overlap = need.restart_bytes - need.steady_bytes
    origin = costs.front.origin
    old = "; ".join(f"{one.processes} x {one.name}: {one.source}" for one in need.restart)
    return {
        "memory.parent": cost_fact(
            costs.parent.size_bytes, costs.parent.origin, costs.parent.source
        ),
        "memory.front": cost_fact(costs.front.size_bytes, origin, costs.front.source),
        "memory.front_floor": Known(floor, origin, "parent, daemons, shared"),
        "memory.need": Known(need.size_bytes, origin, need.formula),
        "memory.need_steady": Known(need.steady_bytes, origin, "need without loading"),
        "memory.loading": Known(
            need.size_bytes - need.steady_bytes,
            origin,
            "peak RSS - RSS of processes that load an application at the same time",
        ),
        "memory.restart_overlap": Known(overlap, origin, old or "no old process beside new ones"),
        "memory.need_at_restart": Known(
            need.restart_bytes, origin, "need without loading + old front processes"
        ),
        "memory.need_as_written": Known(written.size_bytes, origin, written.formula),
    }


def _budget_facts(budget: Budget | Unknown) -> Table:
    if isinstance(budget, Unknown):
        names = ("memory.budget", "memory.other_services", "memory.static_files")
        return dict.fromkeys(names, budget)
    terms = {term.name: term for term in budget.terms}

    def taken(name: str) -> Known[Scalar]:
        term = terms.get(name)
        if term is None:
            return Known(0, budget.origin, "not part of the budget")
        return Known(-term.size_bytes, budget.origin, term.source)

    return {
        "memory.budget": Known(budget.size_bytes, budget.origin, budget.formula),
        "memory.other_services": taken("other services"),
        "memory.static_files": taken("static files"),
    }


def _machine_facts(observation: Observation) -> Table:
    if not observation.is_here:
        names = ("memory.physical", "memory.limit", "memory.limited_by_group")
        return dict.fromkeys(names, Unknown(ELSEWHERE))
    machine = observation.machine
    return {
        "memory.physical": Known(
            machine.memory_total_bytes, "measured", "MemTotal in /proc/meminfo"
        ),
        "memory.limit": Known(machine.memory_limit_bytes, "measured", machine.memory_limit_source),
        "memory.limited_by_group": Known(
            machine.memory_limit_bytes < machine.memory_total_bytes,
            "measured",
            machine.memory_limit_source,
        ),
    }


def cost_fact(size: int, origin: Origin, source: str) -> Known[Scalar]:
    """Return what a process costs, in bytes, with where the number comes from."""
    return Known(size, origin, source)


def _as_written(settings: Settings, mpm: MpmSettings) -> Settings:
    """Return the settings if httpd took MaxRequestWorkers as it is written."""
    return settings.model_copy(update={"front": _front_as_written(settings.front, mpm)})


def _front_as_written(front: FrontSettings, mpm: MpmSettings) -> FrontSettings:
    written = max(mpm.max_request_workers.parsed, front.threads)
    return resize_front(front, written // front.threads * front.threads)
