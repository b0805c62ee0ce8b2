"""What each kind of process costs: from a running server, or as it is given."""

from collections.abc import Collection, Sequence

from tuner.apache.effective.applications import server_mode
from tuner.capacity.memory import MemoryCosts, ProcessCost
from tuner.errors import UsageError
from tuner.fact import Unknown
from tuner.host.processes import Role
from tuner.host.profile import HIGH_PERCENTILE, MemoryProfile, RoleMemory
from tuner.host.smaps import Metric
from tuner.pipeline.running import loading_of
from tuner.pipeline.views import Views
from tuner.units import parse_size

ASSUMED_PARENT_BYTES = 4 * 2**20
ASSUMED_FRONT_BYTES = 6 * 2**20
"""A front process without an application: 4 to 6 MB USS, measured on Debian 12
with mod_wsgi loaded, prefork and event."""
FRONT_REQUEST_BYTES = 64 * 2**10
DAEMON_REQUEST_BYTES = 48 * 2**10
"""A request in flight: pools, buffers, touched stack, allocator arena. 45 to 62 KB in
front processes, 42 KB in daemons, measured on Debian 12 with small responses; what an
application keeps for each thread comes on top."""

_REQUEST_BYTES: dict[Role, int] = {
    "front": FRONT_REQUEST_BYTES,
    "daemon": DAEMON_REQUEST_BYTES,
}
_METRICS: dict[Metric, str] = {
    "uss": "USS",
    "anonymous": "anonymous memory (USS is not readable)",
    "rss": "RSS (nothing better is readable)",
}


def costs_from_profile(
    profile: MemoryProfile, groups: Sequence[str], serving: Collection[str | None] | None = None
) -> MemoryCosts:
    """Return what each kind of process costs, from measured processes.

    ``serving`` are the groups that load applications, None among them stands for
    the front; where it is not given, all may.
    """
    front, helpers = profile.of("front"), profile.of("other")
    seen = 0 if front is None or front.is_cold else 1
    return MemoryCosts(
        parent=_cost(profile.of("parent"), ASSUMED_PARENT_BYTES, loads=False),
        front=_cost(front, ASSUMED_FRONT_BYTES, seen, loads=serving is None or None in serving),
        groups={
            name: _cost(
                found,
                0,
                found.threads_worked or 0,
                loads=serving is None or name in serving,
            )
            for name in groups
            if (found := profile.of("daemon", name)) is not None
        },
        shared_bytes=profile.shared_bytes,
        helpers_bytes=helpers.uss_sum_bytes if helpers else 0,
    )


def _cost(
    found: RoleMemory | None, fallback_bytes: int, requests_seen: int = 0, *, loads: bool
) -> ProcessCost:
    if found is None:
        return ProcessCost(size_bytes=fallback_bytes, origin="assumed", source="none was running")
    which = "warm" if found.warm_processes else "cold"
    return ProcessCost(
        size_bytes=found.uss_high_bytes,
        origin="measured" if found.metric == "uss" else "assumed",
        source=f"{HIGH_PERCENTILE}th percentile of {_METRICS[found.metric]} over "
        f"{found.warm_processes or found.processes} {which} of {found.processes} processes",
        request_bytes=_REQUEST_BYTES.get(found.role, 0),
        requests_seen=requests_seen,
        kernel_bytes=found.kernel_high_bytes,
        import_bytes=found.import_peak_bytes if loads and not found.is_cold else 0,
    )


def known_costs(
    views: Views, profile: MemoryProfile | None, app_memory: Sequence[str]
) -> MemoryCosts | Unknown:
    """Return measured costs, else given ones, else why there are none.

    Raises:
        UsageError: ``app_memory`` cannot be understood.
    """
    names = [group.name for group in views.groups]
    given = _app_memory(app_memory, names)
    if given:
        return _given_costs(views, given)
    if profile is None:
        return Unknown("no server is running here and --app-memory is not given")
    serving = loading_of(views).serving
    cold = [
        "front" if group is None else f"daemon {group}"
        for group in sorted(serving, key=lambda name: name or "")
        if (role := profile.of("front" if group is None else "daemon", group)) and role.is_cold
    ]
    if cold:
        return Unknown(
            f"{', '.join(cold)}: no process has loaded the application yet; send requests first, "
            "or tuner measure --warm URL, or give --app-memory"
        )
    return costs_from_profile(profile, names, serving)


def _given_costs(views: Views, given: dict[str | None, int]) -> MemoryCosts:
    default = given.get(None)
    parent = ProcessCost(
        size_bytes=ASSUMED_PARENT_BYTES, origin="assumed", source="a parent without applications"
    )
    front = ProcessCost(
        size_bytes=ASSUMED_FRONT_BYTES, origin="assumed", source="a front process without Python"
    )
    if server_mode(views.applications) in ("embedded", "mixed") and default is not None:
        front = ProcessCost(size_bytes=default, origin="given", source="--app-memory")
    groups: dict[str, ProcessCost] = {}
    for group in views.groups:
        size = given.get(group.name, default)
        if size is not None:
            groups[group.name] = ProcessCost(size_bytes=size, origin="given", source="--app-memory")
    return MemoryCosts(parent=parent, front=front, groups=groups)


def _app_memory(values: Sequence[str], groups: Sequence[str]) -> dict[str | None, int]:
    """Parse ``SIZE`` and ``SIZE@GROUP``."""
    found: dict[str | None, int] = {}
    for value in values:
        size, at, group = value.partition("@")
        if at and group not in groups:
            known = ", ".join(groups) or "none"
            raise UsageError(
                f"--app-memory {value}: no daemon process group {group!r}",
                hint=f"there are: {known}",
            )
        found[group if at else None] = parse_size(size)
    return found
