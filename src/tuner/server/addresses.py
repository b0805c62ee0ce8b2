"""Ports and addresses: from those in a configuration to free ones on loopback."""

import re
import socket
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from tuner.apache.tree import Configuration
from tuner.errors import ServerError

LOOPBACK = "127.0.0.1"
_PORT = re.compile(r"(?:^|:)([0-9]+)$")


class PortMap(BaseModel):
    """Configured port to loopback port."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ports: dict[int, int]

    def listen(self, words: Sequence[str]) -> str | None:
        """Translate the arguments of Listen; None when the port has been taken over already."""
        port = port_of(words[0]) if words else None
        if port is None or port not in self.ports:
            return None
        protocol = words[1] if len(words) > 1 else ("https" if port == 443 else "")
        return f"Listen {LOOPBACK}:{self.ports[port]} {protocol}".rstrip()

    def virtual_host(self, address: str) -> str:
        """Translate one address of <VirtualHost>; every IP address becomes ``*``."""
        port = port_of(address)
        if port is None:
            return "*"
        return f"*:{self.ports.get(port, port)}"


def port_of(address: str) -> int | None:
    """Return the port in ``80``, ``*:80``, ``[::]:443``; None when there is none."""
    match = _PORT.search(address)
    if match is None or address.endswith("]"):
        return None
    return int(match[1])


def listened_ports(configuration: Configuration) -> tuple[int, ...]:
    """Return the ports that the configuration listens on, in order."""
    found: dict[int, None] = {}
    for directive in configuration.named("Listen"):
        port = port_of(directive.words[0]) if directive.words else None
        if port is not None:
            found[port] = None
    return tuple(found)


def free_port_map(configuration: Configuration, fixed: dict[int, int] | None = None) -> PortMap:
    """Choose a free loopback port for every configured one.

    Raises:
        ServerError: a port that was asked for is in use.
    """
    wanted = fixed or {}
    reserved: list[socket.socket] = []
    ports: dict[int, int] = {}
    try:
        for port in listened_ports(configuration):
            sock = socket.socket()
            reserved.append(sock)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind((LOOPBACK, wanted.get(port, 0)))
            except OSError as error:
                raise ServerError(
                    f"port {wanted[port]} on {LOOPBACK} is in use",
                    hint="leave --shadow-port out and a free one is taken",
                ) from error
            ports[port] = sock.getsockname()[1]
    finally:
        for sock in reserved:
            sock.close()
    return PortMap(ports=ports)
