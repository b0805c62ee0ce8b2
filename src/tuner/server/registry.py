"""Directories of running shadows, so that nothing outlives a tuner that was killed.

``/tmp/tuner-UID/ID/owner.json`` names the tuner and the httpd by pid and start
time. A directory whose tuner is gone is a leftover: its httpd is ended by that
pid and start time (and its process group), never by name, and it is removed.
"""

import contextlib
import json
import os
import shutil
import signal
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import psutil

from tuner.server.places import make_base_directory, shadow_directories

_OWNER = "owner.json"
_STOP_SECONDS = 3.0
"""httpd itself kills what does not stop within 10 s (mpm_unix.c): with mod_wsgi 4.9 those are
event's children whenever an application in them has used threads. Nobody else uses a shadow."""

_ORPHAN_SECONDS = 1.0
"""What outlives its parent gets this long to end by itself."""

_KILL_SECONDS = 3.0

_NEW_SECONDS = 60.0
"""A directory without an owner may be one that another tuner has just made."""

_START_TIME_TOLERANCE_SECONDS = 0.05


def new_directory() -> Path:
    """Make the directory of one shadow, owned by this process."""
    directory = _make_unique()
    # httpd's user must get at its sockets, whatever the umask is; logs are opened by the parent.
    for path, mode in ((directory, 0o755), (directory / "run", 0o755), (directory / "logs", 0o700)):
        path.mkdir(exist_ok=True)
        path.chmod(mode)
    _write_owner(directory, None)
    return directory


def _make_unique() -> Path:
    """Make an empty directory; another tuner that ends may remove the base meanwhile."""
    while True:
        directory = make_base_directory() / uuid.uuid4().hex[:8]
        with contextlib.suppress(FileExistsError, FileNotFoundError):
            directory.mkdir()
            return directory


def remove_directory(directory: Path) -> None:
    """Remove the directory of a shadow, and the base when it was the last."""
    shutil.rmtree(directory, ignore_errors=True)
    with contextlib.suppress(OSError):
        directory.parent.rmdir()


def record_httpd(directory: Path, pid: int) -> None:
    """Note which httpd runs in a directory."""
    _write_owner(directory, pid)


def _write_owner(directory: Path, httpd_pid: int | None) -> None:
    owner = {"tuner": _identity(os.getpid()), "httpd": _identity(httpd_pid)}
    temporary = directory / f".{_OWNER}"
    temporary.write_text(json.dumps(owner))
    temporary.replace(directory / _OWNER)


def _identity(pid: int | None) -> list[float] | None:
    if pid is None:
        return None
    try:
        return [pid, psutil.Process(pid).create_time()]
    except psutil.NoSuchProcess:
        return None


def _process(identity: list[float] | None) -> psutil.Process | None:
    """Return the process if it still is the one that was recorded."""
    if not identity:
        return None
    try:
        process = psutil.Process(int(identity[0]))
        if abs(process.create_time() - identity[1]) > _START_TIME_TOLERANCE_SECONDS:
            return None
        return None if process.status() == psutil.STATUS_ZOMBIE else process
    except psutil.NoSuchProcess:
        return None


def end_leftovers() -> list[str]:
    """End and remove what killed tuners left behind; return one line for each."""
    said: list[str] = []
    for directory in shadow_directories():
        owner = _owner_of(directory)
        if owner is None or _process(owner.get("tuner")) is not None:
            continue
        ended = end_group(owner.get("httpd"))
        remove_directory(directory)
        said.append(f"removed {directory}, left by a tuner that was killed ({ended} processes)")
    return said


def _owner_of(directory: Path) -> dict[str, list[float] | None] | None:
    """Return who owns a directory: nobody ({}) or, when it is new or gone by now, None."""
    try:
        owner: dict[str, list[float] | None] = json.loads((directory / _OWNER).read_text())
        return owner
    except (OSError, ValueError):
        with contextlib.suppress(FileNotFoundError):
            return {} if time.time() - directory.lstat().st_mtime >= _NEW_SECONDS else None
        return None


def end_group(identity: list[float] | None) -> int:
    """End an httpd and everything in its process group; return how many were ended.

    The group is the parent's pid: tuner starts httpd as the leader of its own
    session, so nothing else can be in it.
    """
    if not identity:
        return 0
    count = len(list(_members(identity)))
    parent = _process(identity)
    hung: list[psutil.Process] = []
    if parent is not None:
        with contextlib.suppress(psutil.NoSuchProcess):
            parent.send_signal(signal.SIGTERM)
        _, hung = psutil.wait_procs([parent], timeout=_STOP_SECONDS)
    _wait_for_members(identity, 0 if hung else _ORPHAN_SECONDS)
    for process in _members(identity):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    _wait_for_members(identity, _KILL_SECONDS)
    return count


def _wait_for_members(identity: list[float], timeout_seconds: float) -> None:
    """Wait until all have ended; whether somebody has collected them does not matter."""
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline and any(_members(identity)):
        time.sleep(0.02)


def _members(identity: list[float]) -> Iterator[psutil.Process]:
    group, started = int(identity[0]), identity[1]
    for process in psutil.process_iter():
        try:
            if (
                os.getpgid(process.pid) == group
                and process.create_time() >= started - _START_TIME_TOLERANCE_SECONDS
                and process.status() != psutil.STATUS_ZOMBIE
            ):
                yield process
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
