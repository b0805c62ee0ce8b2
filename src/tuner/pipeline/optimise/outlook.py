"""What limits the recommendation, and what another machine would change."""

from tuner.capacity.settings import Settings
from tuner.pipeline.optimise.result import Outlook
from tuner.pipeline.optimise.searching import Searched
from tuner.search.space import Point, Space


def outlook_of(searched: Searched, settings: Settings) -> Outlook | None:
    """Ask the fitted model; None where the settings are not a point of the space."""
    space, model = searched.space, searched.model
    point = space.model_copy(update={"today": settings}).start
    now = best_throughput(searched, space, None)
    if not now:
        return None
    more_memory = space.model_copy(update={"budget_bytes": 2 * space.budget_bytes})
    more_cores = space.model_copy(update={"cores": space.cores + 1})
    return Outlook(
        limit=model.limit(point),
        predicted_throughput=model.throughput(point),
        one_more_core=best_throughput(searched, more_cores, space.cores + 1) / now,
        twice_the_memory=best_throughput(searched, more_memory, None) / now,
    )


def best_throughput(searched: Searched, space: Space, cores: int | None) -> float:
    """Return the model's best throughput over the points of a space; 0 when none fits."""
    points = (
        Point(processes=processes, threads=threads)
        for processes in space.process_levels()
        for threads in space.thread_levels()
    )
    return max(
        (searched.model.throughput(one, cores=cores) for one in points if space.allows(one)),
        default=0.0,
    )
