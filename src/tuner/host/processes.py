"""The processes of one running Apache: their roles and what each really costs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import psutil
from pydantic import BaseModel, ConfigDict

from tuner.errors import MeasurementError
from tuner.host.roles import Expected, Helper, Recognised, Role, RoleSource, role_of
from tuner.host.smaps import Metric, sizes_of, status_of
from tuner.host.sockets import listening_sockets

__all__ = ["Expected", "Metric", "ProcessMemory", "Role", "process_tree"]

Warmth = Literal["warm", "cold", "unknown"]
"""Whether a process has loaded what it will serve; judged in ``warmth``."""

WORKED_SECONDS = 0.0005
"""A thread that waits for its first request has used less CPU than this: 10 to 200
microseconds; the smallest request takes more."""

KERNEL_STACK_BYTES = 16 * 2**10
"""The kernel's own stack of each thread on x86-64 (Documentation/arch/x86/kernel-stacks.rst)."""


DAEMON_HELPER_THREADS = 2
"""A daemon process of mod_wsgi 4.9 starts two threads of its own before those that
serve (wsgi_daemon_main)."""


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
    helper: Helper | None = None
    """What a process of role ``other`` is; None when that is not known."""
    role_source: RoleSource = "sockets"
    """The fact that told the role."""
    is_stopping: bool = False
    """A front process of an older generation that finishes its last requests."""
    peak_rss_bytes: int = 0
    """The largest RSS in the life of the process."""
    page_tables_bytes: int = 0
    worker_seconds: float | None = None
    """CPU of the busiest thread that serves; None when it cannot be read."""
    threads_worked: int | None = None
    """Threads that have served: in a daemon, the most requests it ever had at the
    same time, since mod_wsgi takes the last idle thread first."""
    time_slices: int | None = None
    """How often the process was run by the scheduler."""
    requests: int | None = None
    """Requests served since it started, where the scoreboard can be read."""
    warmth: Warmth = "unknown"
    warmth_reason: str = ""

    @property
    def kernel_bytes(self) -> int:
        """What the kernel keeps for the process: page tables and a stack for each thread."""
        return self.page_tables_bytes + self.threads * KERNEL_STACK_BYTES


def process_tree(
    parent_pid: int, group_names: Sequence[str] = (), expected: Expected | None = None
) -> tuple[ProcessMemory, ...]:
    """Measure the parent and everything below it.

    ``group_names`` are the daemon process groups in the order of their
    definition; ``expected`` says more and takes their place. Processes that end
    while they are read are left out.

    Raises:
        MeasurementError: there is no such parent process.
    """
    known = expected or Expected(tuple(group_names))
    try:
        parent = psutil.Process(parent_pid)
        children = parent.children(recursive=True)
    except psutil.NoSuchProcess as error:
        raise MeasurementError(f"process {parent_pid} is not running") from error
    sockets = listening_sockets(parent_pid)
    found: list[ProcessMemory] = []
    helpers: dict[int, Helper | None] = {}
    for process in (parent, *children):
        try:
            with process.oneshot():
                if process.status() == psutil.STATUS_ZOMBIE:
                    continue
                threads, below = process.num_threads(), process.ppid()
                created = process.create_time()
            role = role_of(
                process.pid, below, parent_pid, threads, sockets, known, helpers.get(below)
            )
            helpers[process.pid] = role.helper
            found.append(_measure(process, created, threads, role))
        except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
            continue
    if not found or found[0].role != "parent":
        raise MeasurementError(f"process {parent_pid} ended while it was measured")
    return tuple(found)


def _measure(
    process: psutil.Process, created: float, threads: int, role: Recognised
) -> ProcessMemory:
    sizes = sizes_of(process.pid)
    status = status_of(process.pid)
    ran = _threads_ran(process.pid)
    times = process.cpu_times()
    tasks = sorted(ran)[1 + (DAEMON_HELPER_THREADS if role.role == "daemon" else 0) :]
    workers = [ran[task][0] for task in tasks]
    return ProcessMemory(
        pid=process.pid,
        create_time=created,
        role=role.role,
        group=role.group,
        helper=role.helper,
        is_stopping=role.is_stopping,
        role_source=role.source,
        uss_bytes=sizes.uss,
        pss_bytes=sizes.pss,
        rss_bytes=sizes.rss,
        swap_bytes=sizes.swap,
        metric=sizes.metric,
        peak_rss_bytes=max(status.get("VmHWM", 0), sizes.rss),
        page_tables_bytes=status.get("VmPTE", 0),
        threads=threads,
        cpu_seconds=sum(s for s, _ in ran.values()) if ran else times.user + times.system,
        worker_seconds=max(workers, default=0.0) if ran else None,
        threads_worked=sum(s >= WORKED_SECONDS for s in workers) if ran else None,
        time_slices=sum(slices for _, slices in ran.values()) if ran else None,
    )


def _threads_ran(pid: int) -> dict[int, tuple[float, int]]:
    """Return CPU seconds and time slices by thread; empty where the kernel keeps none.

    ``schedstat`` counts nanoseconds; ``/proc/PID/stat`` counts in ticks of 10 ms,
    too coarse for a few short requests.
    """
    found: dict[int, tuple[float, int]] = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            words = (task / "schedstat").read_text().split()
            found[int(task.name)] = (int(words[0]) / 1e9, int(words[2]))
        except (OSError, ValueError, IndexError):
            continue
    return found
