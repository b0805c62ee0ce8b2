"""Facts about limits of the kernel and of the running server, and what is needed of them."""

import os
from collections.abc import Mapping

import psutil

from tuner.apache.effective.daemons import INTERNAL_THREADS
from tuner.apache.effective.mpm import MpmSettings
from tuner.apache.effective.values import number
from tuner.apache.tree import Configuration
from tuner.fact import Fact, Known, Unknown
from tuner.host import kernel
from tuner.host.cgroup import Limit, memory_limits, pids_limit, working_set
from tuner.pipeline.facts.origin import Table, scalar
from tuner.pipeline.observe import Observation
from tuner.pipeline.place import ELSEWHERE
from tuner.pipeline.views import Views
from tuner.rules.expression.nodes import Scalar

_FRONT_INTERNAL_THREADS = 2
"""Listener and main thread of a worker or event process."""

_OTHER_FILES = 64
"""Libraries, pipes, listening sockets, random numbers, the pollset."""

_STACK_BYTES = 8 * 2**20
_NO_LIMIT = 2**62


def kernel_facts(configuration: Configuration, views: Views, observation: Observation) -> Table:
    """Return the limits that were found and what the configuration needs of them."""
    return {
        **(_machine(observation) if observation.is_here else _unknown_machine()),
        **_process(configuration, observation),
        **_demand(configuration, views),
    }


_MACHINE_NAMES = (
    *kernel.SYSCTLS,
    "ports",
    "time_wait",
    "huge_pages",
    "available",
    "commit_limit",
    "committed",
    "cpus",
    "memory_total",
)


def _unknown_machine() -> Table:
    return dict.fromkeys((f"kernel.{name}" for name in _MACHINE_NAMES), Unknown(ELSEWHERE))


def _machine(observation: Observation) -> Table:
    found: dict[str, Fact[int] | Fact[str]] = {
        **kernel.sysctls(),
        **kernel.memory_bytes(),
        "ports": kernel.local_ports(),
        "time_wait": kernel.time_wait(),
        "huge_pages": kernel.huge_pages(),
        "cpus": Known(os.cpu_count() or 1, "measured", "the kernel's count"),
        "memory_total": Known(observation.machine.memory_total_bytes, "measured", "MemTotal"),
    }
    return {f"kernel.{name}": scalar(fact) for name, fact in found.items()}


def _process(configuration: Configuration, observation: Observation) -> Table:
    pid = observation.pid
    names = (
        "open_files",
        "user_tasks",
        "group_tasks",
        "memory_limit",
        "memory_high",
        "working_set",
        "huge_page_memory",
    )
    if pid is None:
        stopped = Unknown("no server of this configuration is running here")
        return {
            **dict.fromkeys((f"process.{name}" for name in names), stopped),
            "process.arenas": _arenas_to_come(configuration.options.environment),
        }
    family = [pid, *_children(pid)]
    limits = memory_limits(pid)
    high = next((one for one in limits if one.source.endswith("memory.high")), None)
    hard = next((one for one in limits if not one.source.endswith("memory.high")), None)
    tasks = pids_limit(pid)
    given = kernel.environment_variable(pid, "MALLOC_ARENA_MAX")
    return {
        "process.open_files": scalar(kernel.process_limit(pid, "Max open files")),
        "process.user_tasks": scalar(kernel.process_limit(pid, "Max processes")),
        "process.group_tasks": _or_none(tasks, "no control group limits tasks"),
        "process.memory_limit": _or_none(hard, "no control group limits memory"),
        "process.memory_high": _or_none(high, "no control group has memory.high"),
        "process.working_set": _known(working_set(pid), "memory of the control group"),
        "process.huge_page_memory": scalar(kernel.huge_page_bytes_of(family)),
        "process.arenas": given if isinstance(given, Unknown) else _arenas(given.value),
    }


def _arenas(written: str | None) -> Fact[Scalar]:
    value = int(written) if written and written.isdigit() else 0
    return Known(value, "configuration", "MALLOC_ARENA_MAX in httpd's environment")


def _arenas_to_come(environment: Mapping[str, str]) -> Fact[Scalar]:
    if not environment:
        return Unknown("the environment that httpd starts with is not known")
    return _arenas(environment.get("MALLOC_ARENA_MAX"))


def _or_none(limit: Limit | None, absent: str) -> Known[Scalar]:
    """Return a limit; where there is none, a number that nothing reaches."""
    if limit is None:
        return Known(_NO_LIMIT, "measured", absent)
    return Known(int(limit.value), "measured", limit.source)


def _known(value: Limit | None, what: str) -> Fact[Scalar]:
    if value is None:
        return Unknown(f"{what} cannot be read")
    return Known(int(value.value), "measured", value.source)


def _children(pid: int) -> list[int]:
    try:
        return [one.pid for one in psutil.Process(pid).children(recursive=True)]
    except psutil.Error:
        return []


def _demand(configuration: Configuration, views: Views) -> Table:
    daemons = sum(group.processes for group in views.groups)
    counted: Known[Scalar] = Known(daemons, "configuration", "sum of processes=")
    if views.mpm is None:
        names = ("open_files", "tasks", "thread_stacks")
        unknown = Unknown("no MPM is loaded")
        return {
            **dict.fromkeys((f"demand.{name}" for name in names), unknown),
            "demand.daemon_processes": counted,
        }
    front_threads, daemon_threads = _threads(views.mpm, views)
    stack = number(configuration, "ThreadStackSize", 0).effective or _STACK_BYTES
    stacks = front_threads * stack + sum(
        group.processes * group.threads * (group.number("stack-size") or _STACK_BYTES)
        for group in views.groups
    )
    logs = _log_files(configuration)
    files = _open_files(views.mpm) + logs + _OTHER_FILES
    return {
        "demand.open_files": Known(
            files, "derived", f"connections and what serves them, {logs} logs, {_OTHER_FILES} more"
        ),
        "demand.tasks": Known(
            1 + front_threads + daemon_threads, "derived", "parent, front and daemon threads"
        ),
        "demand.thread_stacks": Known(stacks, "derived", "threads x stack size"),
        "demand.daemon_processes": counted,
    }


def _threads(mpm: MpmSettings, views: Views) -> tuple[int, int]:
    per_child = (
        mpm.threads_per_child.effective + _FRONT_INTERNAL_THREADS if mpm.threads_per_child else 1
    )
    daemons = sum(group.processes * (group.threads + INTERNAL_THREADS) for group in views.groups)
    return mpm.processes * per_child, daemons


def _open_files(mpm: MpmSettings) -> int:
    """Return the files that connections of one busy front process hold.

    Each busy thread has, beside its connection, a file or the socket of a daemon
    or backend, and what that opens; event holds more connections than threads.
    """
    threads = mpm.threads_per_child.effective if mpm.threads_per_child else 1
    factor = int(mpm.async_request_worker_factor or 0)
    return threads * (1 + factor) + 2 * threads


def _log_files(configuration: Configuration) -> int:
    found = configuration.named("ErrorLog", "CustomLog", "TransferLog", "GlobalLog", "ForensicLog")
    return len({one.words[0] for one in found if one.words})
