"""Facts about memory: costs, need and budget."""

from tuner.apache.effective.mpm import MpmSettings
from tuner.capacity.front import resize_front
from tuner.capacity.memory import (
    front_processes_that_fit,
    memory_need,
)
from tuner.capacity.settings import FrontSettings, Settings
from tuner.fact import Known, Unknown
from tuner.pipeline.facts.origin import Table
from tuner.pipeline.observe import Observation
from tuner.pipeline.views import Views
from tuner.rules.expression.nodes import Scalar


def memory_facts(views: Views, observation: Observation) -> Table:
    """Return costs, need and budget; unknown where nothing was measured or given."""
    machine, budget, costs = observation.machine, observation.budget, observation.costs
    known: Table = {
        "memory.budget": Known(budget.size_bytes, budget.origin, budget.formula),
        "memory.limit": Known(machine.memory_limit_bytes, "measured", machine.memory_limit_source),
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
        "memory.parent": cost_fact(
            costs.parent.size_bytes, costs.parent.origin, costs.parent.source
        ),
        "memory.front": cost_fact(costs.front.size_bytes, costs.front.origin, costs.front.source),
        "memory.front_floor": Known(floor, costs.front.origin, "parent, daemons, shared"),
        "memory.need": Known(need.size_bytes, costs.front.origin, need.formula),
        "memory.need_as_written": Known(written.size_bytes, costs.front.origin, written.formula),
        "memory.front_processes_that_fit": Known(
            fitting, "derived", "(budget - everything else) / front process"
        ),
    }


def cost_fact(size: int, origin: str, source: str) -> Known[Scalar]:
    """Return what a process costs, in bytes, with where the number comes from."""
    return Known(size, origin, source)  # type: ignore[arg-type]


def _as_written(settings: Settings, mpm: MpmSettings) -> Settings:
    """Return the settings if httpd took MaxRequestWorkers as it is written."""
    return settings.model_copy(update={"front": _front_as_written(settings.front, mpm)})


def _front_as_written(front: FrontSettings, mpm: MpmSettings) -> FrontSettings:
    written = max(mpm.max_request_workers.parsed, front.threads)
    return resize_front(front, written // front.threads * front.threads)
