"""What a finished race means: whether its winner is recommended, and the words for it."""

from collections.abc import Sequence

from tuner.capacity.memory import memory_need
from tuner.pipeline.measure import latency_of
from tuner.pipeline.optimise.laboratory import Laboratory
from tuner.pipeline.optimise.race import Runner, ratio_of
from tuner.pipeline.optimise.result import Overload
from tuner.units import format_size


def judge(
    laboratory: Laboratory, today: Runner | None, winner: Runner, overload: Sequence[Overload]
) -> tuple[str, bool]:
    """Say what the race means, and whether there is something to recommend."""
    objective = laboratory.request.objective
    late = [
        one
        for one in winner.measurements
        if one.probe.error_rate > objective.max_error_rate
        or (
            objective.latency_seconds is not None
            and (latency_of(one.probe, objective.percentile) or 0) > objective.latency_seconds
        )
    ]
    if 2 * len(late) > len(winner.measurements):
        return "measured again, the best settings miss the objective", False
    need = memory_need(winner.settings, laboratory.costs).size_bytes
    if need > laboratory.budget.size_bytes:
        return (
            f"measured again, the best settings need {format_size(need)}, more than the budget",
            False,
        )
    broken = next((one for one in overload if one.problem), None)
    if broken is not None:
        return (
            f"every better setting breaks at {broken.factor:g} times the load: {broken.problem}",
            False,
        )
    ratio = ratio_of(today, winner)
    if ratio is None:
        return "today's settings do not fit the memory budget at this load; these do", True
    if not laboratory.trials[0].is_feasible(objective):
        return "today's settings miss the objective; these keep it", True
    if ratio.is_more:
        return f"throughput {ratio.describe()}", True
    return f"nothing better than today beyond noise: {ratio.describe()}", False
