"""Let a search engine ask, let the laboratory answer; one daemon group after the other."""

from collections.abc import Callable
from dataclasses import dataclass

from tuner.capacity.settings import Settings
from tuner.host.machine import Machine
from tuner.pipeline.optimise.laboratory import Laboratory
from tuner.pipeline.target import Target
from tuner.search.engines import Search, search_engine
from tuner.search.model import Observed, ThroughputModel, fit_model
from tuner.search.space import Point, Space
from tuner.search.trial import Trial

_CANDIDATES = 3


@dataclass(frozen=True, slots=True)
class Searched:
    """What a search leaves for the race."""

    candidates: tuple[Trial, ...]
    """Feasible, the best first."""
    stopped: str
    space: Space
    """That of the last group, with what processes turned out to cost."""
    model: ThroughputModel


def search_settings(
    laboratory: Laboratory, target: Target, machine: Machine, is_time_up: Callable[[], bool]
) -> Searched:
    """Search the front, or each daemon group of the target with the others held.

    The groups are taken in the order of their share of the requests; each gets its
    share of the trials, and starts from the best settings of those before it.
    """
    groups: tuple[str | None, ...] = target.groups or (None,)
    incumbent: Trial | None = None
    for number, group in enumerate(groups):
        share = target.share_of(group)
        space = _space(laboratory, target, machine, group, share)
        if incumbent is not None:
            space = space.model_copy(update={"today": incumbent.settings})
        left = laboratory.request.max_probes - len(laboratory.trials)
        trials = max(1, left // (len(groups) - number))
        search = search_engine(laboratory.request.search)(
            space,
            laboratory.request.objective,
            laboratory.demand,
            trials,
            has_lock=target.application is not None,
        )
        if incumbent is not None:
            search.seed(space.start, incumbent)
        observed = _run(search, laboratory, is_time_up)
        incumbent = search.best or incumbent
    return Searched(
        candidates=tuple(search.candidates(_CANDIDATES)),
        stopped=search.stopped or "the time limit was near",
        space=search.space,
        model=fit_model(
            laboratory.demand,
            observed,
            cores=search.space.cores,
            concurrency=search.space.concurrency,
            has_lock=target.application is not None,
            share=search.space.share,
        ),
    )


def _run(search: Search, laboratory: Laboratory, is_time_up: Callable[[], bool]) -> list[Observed]:
    observed: list[Observed] = []
    while (point := search.ask()) is not None:
        if laboratory.trials and is_time_up():
            laboratory.say("the search stops here: the time limit is near")
            break
        trial = laboratory.trial(settings_at(search.space, point))
        search.tell(trial)
        if not trial.failed:
            observed.append(Observed(point, trial.throughput))
        search.space = search.space.model_copy(
            update={"costs": laboratory.costs, "budget_bytes": laboratory.budget_bytes}
        )
    return observed


def settings_at(space: Space, point: Point) -> Settings:
    """Return the settings of a point; today's own where it is today's."""
    return space.today if point == space.start else space.settings(point)


def _space(
    laboratory: Laboratory, target: Target, machine: Machine, group: str | None, share: float
) -> Space:
    return Space(
        today=laboratory.today,
        group=group,
        costs=laboratory.costs,
        budget_bytes=laboratory.budget_bytes,
        cores=machine.cores,
        concurrency=max(1, round(share * laboratory.request.concurrency)),
        share=share,
        fixed_pool=target.is_embedded,
    )
