"""What keeps a load test from doing harm: whom it may address, and its hard limits."""

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from tuner.errors import UsageError
from tuner.probe.context import is_loopback
from tuner.probe.plan import ProbePlan, Value

MOST_CONNECTIONS_AWAY = 1000
"""Connections to a server that is not on this machine, unless the limit is raised."""


class Limits(Value):
    """Bounds of a whole run; nothing raises them while it runs."""

    requests: int = 5_000_000
    seconds: float = 1800.0
    connections: int = 10_000
    rate: float | None = None
    """Requests a second on average over a probe; None: what the server gives."""
    error_share: float = 0.5
    """A target at which more of the requests fail is not probed at a higher load."""
    wait_seconds: float = 10.0
    """A run stops when somebody outside the load waits longer for one response."""
    free_memory_share: float = 0.05
    """A run stops when less of the machine's memory is available."""


def demand_within(limits: Limits, plans: Iterable[ProbePlan]) -> None:
    """Refuse a run that is planned beyond its limits.

    Raises:
        UsageError: naming the limit and its option.
    """
    planned = list(plans)
    seconds = planned_seconds(planned)
    if seconds > limits.seconds:
        raise UsageError(
            f"the probes take {seconds:.0f} s, the limit is {limits.seconds:.0f} s",
            hint="fewer steps or repeats, a shorter --duration, or a higher --time-limit",
        )
    most = max((one.concurrency for one in planned), default=0)
    if most > limits.connections:
        raise UsageError(
            f"{most} connections are planned, the limit is {limits.connections}",
            hint="raise --max-connections if the server's owner agrees",
        )
    rate = max((one.rate or 0.0 for one in planned), default=0.0)
    if limits.rate is not None and rate > limits.rate:
        raise UsageError(f"{rate:g} requests a second are planned, --max-rate is {limits.rate:g}")


def planned_seconds(plans: Iterable[ProbePlan]) -> float:
    """Return how long probes take one after the other."""
    return sum(one.warmup_seconds + one.duration_seconds for one in plans)


def bounded(plan: ProbePlan, limits: Limits, requests_left: int) -> ProbePlan:
    """Return the plan with no more requests than are left, and than the rate allows."""
    most = min(plan.max_requests, requests_left)
    if limits.rate is not None:
        seconds = plan.warmup_seconds + plan.duration_seconds
        most = min(most, max(1, int(limits.rate * seconds)))
    return plan.model_copy(update={"max_requests": most})


def is_own_name(host: str) -> bool:
    """Tell whether a host name is an address or localhost, not the name of a site."""
    name = host.partition(":")[0] if host.count(":") < 2 else host.strip("[]")
    if name == "localhost":
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def hosts_away(urls: Iterable[str]) -> tuple[str, ...]:
    """Return the hosts of URLs that are not on loopback, in order."""
    hosts = dict.fromkeys(urlsplit(one).hostname or "" for one in urls)
    return tuple(one for one in hosts if not is_loopback(one))
