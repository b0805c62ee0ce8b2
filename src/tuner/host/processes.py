"""The processes of one running Apache: their roles and what each really costs.

Roles come from facts, not from names: the parent is the pid given; a daemon
process listens on its group's Unix socket and on no TCP port; a front process
holds the TCP listener; everything else below the parent is a helper.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import psutil
from pydantic import BaseModel, ConfigDict

from tuner.errors import MeasurementError
from tuner.host.sockets import ListeningSockets, held_sockets, listening_sockets

Role = Literal["parent", "front", "daemon", "other"]
Metric = Literal["uss", "anonymous"]

_DAEMON_SOCKET = re.compile(r"\.(\d+)\.(\d+)\.(\d+)\.sock$")
_DISPLAY_NAME = re.compile(r"^\(wsgi:(.*?)\)?\s*$")


class ProcessMemory(BaseModel):
    """One process at one moment; all sizes in bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pid: int
    create_time: float
    role: Role
    group: str | None
    """The daemon process group; None for other roles, or when it is not known."""
    uss_bytes: int
    """Memory that ends with the process (unique set size), swap included."""
    pss_bytes: int | None
    """USS and its share of shared pages; None without the right to read it."""
    rss_bytes: int
    swap_bytes: int
    threads: int
    cpu_seconds: float
    metric: Metric
    """``anonymous``: RssAnon + RssShmem + swap stand in for USS, a cautious estimate."""


def process_tree(parent_pid: int, group_names: Sequence[str] = ()) -> tuple[ProcessMemory, ...]:
    """Measure the parent and everything below it.

    ``group_names`` are the daemon process groups in the order of their
    definition: mod_wsgi numbers its sockets in that order. Processes that end
    while they are read are left out.

    Raises:
        MeasurementError: there is no such parent process.
    """
    try:
        parent = psutil.Process(parent_pid)
        children = parent.children(recursive=True)
    except psutil.NoSuchProcess as error:
        raise MeasurementError(f"process {parent_pid} is not running") from error
    sockets = listening_sockets(parent_pid)
    found: list[ProcessMemory] = []
    for process in (parent, *children):
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                continue
            role, group = _role(process, parent_pid, sockets, group_names)
            found.append(_measure(process, role, group))
        except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
            continue
    if not found or found[0].role != "parent":
        raise MeasurementError(f"process {parent_pid} ended while it was measured")
    return tuple(found)


def _role(
    process: psutil.Process, parent_pid: int, sockets: ListeningSockets, names: Sequence[str]
) -> tuple[Role, str | None]:
    if process.pid == parent_pid:
        return "parent", None
    held = held_sockets(process.pid)
    if held is None:
        return _role_without_sockets(process, parent_pid, names)
    if any(inode in sockets.tcp_ports for inode in held):
        return "front", None
    for inode in held:
        match = _DAEMON_SOCKET.search(sockets.unix_paths.get(inode, ""))
        if match and int(match[1]) == parent_pid:
            number = int(match[3])
            return "daemon", names[number - 1] if 0 < number <= len(names) else None
    return "other", None


def _role_without_sockets(
    process: psutil.Process, parent_pid: int, names: Sequence[str]
) -> tuple[Role, str | None]:
    """Without the right to see descriptors, only a display-name tells a daemon apart."""
    command = process.cmdline()
    match = _DISPLAY_NAME.match(command[0]) if command else None
    if match:
        group = next((name for name in names if name.startswith(match[1])), None)
        return "daemon", group
    same_program = Path(f"/proc/{process.pid}/comm").read_text()
    parent_program = Path(f"/proc/{parent_pid}/comm").read_text()
    return ("front" if same_program == parent_program else "other"), None


def _measure(process: psutil.Process, role: Role, group: str | None) -> ProcessMemory:
    with process.oneshot():
        threads = process.num_threads()
        created = process.create_time()
    metric: Metric = "uss"
    pss: int | None = None
    try:
        full = process.memory_full_info()
        uss, pss, rss, swap = full.uss + full.swap, full.pss, full.rss, full.swap
    except psutil.AccessDenied:
        metric = "anonymous"
        uss, rss, swap = _from_status(process.pid)
    return ProcessMemory(
        pid=process.pid,
        create_time=created,
        role=role,
        group=group,
        uss_bytes=uss,
        pss_bytes=pss,
        rss_bytes=rss,
        swap_bytes=swap,
        threads=threads,
        cpu_seconds=_cpu_seconds(process),
        metric=metric,
    )


def _cpu_seconds(process: psutil.Process) -> float:
    """Return CPU time in nanosecond resolution (schedstat), where the kernel keeps it.

    ``/proc/PID/stat`` counts in ticks of 10 ms, too coarse for a few short requests.
    """
    total = 0
    try:
        for task in Path(f"/proc/{process.pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        times = process.cpu_times()
        return float(times.user + times.system)
    return total / 1e9


def _from_status(pid: int) -> tuple[int, int, int]:
    """Return anonymous + shared memory + swap, RSS and swap; readable by everyone."""
    values: dict[str, int] = {}
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name in ("RssAnon", "RssShmem", "VmSwap", "VmRSS"):
            values[name] = int(rest.split()[0]) * 1024
    swap = values.get("VmSwap", 0)
    own = values.get("RssAnon", 0) + values.get("RssShmem", 0) + swap
    return own, values.get("VmRSS", 0), swap
