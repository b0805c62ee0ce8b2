"""Choose among the sides of a finished race: the best that keeps every limit."""

from collections.abc import Sequence
from typing import NamedTuple

from tuner.errors import NOT_MEASURED, GuardStop
from tuner.pipeline.optimise.laboratory import Laboratory
from tuner.pipeline.optimise.overload import probe_overload
from tuner.pipeline.optimise.race import Runner, in_order
from tuner.pipeline.optimise.result import Overload
from tuner.pipeline.optimise.verdict import objection


class Selection(NamedTuple):
    """Who is recommended, unless there is an objection."""

    runner: Runner
    overload: tuple[Overload, ...]
    """Its own probes above the load; none where the objection came before."""
    objection: str


def select(laboratory: Laboratory, runners: Sequence[Runner]) -> Selection:
    """Return the best runner that keeps all limits, above the load too; else the best.

    Raises:
        GuardStop: a limit was hit.
    """
    refused: list[Selection] = []
    ordered = in_order(
        runners,
        laboratory.request.objective,
        laboratory.costs,
        laboratory.limits.budget.size_bytes,
    )
    for runner in ordered:
        overload: tuple[Overload, ...] = ()
        why = objection(laboratory, runner)
        if not why:
            overload, why = _above_its_load(laboratory, runner)
        if not why:
            return Selection(runner, overload, "")
        laboratory.rejected.append(f"{runner.settings.describe()}: {why}")
        refused.append(Selection(runner, overload, f"the best settings measured: {why}"))
    return refused[0]


def _above_its_load(laboratory: Laboratory, runner: Runner) -> tuple[tuple[Overload, ...], str]:
    try:
        overload = probe_overload(laboratory, runner)
    except (*NOT_MEASURED, GuardStop) as error:
        return (), f"above its load {error}"
    broken = next((one for one in overload if one.problem), None)
    why = f"at {broken.factor:g} times the load {broken.problem}" if broken else ""
    return overload, why
