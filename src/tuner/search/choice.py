"""Choose among trials: by the objective, the cheaper of equals, and who races."""

from collections.abc import Mapping, Sequence

from tuner.search.trial import Objective, Trial

EQUAL_SHARE = 0.02
"""Settings within 2 % of the best are equal; the cheapest of them is preferred."""

THROUGHPUT_KEPT = 0.95
"""What the objectives latency and memory keep of the best throughput."""

_WORTH_A_RACE = 0.8
"""One probe on a busy machine may be off by a fifth: such trials may turn out equal."""


def choose(
    trials: Sequence[Trial], throughputs: Mapping[int, float], objective: Objective, count: int
) -> list[Trial]:
    """Return at most ``count`` feasible trials, the best by the objective first.

    ``throughputs`` gives requests per second by trial number, measurement errors
    evened out where that was possible. Behind the best come the fastest, the
    roomiest and the cheapest that are nearly as fast, and others of a different shape:
    what a final comparison should decide between.
    """
    feasible = [one for one in trials if one.is_feasible(objective)]
    if not feasible:
        return []
    most = max(throughputs.get(one.number, one.throughput) for one in feasible)
    share = {one.number: throughputs.get(one.number, one.throughput) / most for one in feasible}
    fastest = sorted(feasible, key=lambda one: -share[one.number])
    near = [one for one in fastest if share[one.number] >= 1 - 2 * EQUAL_SHARE]
    order = [
        _best(feasible, share, objective),
        fastest[0],
        max(near, key=lambda one: one.need_bytes),
        min(near, key=lambda one: one.need_bytes),
        *(one for one in fastest if share[one.number] >= _WORTH_A_RACE),
    ]
    return list({one.number: one for one in order}.values())[:count]


def kept_share(objective: Objective) -> float:
    """Return the share of the best throughput that settings must give to be preferred."""
    return 1 - EQUAL_SHARE if objective.goal == "throughput" else THROUGHPUT_KEPT


def _best(feasible: Sequence[Trial], share: Mapping[int, float], objective: Objective) -> Trial:
    close = [one for one in feasible if share[one.number] >= kept_share(objective)]
    if objective.goal == "latency":
        return min(close, key=lambda one: (one.latency_seconds or 0.0, one.need_bytes))
    return min(close, key=lambda one: (one.need_bytes, -share[one.number]))


def pareto_front(trials: Sequence[Trial], objective: Objective) -> tuple[int, ...]:
    """Return the numbers of the trials that no other one beats everywhere.

    Compared are throughput, latency at the objective's percentile, and memory at
    full occupancy; only trials within the error limit count.
    """
    able = [
        one
        for one in trials
        if not one.failed
        and one.latency_seconds is not None
        and one.error_rate <= objective.max_error_rate
    ]
    return tuple(one.number for one in able if not any(_beats(other, one) for other in able))


def _beats(first: Trial, second: Trial) -> bool:
    one = (-first.throughput, first.latency_seconds or 0.0, first.need_bytes)
    other = (-second.throughput, second.latency_seconds or 0.0, second.need_bytes)
    return one != other and all(a <= b for a, b in zip(one, other, strict=True))
