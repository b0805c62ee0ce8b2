"""The running Apache that belongs to a configuration: its parent and its processes."""

from pathlib import Path

import psutil

from tuner.apache.effective.daemons import INTERNAL_THREADS
from tuner.apache.effective.values import text
from tuner.apache.reading.state import merge_path
from tuner.apache.tree import Configuration
from tuner.errors import MeasurementError
from tuner.host.processes import Expected, ProcessMemory, process_tree
from tuner.host.warmth import Loading, judged
from tuner.pipeline.views import Views

_FRONT_INTERNAL_THREADS = 2
"""The main thread and the listener of a worker or event process."""


def find_running(
    configuration: Configuration, pid: int | None = None, live: bool | None = None
) -> int | None:
    """Return the parent process: the given one, or the one in the pid file.

    ``live`` as in ``ObserveRequest``.

    Raises:
        MeasurementError: a running server was demanded and there is none.
    """
    if live is False:
        return None
    if pid is not None:
        if not psutil.pid_exists(pid):
            raise MeasurementError(f"process {pid} is not running", hint="see --pid")
        return pid
    if configuration.root is None:
        found = _pid_in_file(pid_file(configuration))
        if found is not None:
            return found
    if live:
        raise MeasurementError(
            f"no Apache runs with this configuration (looked at {pid_file(configuration)})",
            hint="give its parent process with --pid",
        )
    return None


def pid_file(configuration: Configuration) -> Path:
    """Return where this configuration writes its pid."""
    written = text(configuration, "PidFile") or "logs/httpd.pid"
    runtime = [one for one in configuration.directives if one.key == "defaultruntimedir"]
    base = runtime[-1].words[0] if runtime and runtime[-1].words else configuration.server_root
    return Path(merge_path(merge_path(configuration.server_root, base), written))


def _pid_in_file(path: Path) -> int | None:
    try:
        pid = int(path.read_text().split()[0])
        process = psutil.Process(pid)
        running = process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except (OSError, ValueError, IndexError, psutil.Error):
        return None
    return pid if running else None


def measure_running(
    pid: int, views: Views, requests: dict[int, int] | None = None
) -> tuple[ProcessMemory, ...]:
    """Measure every process of the server, with its role and whether it is warm.

    ``requests`` are those that the scoreboard counts, by pid; a front process
    without an entry has served none.
    """
    processes = process_tree(pid, expected=expected_processes(views))
    if requests is not None:
        processes = tuple(
            one.model_copy(update={"requests": requests.get(one.pid, 0)})
            if one.role == "front"
            else one
            for one in processes
        )
    return judged(processes, loading_of(views))


def expected_processes(views: Views) -> Expected:
    """Return the numbers of threads that tell roles apart where descriptors may not be seen."""
    front: int | None = None
    if views.mpm is not None:
        front = views.mpm.threads + _FRONT_INTERNAL_THREADS if views.mpm.is_threaded else 1
    return Expected(
        groups=tuple(group.name for group in views.groups),
        front_threads=front,
        daemon_threads={group.name: group.threads + INTERNAL_THREADS for group in views.groups},
    )


def loading_of(views: Views) -> Loading:
    """Return where applications run, and where every one of them is loaded at start."""
    found: dict[str | None, bool] = {}
    for one in views.applications:
        if one.mode in ("embedded", "daemon"):
            group = None if one.mode == "embedded" else one.process_group
            found[group] = found.get(group, True) and one.is_preloaded
    preloaded = frozenset(group for group, is_preloaded in found.items() if is_preloaded)
    return Loading(serving=frozenset(found), preloaded=preloaded)
