"""Limits that the kernel puts on every server, and on one process.

Every value is known with the file it comes from, or unknown with the reason.
Sources: Documentation/admin-guide/sysctl, proc(5), cgroup-v2.rst.
"""

import re
from pathlib import Path

from tuner.fact import Fact, Known, Unknown

PROC = Path("/proc")

SYSCTLS = {
    "somaxconn": "net/core/somaxconn",
    "max_syn_backlog": "net/ipv4/tcp_max_syn_backlog",
    "syncookies": "net/ipv4/tcp_syncookies",
    "abort_on_overflow": "net/ipv4/tcp_abort_on_overflow",
    "reuse_time_wait": "net/ipv4/tcp_tw_reuse",
    "overcommit_memory": "vm/overcommit_memory",
}
"""Name of a fact to the file below /proc/sys."""

_MEMINFO = {"available": "MemAvailable", "commit_limit": "CommitLimit", "committed": "Committed_AS"}


def sysctls(proc: Path = PROC) -> dict[str, Fact[int]]:
    """Return the kernel settings that matter to a server."""
    return {name: _number(proc / "sys" / path) for name, path in SYSCTLS.items()}


def local_ports(proc: Path = PROC) -> Fact[int]:
    """Return how many local ports there are for each remote address and port."""
    path = proc / "sys/net/ipv4/ip_local_port_range"
    words = _text(path).split()
    if len(words) != 2:
        return Unknown(f"{path} cannot be read")
    return Known(int(words[1]) - int(words[0]) + 1, "measured", str(path))


def time_wait(proc: Path = PROC) -> Fact[int]:
    """Return the sockets that wait for late packets (TIME_WAIT)."""
    path = proc / "net/sockstat"
    match = re.search(r"^TCP:.* tw (\d+)", _text(path), re.MULTILINE)
    if match is None:
        return Unknown(f"{path} cannot be read")
    return Known(int(match[1]), "measured", str(path))


def memory_bytes(proc: Path = PROC) -> dict[str, Fact[int]]:
    """Return MemAvailable, CommitLimit and Committed_AS in bytes."""
    path = proc / "meminfo"
    values = dict(re.findall(r"^(\w+):\s+(\d+) kB", _text(path), re.MULTILINE))
    return {
        name: (
            Known(int(values[key]) * 1024, "measured", f"{key} in {path}")
            if key in values
            else Unknown(f"{path} has no {key}")
        )
        for name, key in _MEMINFO.items()
    }


def huge_pages(sys: Path = Path("/sys")) -> Fact[str]:
    """Return whether memory is given in transparent huge pages: always, madvise, never."""
    path = sys / "kernel/mm/transparent_hugepage/enabled"
    match = re.search(r"\[(\w+)\]", _text(path))
    return Known(match[1], "measured", str(path)) if match else Unknown(f"{path} cannot be read")


def process_limit(pid: int, name: str, proc: Path = PROC) -> Fact[int]:
    """Return a soft limit of a running process, such as ``Max open files``.

    "unlimited" is a number too large to be reached.
    """
    path = proc / str(pid) / "limits"
    match = re.search(rf"^{re.escape(name)}\s+(\S+)", _text(path), re.MULTILINE)
    if match is None:
        return Unknown(f"{path} cannot be read")
    value = 2**62 if match[1] == "unlimited" else int(match[1])
    return Known(value, "measured", f"{name} in {path}")


def environment_variable(pid: int, name: str, proc: Path = PROC) -> Fact[str]:
    """Return a variable that a process was started with; empty when it has none."""
    path = proc / str(pid) / "environ"
    try:
        data = path.read_bytes()
    except OSError as error:
        return Unknown(f"{path}: {error.strerror}")
    for entry in data.split(b"\0"):
        key, equals, value = entry.partition(b"=")
        if equals and key == name.encode():
            return Known(value.decode("utf-8", "replace"), "measured", str(path))
    return Known("", "measured", str(path))


def huge_page_bytes_of(pids: list[int], proc: Path = PROC) -> Fact[int]:
    """Return the memory of processes that is in transparent huge pages, in bytes."""
    return _sum(pids, "smaps_rollup", "AnonHugePages", proc)


def _sum(pids: list[int], file: str, key: str, proc: Path) -> Fact[int]:
    total, found = 0, 0
    for pid in pids:
        match = re.search(rf"^{key}:\s+(\d+) kB", _text(proc / str(pid) / file), re.MULTILINE)
        if match is not None:
            total, found = total + int(match[1]) * 1024, found + 1
    if not found:
        return Unknown(f"{key} of no process can be read")
    return Known(total, "measured", f"{key} of {found} processes")


def _number(path: Path) -> Fact[int]:
    text = _text(path).strip()
    if not re.fullmatch(r"-?\d+", text):
        return Unknown(f"{path} cannot be read")
    return Known(int(text), "measured", str(path))


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii", "replace")
    except OSError:
        return ""
