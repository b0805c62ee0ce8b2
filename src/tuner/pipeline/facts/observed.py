"""Facts about the memory of the server that runs now."""

from tuner.capacity.growth import Growth, Point, growth
from tuner.fact import Fact, Known, Unknown
from tuner.host.profile import MemoryProfile
from tuner.pipeline.facts.origin import Table
from tuner.pipeline.observe import Observation
from tuner.rules.expression.nodes import Scalar

_NAMES = (
    "memory.used",
    "memory.swap",
    "memory.oom_kills",
    "memory.cold_processes",
    "memory.old_processes",
    "memory.front_max",
    "memory.front_median",
    "memory.front_growth",
)


def observed_facts(observation: Observation) -> Table:
    """Return what is seen of a running server; unknown where none is measured."""
    profile = observation.profile
    if profile is None:
        return dict.fromkeys(_NAMES, Unknown("no running server is measured"))
    serving = [one for one in observation.processes if one.role in ("front", "daemon")]
    cold = [one for one in serving if one.warmth == "cold"]
    reasons = ", ".join(sorted({one.warmth_reason for one in cold}))
    return {
        "memory.used": _used(profile),
        "memory.swap": Known(profile.swap_bytes, "measured", "VmSwap of every process"),
        "memory.oom_kills": _oom_kills(observation),
        "memory.cold_processes": Known(len(cold), "measured", reasons or "every process is warm"),
        "memory.old_processes": Known(
            sum(one.is_stopping for one in serving),
            "measured",
            "front processes that listen no more",
        ),
        **_front(observation, profile),
    }


def _used(profile: MemoryProfile) -> Fact[Scalar]:
    if profile.pss_sum_bytes is None:
        return Unknown("PSS is not readable without root's rights")
    return Known(profile.pss_sum_bytes, "measured", "sum of PSS")


def _oom_kills(observation: Observation) -> Fact[Scalar]:
    counted = [one for one in observation.machine.groups if one.oom_kills is not None]
    if not counted:
        return Unknown("no control group limits memory and counts kills")
    most = max(counted, key=lambda one: one.oom_kills or 0)
    return Known(most.oom_kills or 0, "measured", f"oom_kill beside {most.source}")


def _front(observation: Observation, profile: MemoryProfile) -> Table:
    front = profile.of("front")
    names = ("memory.front_max", "memory.front_median", "memory.front_growth")
    if front is None:
        return dict.fromkeys(names, Unknown("no front process is running"))
    source = f"USS of {front.processes} processes"
    return {
        "memory.front_max": Known(front.uss_max_bytes, "measured", source),
        "memory.front_median": Known(front.uss_median_bytes, "measured", source),
        "memory.front_growth": growth_fact(observation),
    }


def growth_fact(observation: Observation, group: str | None = None) -> Fact[Scalar]:
    """Compare warm processes of a daemon group, or of the front, with each other.

    A lone look has no other series: it takes several processes, some older than others.
    """
    if observation.profile is None:
        return Unknown("no running server is measured")
    role = "daemon" if group else "front"
    points = [
        Point(one.pid, one.cpu_seconds, one.uss_bytes)
        for one in observation.processes
        if (one.role, one.group if group else None) == (role, group) and one.warmth != "cold"
    ]
    found = growth(points, "CPU second")
    if not isinstance(found, Growth):
        return found
    if not found.is_growing:
        return Known(0, "measured", f"{found.points} processes compared: no growth beyond noise")
    return Known(
        int(found.bytes_each),
        "measured",
        f"slope over {found.points} processes, at least {int(found.low_bytes)}",
    )
