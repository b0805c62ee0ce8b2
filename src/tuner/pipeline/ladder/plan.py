"""The plan of a ladder in words, before anything is sent."""

from tuner.pipeline.ladder.climb import SETTLE_SECONDS, check_machine, shown
from tuner.pipeline.ladder.request import LadderRequest
from tuner.probe.manners import demand_within, hosts_away, planned_seconds
from tuner.probe.outsider import ASK_SECONDS
from tuner.probe.plan import USER_AGENT

_SHOWN_PATHS = 5


def describe(request: LadderRequest, *, verbose: bool) -> str:
    """Return the plan and what this machine lacks for it; ``verbose``: all limits.

    Raises:
        UsageError: it goes beyond the limits.
    """
    plans = request.plans()
    demand_within(request.limits, plans)
    first, limits = plans[0], request.limits
    seconds = planned_seconds(plans) + SETTLE_SECONDS * len(plans)
    steps = ", ".join(one.label for one in request.loads)
    kind = "clients" if first.rate is None else f"over {first.concurrency} connections"
    lines = [
        f"plan: {len(plans)} probes of {first.warmup_seconds:g} + {first.duration_seconds:g} s, "
        f"about {seconds:.0f} s: {steps} {kind}",
        *(
            f"  {one.name}: {one.url}, Host {request.plan(one, request.loads[0]).host}"
            for one in request.targets
        ),
    ]
    if verbose:
        mix = [
            f"  {shown(one)}, weight {one.weight:g}"
            + (f", {len(one.body)} bytes" if one.body else "")
            for one in first.requests
        ]
        lines += mix[:_SHOWN_PATHS]
        if len(mix) > _SHOWN_PATHS:
            lines.append(f"  and {len(mix) - _SHOWN_PATHS} more")
        away = hosts_away(one.url for one in request.targets)
        rate = f", {limits.rate:g} requests/s" if limits.rate is not None else ""
        lines += [
            f"engine {request.engine}, User-Agent {USER_AGENT}",
            f"limits: {limits.requests} requests, {limits.seconds:.0f} s, "
            f"{limits.connections} connections{rate}",
            f"stops when over {limits.error_share:.0%} of the requests fail, a request beside the "
            f"load (one every {ASK_SECONDS:g} s) waits over {limits.wait_seconds:g} s, or less "
            f"than {limits.free_memory_share:.0%} of the memory is available",
            f"not on loopback: {', '.join(away)}" if away else "all targets are on loopback",
        ]
    lines += [
        f"{one.verdict}: {one.message}" + (f"; {one.advice}" if one.advice else "")
        for one in check_machine(request)
        if verbose or one.verdict != "enough"
    ]
    return "\n".join(lines) + "\n"
