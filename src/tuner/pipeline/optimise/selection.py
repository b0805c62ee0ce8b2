"""Choose among the sides of a finished race: the best that is better and keeps every limit."""

from collections.abc import Sequence
from typing import NamedTuple

from tuner.errors import NOT_MEASURED, GuardStop
from tuner.pipeline.optimise.laboratory import Laboratory
from tuner.pipeline.optimise.overload import probe_overload
from tuner.pipeline.optimise.race import Runner, in_order
from tuner.pipeline.optimise.result import Overload
from tuner.pipeline.optimise.verdict import judge, objection


class Selection(NamedTuple):
    """Who is recommended, or was nearest to it."""

    runner: Runner
    verdict: str
    is_better: bool
    overload: tuple[Overload, ...] = ()
    """Its own probes above the load; none where it is not better anyway."""


def select(laboratory: Laboratory, today: Runner | None, runners: Sequence[Runner]) -> Selection:
    """Return the first by the objective that is better than today and keeps all limits.

    Where none is, the first one, with what speaks against it.
    """
    others: list[Selection] = []
    budget = laboratory.limits.budget.size_bytes
    for runner in in_order(runners, laboratory.request.objective, laboratory.costs, budget):
        why = objection(laboratory, runner)
        verdict, is_better = judge(laboratory, today, runner)
        overload: tuple[Overload, ...] = ()
        if is_better and not why:
            overload, why = _above_its_load(laboratory, runner)
        if is_better and not why:
            return Selection(runner, verdict, True, overload)
        if why:
            laboratory.rejected.append(f"{runner.settings.describe()}: {why}")
            verdict = f"the best settings measured: {why}"
        others.append(Selection(runner, verdict, False, overload))
    return others[0]


def _above_its_load(laboratory: Laboratory, runner: Runner) -> tuple[tuple[Overload, ...], str]:
    try:
        overload = probe_overload(laboratory, runner)
    except (*NOT_MEASURED, GuardStop) as error:
        return (), f"above its load {error}"
    broken = next((one for one in overload if one.problem), None)
    why = f"at {broken.factor:g} times the load {broken.problem}" if broken else ""
    return overload, why
