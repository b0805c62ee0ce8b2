"""What this machine can do for a plan, before the load: limits, and how to raise them."""

import math
import resource
from collections.abc import Sequence
from typing import Literal

from tuner.host.network import TcpState
from tuner.probe.plan import ProbePlan, Value

SPARE_DESCRIPTORS = 64
TIME_WAIT_SECONDS = 60
"""The kernel's fixed TCP_TIMEWAIT_LEN."""
USABLE_SHARE = 0.8
FAST_CONNECTS = 1000
"""Connections a second that are assumed for a closed loop without keep-alive."""


class Preflight(Value):
    """One limit of this machine against the plan."""

    name: str
    verdict: Literal["enough", "tight", "too low"]
    message: str
    advice: str = ""
    """How to raise it; empty when it is enough."""


class ClientLimits(Value):
    """What the kernel allows this process."""

    descriptors_soft: int
    """-1 for no limit, as the next."""
    descriptors_hard: int
    cores: int


def client_limits(cores: int) -> ClientLimits:
    """Read this process's limits."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return ClientLimits(descriptors_soft=soft, descriptors_hard=hard, cores=cores)


def preflight(
    plans: Sequence[ProbePlan], limits: ClientLimits, tcp: TcpState, *, is_local: bool
) -> tuple[Preflight, ...]:
    """Compare the plans with the limits; one entry for each limit, good ones too."""
    found = [descriptors(plans, limits), ports(plans, tcp), time_wait_reuse(plans, tcp, is_local)]
    if is_local:
        found += [listen_queue(plans, tcp), cores(plans, limits)]
    return tuple(found)


def descriptors(plans: Sequence[ProbePlan], limits: ClientLimits) -> Preflight:
    """Compare open files: each connection is one of a load process (ulimit -n)."""
    needed = max(math.ceil(one.concurrency / one.processes) for one in plans) + SPARE_DESCRIPTORS
    hard, soft = limits.descriptors_hard, limits.descriptors_soft
    if 0 <= hard < needed:
        return Preflight(
            name="descriptors",
            verdict="too low",
            message=f"{needed} open files are needed, the hard limit is {hard}",
            advice=f"ulimit -Hn {needed} as root before, LimitNOFILE={needed} in a unit, "
            "or more --processes",
        )
    raised = f", raised from {soft} by tuner itself" if 0 <= soft < needed else ""
    allowed = "unlimited" if hard < 0 else str(hard)
    return Preflight(
        name="descriptors",
        verdict="enough",
        message=f"{needed} open files are needed of {allowed}{raised}",
    )


def ports(plans: Sequence[ProbePlan], tcp: TcpState) -> Preflight:
    """Compare ports: each connection to one address and port holds a local one."""
    held = max(one.concurrency for one in plans)
    usable = int(USABLE_SHARE * tcp.ports)
    free = max(0, tcp.ports - tcp.time_wait)
    message = (
        f"{held} local ports are needed at once of {tcp.ports} "
        f"({tcp.port_first} to {tcp.port_last}), {tcp.time_wait} are in TIME_WAIT"
    )
    if held <= min(usable, free):
        return Preflight(name="ports", verdict="enough", message=message)
    return Preflight(
        name="ports",
        verdict="too low" if held > tcp.ports else "tight",
        message=message,
        advice="sysctl net.ipv4.ip_local_port_range='1024 65535', or wait a minute",
    )


def time_wait_reuse(plans: Sequence[ProbePlan], tcp: TcpState, is_local: bool) -> Preflight:
    """Tell when ports come back without keep-alive: after a minute, or a second with reuse.

    tcp_tw_reuse: 1 everywhere, 2 on loopback (ip-sysctl.rst). Who closes first holds
    the TIME_WAIT; the load asks for ``Connection: close``, so that is the server.
    """
    closing = [one for one in plans if not one.keep_alive]
    reuses = tcp.reuse_time_wait == 1 or (tcp.reuse_time_wait == 2 and is_local)
    if not closing:
        message = "connections are kept alive, few ports come into TIME_WAIT"
    elif reuses:
        message = f"net.ipv4.tcp_tw_reuse is {tcp.reuse_time_wait}: ports come back after a second"
    else:
        rate = max(one.rate or FAST_CONNECTS for one in closing)
        needed = int(rate * min(TIME_WAIT_SECONDS, max(1.0, _seconds(closing))))
        message = (
            f"about {needed} of {tcp.ports} ports pass through TIME_WAIT if the client closes first"
        )
        if needed > USABLE_SHARE * tcp.ports:
            return Preflight(
                name="tcp_tw_reuse",
                verdict="tight",
                message=message,
                advice="sysctl net.ipv4.tcp_tw_reuse=1, or keep connections alive",
            )
    return Preflight(name="tcp_tw_reuse", verdict="enough", message=message)


def listen_queue(plans: Sequence[ProbePlan], tcp: TcpState) -> Preflight:
    """Compare the burst of connects with somaxconn, the most that a listen queue holds."""
    burst = max(min(one.concurrency, one.connects_per_second) for one in plans)
    message = (
        f"up to {burst} connections begin within a second, net.core.somaxconn is {tcp.somaxconn}"
    )
    if burst <= tcp.somaxconn:
        return Preflight(name="somaxconn", verdict="enough", message=message)
    return Preflight(
        name="somaxconn",
        verdict="tight",
        message=message,
        advice=f"sysctl net.core.somaxconn={1 << burst.bit_length()} and the server's "
        "ListenBacklog, or start clients more slowly with --connect-rate",
    )


def cores(plans: Sequence[ProbePlan], limits: ClientLimits) -> Preflight:
    """Tell that server and load generator share this machine's cores."""
    used = max(one.processes for one in plans)
    message = (
        f"the load generator shares {limits.cores} cores with the server and uses up to {used}: "
        "rates compare settings, they are not the server's capacity"
    )
    if limits.cores > used:
        return Preflight(name="cores", verdict="enough", message=message)
    return Preflight(
        name="cores",
        verdict="tight",
        message=message,
        advice="send the load from another machine, or fewer --processes",
    )


def _seconds(plans: Sequence[ProbePlan]) -> float:
    return sum(one.warmup_seconds + one.duration_seconds for one in plans)
