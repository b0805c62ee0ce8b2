"""What surrounded a probe: the kernel's counters, the machine's load, the clock."""

import contextlib
import ipaddress
import os
import socket
import time
from urllib.parse import urlsplit

import psutil
from pydantic import BaseModel, ConfigDict

from tuner.host.activity import Activity, Load, load_between, observe_activity
from tuner.host.network import TcpState, change, observe_tcp
from tuner.host.sockets import held_sockets, listening_sockets


class Surroundings(BaseModel):
    """What changed on this machine while a probe ran."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    is_local: bool
    """The server runs on this machine: client and server share its cores."""
    cores: int
    tcp: TcpState
    """Before the probe."""
    tcp_change: dict[str, int]
    load: Load
    server_cores: float | None
    """Cores that the server used; None when its processes are not known."""
    own_cores: float
    """Cores that tuner and its load loops used."""
    clock_error_seconds: float
    """How far the wall clock moved against the monotonic one."""

    @property
    def foreign_cores(self) -> float | None:
        """Cores that neither the server nor the load generator used."""
        if self.server_cores is None:
            return None if self.is_local else max(0.0, self.load.busy_cores - self.own_cores)
        return max(0.0, self.load.busy_cores - self.own_cores - self.server_cores)


class Observer:
    """Takes what is needed before a probe, and gives the surroundings after it."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        self.is_local = is_local(parts.hostname or "")
        self.port = port
        self.server = server_processes(port) if self.is_local else None
        self.tcp = observe_tcp()
        self.activity: Activity = observe_activity()
        self.own = _own_seconds()
        self.server_seconds = _cpu_seconds(self.server)
        self.wall, self.steady = time.time(), time.monotonic()

    def finish(self) -> Surroundings:
        """Return what changed since this observer was made."""
        load = load_between(self.activity, observe_activity())
        seconds = load.seconds
        server_cores = None
        if self.server is not None:
            # Processes that the server has started since count from their beginning.
            now = _cpu_seconds([*self.server, *(server_processes(self.port) or ())])
            used = sum(value - self.server_seconds.get(key, 0.0) for key, value in now.items())
            server_cores = max(0.0, used / seconds)
        elapsed = time.monotonic() - self.steady
        return Surroundings(
            is_local=self.is_local,
            cores=os.cpu_count() or 1,
            tcp=self.tcp,
            tcp_change=change(self.tcp, observe_tcp()),
            load=load,
            server_cores=server_cores,
            own_cores=(_own_seconds() - self.own) / seconds,
            clock_error_seconds=time.time() - self.wall - elapsed,
        )


def is_local(host: str) -> bool:
    """Tell whether a host name means this machine."""
    try:
        addresses = {item[4][0] for item in socket.getaddrinfo(host, None)}
    except OSError:
        return False
    own = {entry.address for entries in psutil.net_if_addrs().values() for entry in entries}
    return any(str(one).startswith("127.") or one in ("::1", *own) for one in addresses)


def is_loopback(host: str) -> bool:
    """Tell whether every address of a host name is a loopback address."""
    try:
        found = {str(item[4][0]) for item in socket.getaddrinfo(host, None)}
    except OSError:
        return False
    return all(ipaddress.ip_address(one.partition("%")[0]).is_loopback for one in found)


def server_processes(port: int) -> list[psutil.Process] | None:
    """Return the processes behind a listening port, with all their relatives.

    None when nobody is found: it listens elsewhere, or we may not look.
    """
    sockets = listening_sockets(os.getpid())
    wanted = {inode for inode, number in sockets.tcp_ports.items() if number == port}
    holders = [
        process
        for process in psutil.process_iter()
        if wanted & (held_sockets(process.pid) or set())
    ]
    if not holders:
        return None
    known = {process.pid for process in holders}
    top = [process for process in holders if _parent(process) not in known]
    found = {process.pid: process for process in holders}
    for process in top:
        with contextlib.suppress(psutil.Error):
            found |= {child.pid: child for child in process.children(recursive=True)}
    found.pop(os.getpid(), None)
    return list(found.values()) or None


def _parent(process: psutil.Process) -> int:
    try:
        return int(process.ppid())
    except psutil.Error:
        return 0


def _cpu_seconds(processes: list[psutil.Process] | None) -> dict[tuple[int, float], float]:
    """Return the CPU seconds of each process that still runs, by pid and start."""
    found = {}
    for process in processes or ():
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            found[process.pid, process.create_time()] = times.user + times.system
    return found


def _own_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
