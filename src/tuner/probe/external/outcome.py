"""From what a program told to a ``ProbeResult``, and what a program cannot do."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tuner.errors import ProbeError, UsageError
from tuner.probe.external.child import Finished
from tuner.probe.histogram import Latency
from tuner.probe.plan import SAFE_METHODS, ProbePlan
from tuner.probe.result import ClientLoad, ProbeResult

NEVER_TOLD = (
    "keep-alive races",
    "connections opened",
    "steady state",
    "connect time",
    "requests in flight at the end",
)
"""What none of these programs tells."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run of a program told."""

    seconds: float
    good: int
    latency: Latency | None
    errors: Mapping[str, int] = field(default_factory=dict)
    statuses: Mapping[int, int] = field(default_factory=dict)
    body_bytes: int = 0
    backlog: int = 0
    histogram: str = ""
    unknown: tuple[str, ...] = ()


def result_of(
    engine: str, plan: ProbePlan, outcome: Outcome, finished: Finished, processes: int = 1
) -> ProbeResult:
    """Return the result of a probe from an outcome."""
    seconds = max(outcome.seconds, 1e-9)
    errors = {kind: count for kind, count in sorted(outcome.errors.items()) if count}
    return ProbeResult(
        engine=engine,
        mode=plan.mode,
        concurrency=plan.concurrency,
        rate=plan.rate,
        elapsed_seconds=outcome.seconds,
        discarded_seconds=plan.warmup_seconds,
        requests=outcome.good + sum(errors.values()),
        good=outcome.good,
        throughput=outcome.good / seconds,
        latency=outcome.latency,
        histogram=outcome.histogram,
        errors=errors,
        statuses=dict(sorted(outcome.statuses.items())),
        body_bytes=outcome.body_bytes,
        backlog=outcome.backlog,
        keep_alive_races=0,
        client=ClientLoad(
            cpu_share=finished.cpu_seconds / max(finished.seconds, 1e-9) / processes,
            processes=processes,
        ),
        unknown=(*NEVER_TOLD, *outcome.unknown),
        stopped=finished.stopped,
    )


def silent(engine: str, plan: ProbePlan, finished: Finished) -> ProbeResult:
    """Return the result of a program that was stopped before it could tell anything.

    Raises:
        ProbeError: nobody stopped it.
    """
    if not finished.stopped:
        late = "does not end" if finished.is_late else "failed"
        raise ProbeError(f"{engine} {late}: {finished.complaint}")
    outcome = Outcome(finished.seconds, 0, None, unknown=("everything: it was stopped",))
    return result_of(engine, plan, outcome, finished)


def demand(
    engine: str,
    plan: ProbePlan,
    *,
    mix: bool = False,
    rate: bool = False,
    http2: bool = False,
    body: bool = False,
) -> None:
    """Refuse what a program cannot do or gets wrong; the flags are what it can.

    Raises:
        UsageError: the plan asks for it.
    """
    asked = {
        "one path only": len(plan.requests) > 1 and not mix,
        "no constant rate": plan.rate is not None and not rate,
        "no HTTP/2": plan.http2 and not http2,
        "no request bodies or other methods": not body and _has_bodies(plan),
        "no redirects or cookies": plan.follow_redirects or plan.cookies,
        "no workers on other hosts": bool(plan.workers) or plan.expect_workers > 0,
    }
    refused = [what for what, is_refused in asked.items() if is_refused]
    if refused:
        raise UsageError(f"{engine} has {', '.join(refused)}", hint="use --engine native")


def _has_bodies(plan: ProbePlan) -> bool:
    return any(one.body or one.method not in SAFE_METHODS for one in plan.requests)
