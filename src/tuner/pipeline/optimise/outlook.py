"""What limits the recommendation, and what another machine would change."""

from tuner.capacity.settings import Settings
from tuner.pipeline.optimise.result import Outlook
from tuner.search.model import ThroughputModel
from tuner.search.space import Point, Space


def outlook_of(model: ThroughputModel, space: Space, settings: Settings) -> Outlook | None:
    """Ask the fitted model; None where no setting fits the budget."""
    point = space.model_copy(update={"today": settings}).start
    now = best_throughput(model, space)
    if not now:
        return None
    more_memory = space.model_copy(update={"budget_bytes": 2 * space.budget_bytes})
    more_cores = space.model_copy(update={"cores": space.cores + 1})
    return Outlook(
        limit=model.limit(point),
        predicted_throughput=model.throughput(point),
        one_more_core=best_throughput(model, more_cores) / now,
        twice_the_memory=best_throughput(model, more_memory) / now,
    )


def best_throughput(model: ThroughputModel, space: Space) -> float:
    """Return the model's best throughput over the points of a space; 0 when none fits."""
    points = (
        Point(processes=processes, threads=threads)
        for processes in space.process_levels()
        for threads in space.thread_levels()
    )
    return max(
        (model.throughput(one, cores=space.cores) for one in points if space.allows(one)),
        default=0.0,
    )
