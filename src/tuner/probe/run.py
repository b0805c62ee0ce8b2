"""Run one probe: observe around it, check it, and try again where that can help."""

from tuner.probe.checks import check
from tuner.probe.context import Observer
from tuner.probe.engines import Engine
from tuner.probe.guard import Guard, no_guard
from tuner.probe.plan import ProbePlan
from tuner.probe.result import ProbeResult

LONGEST_FACTOR = 4
"""A probe that is not steady is repeated at twice the length, at most so much longer."""


def run_probe(
    plan: ProbePlan, engine: Engine, guard: Guard = no_guard, *, retry: bool = False
) -> ProbeResult:
    """Run a probe and return its result with what the validity checks found.

    With ``retry``, a probe that did not become steady is repeated at twice its
    length.
    """
    longest = plan.duration_seconds * LONGEST_FACTOR
    while True:
        observer = Observer(plan.url)
        result = engine(plan, guard)
        around = observer.finish()
        checked = result.model_copy(
            update={
                "checks": check(plan, result, around),
                "server_cores": around.server_cores,
            }
        )
        longer = plan.duration_seconds * 2
        if not retry or checked.is_steady or checked.stopped or longer > longest:
            return checked
        plan = plan.model_copy(update={"duration_seconds": longer})
