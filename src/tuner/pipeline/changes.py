"""The changes that lead from today's settings to others."""

from tuner.apache.changes import Change, SetDirective, SetOption
from tuner.capacity.settings import FrontSettings, Settings

_COMMON = (
    ("ServerLimit", "server_limit"),
    ("ThreadLimit", "thread_limit"),
    ("ThreadsPerChild", "threads_per_child"),
    ("MaxRequestWorkers", "max_request_workers"),
    ("StartServers", "start_servers"),
)
_SPARE = {
    "prefork": (("MinSpareServers", "min_spare"), ("MaxSpareServers", "max_spare")),
    "worker": (("MinSpareThreads", "min_spare"), ("MaxSpareThreads", "max_spare")),
    "event": (("MinSpareThreads", "min_spare"), ("MaxSpareThreads", "max_spare")),
}


def changes_between(today: Settings, wanted: Settings) -> tuple[Change, ...]:
    """Return what has to be set, and nothing that stays as it is."""
    return (*_front(today.front, wanted.front), *_groups(today, wanted))


def _front(today: FrontSettings, wanted: FrontSettings) -> list[Change]:
    return [
        SetDirective(name=name, value=str(getattr(wanted, field)))
        for name, field in (*_COMMON, *_SPARE[wanted.mpm])
        if getattr(wanted, field) is not None and getattr(wanted, field) != getattr(today, field)
    ]


def _groups(today: Settings, wanted: Settings) -> list[Change]:
    known = {group.name: group for group in today.groups}
    changes: list[Change] = []
    for group in wanted.groups:
        before = known[group.name]
        if group.processes != before.processes:
            changes.append(
                SetOption(group=group.name, option="processes", value=str(group.processes))
            )
        if group.threads != before.threads:
            changes.append(SetOption(group=group.name, option="threads", value=str(group.threads)))
    return changes
