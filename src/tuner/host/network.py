"""What the kernel counts about TCP: overflows, drops, retries, ports, sockets.

``/proc/net/netstat`` and ``/proc/net/snmp`` hold pairs of lines, names then
values (Documentation/networking/snmp_counter.rst). The counters are those of
the whole network namespace, so only their change during a probe means anything.
"""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

WATCHED = {
    "TcpExt": (
        "ListenOverflows",
        "ListenDrops",
        "TCPReqQFullDrop",
        "TCPReqQFullDoCookies",
        "TCPTimeouts",
        "TCPSynRetrans",
        "TCPTimeWaitOverflow",
        "TW",
    ),
    "Tcp": ("ActiveOpens", "AttemptFails", "EstabResets", "RetransSegs"),
}
"""Counters that say something about a probe, by table."""


class TcpState(BaseModel):
    """Counters, sockets and limits at one moment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    counters: dict[str, int]
    time_wait: int
    """Sockets in TIME_WAIT."""
    port_first: int
    port_last: int
    """Ports that connections of this machine may use."""
    reuse_time_wait: int
    """net.ipv4.tcp_tw_reuse: 0 never, 1 always, 2 on loopback."""
    somaxconn: int
    max_syn_backlog: int

    @property
    def ports(self) -> int:
        """How many local ports there are for each remote address and port."""
        return self.port_last - self.port_first + 1


def observe_tcp(proc: Path = Path("/proc")) -> TcpState:
    """Read the state of TCP in this network namespace; what is not there counts as 0."""
    counters: dict[str, int] = {}
    for name in ("netstat", "snmp"):
        counters |= _pairs(_text(proc / "net" / name))
    settings = proc / "sys/net"
    ports = _text(settings / "ipv4/ip_local_port_range").split()
    return TcpState(
        counters=counters,
        time_wait=_time_wait(_text(proc / "net/sockstat")),
        port_first=int(ports[0]) if len(ports) == 2 else 32768,
        port_last=int(ports[1]) if len(ports) == 2 else 60999,
        reuse_time_wait=_number(settings / "ipv4/tcp_tw_reuse"),
        somaxconn=_number(settings / "core/somaxconn"),
        max_syn_backlog=_number(settings / "ipv4/tcp_max_syn_backlog"),
    )


def change(before: TcpState, after: TcpState) -> dict[str, int]:
    """Return what the counters have grown by, without those that stayed."""
    grown = {name: value - before.counters.get(name, 0) for name, value in after.counters.items()}
    return {name: value for name, value in grown.items() if value > 0}


def _pairs(text: str) -> dict[str, int]:
    found: dict[str, int] = {}
    lines = text.splitlines()
    for names, values in zip(lines[::2], lines[1::2], strict=False):
        table, _, columns = names.partition(":")
        numbers = values.partition(":")[2].split()
        for name, number in zip(columns.split(), numbers, strict=False):
            if name in WATCHED.get(table, ()):
                found[name] = int(number)
    return found


def _time_wait(text: str) -> int:
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["TCP:"] and "tw" in words:
            return int(words[words.index("tw") + 1])
    return 0


def _number(path: Path) -> int:
    text = _text(path).strip()
    return int(text) if text.isdigit() else 0


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii", "replace")
    except OSError:
        return ""
