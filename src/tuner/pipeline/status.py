"""Ask a running server for its scoreboard, where it shows one to this machine."""

import httpx

from tuner.apache.mod_status import Scoreboard, parse_status
from tuner.apache.tree import Configuration
from tuner.fact import Unknown
from tuner.host.sockets import held_sockets, listening_sockets
from tuner.server.addresses import LOOPBACK, listened_ports

_TIMEOUT_SECONDS = 2.0


def read_scoreboard(configuration: Configuration, pid: int) -> Scoreboard | Unknown:
    """Fetch the status page over loopback: one request for each port, until one answers."""
    path = _status_path(configuration)
    if path is None:
        return Unknown("no <Location> with SetHandler server-status")
    reason = "no port to ask at"
    for port in _ports(configuration, pid):
        try:
            answer = httpx.get(
                f"http://{LOOPBACK}:{port}{path}", timeout=_TIMEOUT_SECONDS, trust_env=False
            )
        except httpx.HTTPError as error:
            reason = f"port {port}: {error or type(error).__name__}"
            continue
        found = parse_status(answer.text) if answer.status_code == 200 else None
        if found is not None:
            return found
        reason = f"port {port} answers {answer.status_code} to {path}, without a table of workers"
    return Unknown(reason)


def _status_path(configuration: Configuration) -> str | None:
    for directive in configuration.named("SetHandler"):
        section = directive.section
        if section is None or section.key != "<location" or not section.words:
            continue
        if directive.words[:1] == ("server-status",):
            return section.words[0]
    return None


def _ports(configuration: Configuration, pid: int) -> list[int]:
    """Return the ports the parent listens on, or those in the configuration."""
    held = held_sockets(pid) or set()
    ports = {port for inode, port in listening_sockets(pid).tcp_ports.items() if inode in held}
    return sorted(ports) or list(listened_ports(configuration))
