"""Which listening sockets a process holds, from ``/proc``: how its role is recognised."""

import os
from dataclasses import dataclass
from pathlib import Path

_TCP_LISTEN = "0A"
_TCP_ESTABLISHED = "01"
_UNIX_ACCEPTING = 0x10000
"""``__SO_ACCEPTCON`` in the flags column of /proc/net/unix."""


@dataclass(frozen=True, slots=True)
class ListeningSockets:
    """Listening sockets of one network namespace, by inode."""

    tcp_ports: dict[int, int]
    unix_paths: dict[int, str]


def listening_sockets(pid: int, proc: Path = Path("/proc")) -> ListeningSockets:
    """Read the listening sockets in the network namespace of ``pid``."""
    tcp: dict[int, int] = {}
    for name in ("tcp", "tcp6"):
        for line in _lines(proc / str(pid) / "net" / name)[1:]:
            columns = line.split()
            if len(columns) > 9 and columns[3] == _TCP_LISTEN:
                tcp[int(columns[9])] = int(columns[1].rpartition(":")[2], 16)
    unix: dict[int, str] = {}
    for line in _lines(proc / str(pid) / "net/unix")[1:]:
        columns = line.split(None, 7)
        if len(columns) == 8 and int(columns[3], 16) & _UNIX_ACCEPTING:
            unix[int(columns[6])] = columns[7]
    return ListeningSockets(tcp, unix)


def held_sockets(pid: int, proc: Path = Path("/proc")) -> set[int] | None:
    """Return the inodes of the sockets that a process holds; None when not permitted."""
    found: set[int] = set()
    directory = proc / str(pid) / "fd"
    try:
        names = os.listdir(directory)  # noqa: PTH208 - hot path, names are enough
    except OSError:
        return None
    for name in names:
        try:
            target = os.readlink(directory / name)  # noqa: PTH115 - only the text of the link is wanted
        except OSError:
            continue
        if target.startswith("socket:["):
            found.add(int(target[8:-1]))
    return found


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("ascii", "replace").splitlines()
    except OSError:
        return []


def established_connections(pid: int, proc: Path = Path("/proc")) -> int | None:
    """Count connections to the ports that a process listens on; None when not permitted."""
    held = held_sockets(pid, proc)
    if held is None:
        return None
    ports = {
        port for inode, port in listening_sockets(pid, proc).tcp_ports.items() if inode in held
    }
    count = 0
    for name in ("tcp", "tcp6"):
        for line in _lines(proc / str(pid) / "net" / name)[1:]:
            columns = line.split()
            if len(columns) > 3 and columns[3] == _TCP_ESTABLISHED:
                count += int(columns[1].rpartition(":")[2], 16) in ports
    return count
