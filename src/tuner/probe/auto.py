"""The engine that fits the plan: native, unless native would be what is measured.

Every result says which engine made it, and why that one.
"""

import os
import shutil
from math import ceil

from tuner.errors import TunerError
from tuner.probe import native
from tuner.probe.calibrate import native_cost_seconds
from tuner.probe.checks import CPU_DOUBT
from tuner.probe.guard import Guard, no_guard
from tuner.probe.plan import ProbePlan
from tuner.probe.result import ProbeResult

_MOST_PROCESSES = 16


def run(plan: ProbePlan, guard: Guard = no_guard) -> ProbeResult:
    """Run the probe with the engine that fits it.

    Raises:
        TunerError: as the engine that was chosen.
    """
    if plan.expect_workers:
        from tuner.probe import locust_engine

        return _because("workers join by themselves", locust_engine.run(plan, guard))
    if plan.http2 or plan.follow_redirects or plan.cookies:
        from tuner.probe import httpx_engine

        why = "HTTP/2, redirects or cookies are asked for"
        return _because(why, httpx_engine.run(plan, guard))
    if plan.workers:
        return _because("it needs nothing on the workers but Python", native.run(plan, guard))
    if plan.rate is not None:
        return _constant_rate(plan, plan.rate, guard)
    return _closed_loop(plan, guard)


def _because(why: str, result: ProbeResult) -> ProbeResult:
    return result.model_copy(update={"engine_reason": f"{result.engine}: {why}"})


def _constant_rate(plan: ProbePlan, rate: float, guard: Guard) -> ProbeResult:
    """Take as many processes as the rate needs: what one request costs is known before."""
    cost = native_cost_seconds(plan.keep_alive)
    cores = len(os.sched_getaffinity(0))
    needed = max(1, ceil(rate * cost / CPU_DOUBT))
    processes = max(plan.processes, min(needed, cores, _MOST_PROCESSES))
    load = rate * cost / processes
    why = f"{rate:g} requests a second need {load:.0%} of a core in each of {processes} processes"
    if load > CPU_DOUBT:
        why += ": it may be the limit, and no other engine keeps a higher rate"
    return _because(why, native.run(plan.model_copy(update={"processes": processes}), guard))


def _closed_loop(plan: ProbePlan, guard: Guard) -> ProbeResult:
    """Measure with native; where it was the limit itself, with what is cheaper."""
    first = native.run(plan, guard)
    share = first.client.cpu_share
    busy = f"native used {share:.0%} of a core"
    is_cut_short = first.elapsed_seconds < plan.duration_seconds / 2
    if share <= CPU_DOUBT or first.stopped or is_cut_short:
        return _because(f"it used {share:.0%} of a core", first)
    if shutil.which("wrk"):
        from tuner.probe.external import wrk

        try:
            second = wrk.run(plan, guard)
        except TunerError as refusal:
            return _because(f"it may be the limit ({busy}), and {refusal.message}", first)
        if second.throughput > first.throughput or second.stopped:
            return _because(f"{busy} and may be the limit", second)
        return _because(f"{busy}, but wrk is not faster", first)
    used = first.client.processes
    is_free = "processes" not in plan.model_fields_set and plan.concurrency >= 2 * (used + 1)
    if is_free and len(os.sched_getaffinity(0)) > used:
        more = plan.model_copy(update={"processes": used + 1})
        return _because(f"{busy} in one process less", native.run(more, guard))
    return _because(f"it may be the limit ({busy}), and wrk is not installed", first)
