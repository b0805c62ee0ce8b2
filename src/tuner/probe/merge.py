"""What several shards measured, merged exactly into one result.

The warm-up is cut where the throughput becomes steady; percentiles are of the sum
of all histograms, never means of percentiles.
"""

from collections import Counter
from collections.abc import Sequence

from tuner.probe.histogram import Latency, encode, new_histogram, record_counts, summarise
from tuner.probe.plan import ProbePlan
from tuner.probe.result import Censored, ClientLoad, ProbeResult
from tuner.probe.shards import Document
from tuner.probe.steady import drift, steady_from


def merge(engine: str, plan: ProbePlan, documents: Sequence[Document]) -> ProbeResult:
    """Merge what the shards measured into one result."""
    window = float(documents[0]["window_seconds"])
    elapsed = min(float(one["elapsed_seconds"]) for one in documents)
    series = _series(documents, max(1, int(elapsed / window)))
    first = round(plan.warmup_seconds / window)
    if first >= len(series):
        first = 0  # ended within the warm-up: better all of it than nothing
    steady = steady_from(series[first:])
    cut = first + steady.cut
    measured = max(elapsed - cut * window, 1e-9)
    histogram = new_histogram()
    errors: Counter[str] = Counter()
    for document in documents:
        for number, counts in document["windows"].items():
            if int(number) >= cut:
                record_counts(histogram, {int(value): n for value, n in counts.items()})
        for number, kinds in document["errors"].items():
            if int(number) >= cut:
                errors.update(kinds)
    good = int(histogram.get_total_count())
    return ProbeResult(
        engine=engine,
        mode=plan.mode,
        concurrency=plan.concurrency,
        rate=plan.rate,
        elapsed_seconds=measured,
        discarded_seconds=cut * window,
        is_steady=steady.is_steady,
        drift=drift(series[cut:]),
        requests=good + errors.total(),
        good=good,
        throughput=good / measured,
        latency=summarise(histogram),
        connect=_summary_of(documents, "connect"),
        histogram=encode(histogram),
        errors=dict(sorted(errors.items())),
        statuses=_statuses(documents),
        body_bytes=sum(one["bytes"] for one in documents),
        mismatches=sum(one["mismatches"] for one in documents),
        keep_alive_races=sum(one["races"] for one in documents),
        connections_opened=sum(one["opened"] for one in documents),
        censored=_censored(documents),
        backlog=sum(one["backlog"] for one in documents),
        fairness=_jain([n for one in documents for n in one["per_connection"]]),
        client=_client_load(documents, cut),
        series=tuple(series),
    )


def _series(documents: Sequence[Document], length: int) -> list[int]:
    series = [0] * length
    for document in documents:
        for number, counts in document["windows"].items():
            if int(number) < length:
                series[int(number)] += sum(counts.values())
    return series


def _statuses(documents: Sequence[Document]) -> dict[int, int]:
    found: Counter[int] = Counter()
    for document in documents:
        found.update({int(status): n for status, n in document["statuses"].items()})
    return dict(sorted(found.items()))


def _summary_of(documents: Sequence[Document], name: str) -> Latency | None:
    histogram = new_histogram()
    for document in documents:
        record_counts(histogram, {int(value): n for value, n in document[name].items()})
    return summarise(histogram)


def _censored(documents: Sequence[Document]) -> Censored:
    ages = [age for one in documents for age in one["censored"]]
    return Censored(count=len(ages), max_age_seconds=max(ages, default=0) / 1e6)


def _jain(counts: Sequence[int]) -> float | None:
    squares = sum(count * count for count in counts)
    return sum(counts) ** 2 / (len(counts) * squares) if squares else None


def _client_load(documents: Sequence[Document], cut: int) -> ClientLoad:
    shares: list[tuple[float, float]] = []
    for document in documents:
        usage = document["usage"]
        first, last = usage[max(0, min(cut, len(usage) - 2))], usage[-1]
        seconds = max(last[0] - first[0], 1e-9)
        shares.append(((last[1] - first[1]) / seconds, (last[2] - first[2]) / seconds))
    lag = _summary_of(documents, "lags")
    return ClientLoad(
        cpu_share=max(share[0] for share in shares),
        queue_share=max(share[1] for share in shares),
        lag_p99_seconds=lag.p99_seconds if lag else None,
        lag_max_seconds=lag.max_seconds if lag else None,
        processes=len(documents),
    )
