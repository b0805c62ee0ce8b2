"""One run of one engine in one cell, and ratios between runs with their intervals."""

import math
import random
import statistics
from collections.abc import Sequence
from typing import Any, NamedTuple

from benchmarks.engines.apache import BODY, FILE
from tuner.errors import TunerError
from tuner.probe.engines import engine
from tuner.probe.guard import no_guard
from tuner.probe.plan import Expected, ProbePlan, Request

RESAMPLES = 2000


class Cell(NamedTuple):
    """Clients, and whether they keep their connections."""

    concurrency: int
    keep_alive: bool

    @property
    def label(self) -> str:
        """The cell in words."""
        return f"{self.concurrency} clients, {'' if self.keep_alive else 'no '}keep-alive"


CELLS = tuple(Cell(clients, keep) for keep in (True, False) for clients in (10, 100, 500))


def probe(
    name: str, url: str, cell: Cell, seconds: float, rate: float | None = None
) -> dict[str, Any]:
    """Run an engine once; what fails is in the record, not left out."""
    plan = ProbePlan(
        url=url,
        host="localhost",
        requests=(Request(path=FILE),),
        concurrency=cell.concurrency,
        keep_alive=cell.keep_alive,
        rate=rate,
        warmup_seconds=0.5,
        duration_seconds=seconds,
        connects_per_second=2000,
        processes=1,
        expected=Expected(status=200, body_bytes=len(BODY)),
    )
    record: dict[str, Any] = {"engine": name, **cell._asdict(), "rate": rate}
    try:
        result = engine(name)(plan, no_guard)
    except TunerError as error:
        return {**record, "failed": str(error)}
    latency = result.latency
    ended = result.requests / max(result.elapsed_seconds, 1e-9)
    return {
        **record,
        "requests_per_second": result.throughput,
        "ended_per_second": ended,
        "errors": result.errors,
        "mismatches": result.mismatches,
        "p50_ms": latency.p50_seconds * 1e3 if latency else None,
        "p99_ms": latency.p99_seconds * 1e3 if latency else None,
        "little": ended * latency.mean_seconds / cell.concurrency if latency else None,
        "client_cpu_share": result.client.cpu_share,
        "client_queue_share": result.client.queue_share,
        "cpu_ms_per_request": result.client.cpu_share * result.client.processes / ended * 1e3
        if ended
        else None,
    }


def ratio(pairs: Sequence[tuple[float, float]]) -> dict[str, Any] | None:
    """Return the median of first / second, with a 95 % bootstrap interval (percentiles).

    None without a pair; without an interval for fewer than three.
    """
    logs = [math.log(first / second) for first, second in pairs if first > 0 and second > 0]
    if not logs:
        return None
    found: dict[str, Any] = {"estimate": math.exp(statistics.median(logs)), "pairs": len(logs)}
    if len(logs) >= 3:
        chance = random.Random(1)
        medians = sorted(
            statistics.median(chance.choices(logs, k=len(logs))) for _ in range(RESAMPLES)
        )
        found["low"] = math.exp(medians[int(RESAMPLES * 0.025)])
        found["high"] = math.exp(medians[int(RESAMPLES * 0.975)])
    return found


def compare(
    runs: Sequence[dict[str, Any]], name: str, cell: Cell, value: str, base: str = "wrk"
) -> dict[str, Any] | None:
    """Compare an engine with another one, round by round, in one cell."""

    def by_round(which: str) -> dict[int, float]:
        return {
            run["round"]: run[value]
            for run in runs
            if run["engine"] == which
            and (run["concurrency"], run["keep_alive"]) == cell
            and run.get(value)
        }

    first, second = by_round(name), by_round(base)
    return ratio([(first[one], second[one]) for one in sorted(first.keys() & second.keys())])
