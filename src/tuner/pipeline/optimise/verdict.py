"""What a finished race means: whether its winner is recommended, and the words for it."""

from tuner.capacity.memory import memory_need
from tuner.pipeline.optimise.laboratory import Laboratory
from tuner.pipeline.optimise.race import Runner, latency_ratio_of, ratio_of
from tuner.search.choice import EQUAL_SHARE, THROUGHPUT_KEPT
from tuner.units import format_size


def objection(laboratory: Laboratory, runner: Runner) -> str:
    """Say why the settings of a runner cannot be recommended; empty when they can."""
    if runner.misses(laboratory.request.objective):
        return "measured again, they miss the objective"
    need = memory_need(runner.settings, laboratory.costs).size_bytes
    if need > laboratory.budget_bytes:
        return (
            f"measured again, they need {format_size(need)}, "
            f"more than {format_size(laboratory.budget_bytes)}"
        )
    return ""


def judge(laboratory: Laboratory, today: Runner | None, winner: Runner) -> tuple[str, bool]:
    """Say whether settings without an objection are better than today's, and how."""
    ratio = ratio_of(today, winner)
    if today is None or ratio is None:
        return f"today's settings {laboratory.trials[0].failed}; these fit", True
    objective = laboratory.request.objective
    if today.misses(objective):
        return "today's settings miss the objective; these keep it", True
    is_worth_it = ratio.is_more and ratio.estimate >= 1 + EQUAL_SHARE
    if is_worth_it and objective.goal == "throughput":
        return f"throughput {ratio.describe()}", True
    budget = laboratory.limits.budget.size_bytes
    needs = [memory_need(one.settings, laboratory.costs).size_bytes for one in (today, winner)]
    if needs[0] > budget >= needs[1]:
        return (
            f"at full occupancy today's settings need {format_size(needs[0])}, more than the "
            f"budget of {format_size(budget)}; these need {format_size(needs[1])}; "
            f"throughput {ratio.describe()}"
        ), True
    if objective.goal == "throughput":
        if ratio.is_more:
            return f"nothing gains {EQUAL_SHARE:.0%} or more: {ratio.describe()}", False
        return f"nothing better than today beyond noise: throughput {ratio.describe()}", False
    if objective.goal == "memory":
        text = (
            f"memory at full occupancy {format_size(needs[1])} instead of {format_size(needs[0])}"
        )
        is_better = needs[1] < (1 - EQUAL_SHARE) * needs[0]
    else:
        latency = latency_ratio_of(today, winner, objective.percentile)
        text = f"{objective.percentile} {latency.describe()}"
        is_better = latency.is_less
    if not is_better:
        return f"nothing better than today beyond noise: {text}", False
    if ratio.low < THROUGHPUT_KEPT:
        return (
            f"{text}, but throughput may fall below {THROUGHPUT_KEPT:.0%}: {ratio.describe()}",
            False,
        )
    return f"{text}; throughput {ratio.describe()}", True
