"""An embedded application as a daemon process group of its own, with its own best size."""

from collections.abc import Callable
from dataclasses import replace

from tuner.apache.read import read
from tuner.errors import NOT_MEASURED, GuardStop, UsageError
from tuner.pipeline.optimise.alternatives.beside import Other, beside, failed
from tuner.pipeline.optimise.laboratory import Laboratory
from tuner.pipeline.optimise.race import Runner
from tuner.pipeline.optimise.result import Alternative
from tuner.pipeline.optimise.searching import search_settings
from tuner.pipeline.running import loading_of
from tuner.pipeline.target import find_target
from tuner.pipeline.views import views_of

GROUP = "tuner"
NAME = "daemon mode"
_PROBES = 6


def try_daemon_mode(
    laboratory: Laboratory, winner: Runner, is_time_up: Callable[[], bool]
) -> tuple[Alternative, ...]:
    """Search processes and threads of a daemon process group for an embedded application.

    The group is added to the server as httpd's ``-c`` would.
    """
    if not laboratory.bench.target.is_embedded:
        why = "no application of these requests runs in the front processes"
        return (failed(NAME, winner.settings, why),)
    request, machine = laboratory.request, laboratory.limits.machine
    added = (*request.read.after, *_directives(1, 15))
    tree = read(replace(request.read, after=added))
    views = views_of(tree, machine.cores)
    try:
        target = find_target(tree, views, request.host, request.paths, request.headers)
    except UsageError as error:
        return (failed(NAME, winner.settings, str(error)),)
    if target.groups != (GROUP,) or target.is_embedded:
        why = "WSGIProcessGroup in the configuration keeps the application where it is"
        return (failed(NAME, winner.settings, why),)
    # What is known of the front holds for processes with the application in them.
    known = laboratory.limits.known
    known = known.without_front("without the application") if known else None
    other = Laboratory(
        tree,
        views,
        replace(laboratory.bench, target=target, loading=loading_of(views)),
        laboratory.limits.model_copy(update={"known": known}),
        replace(request, max_probes=_PROBES),
        laboratory.say,
        prefix="beside-daemon-",
    )
    try:
        other.calibrate()
        searched = search_settings(other, target, machine, is_time_up)
    except (*NOT_MEASURED, GuardStop) as error:
        return (failed(NAME, winner.settings, str(error)),)
    if not searched.candidates:
        return (failed(NAME, winner.settings, "no size tried meets the objective"),)
    best = searched.candidates[0].settings
    (size,) = (one for one in best.groups if one.name == GROUP)
    directives = _directives(size.processes, size.threads)
    return (beside(laboratory, winner, Other(NAME, "daemon", other, tree, best, directives)),)


def _directives(processes: int, threads: int) -> tuple[str, ...]:
    return (
        f"WSGIDaemonProcess {GROUP} processes={processes} threads={threads}",
        f"WSGIProcessGroup {GROUP}",
        "WSGIApplicationGroup %{GLOBAL}",
    )
