"""One client connection, plain or TLS."""

import ssl
from typing import Any

from tuner.probe.loop.http1 import Response

READ_BYTES = 16384

CONNECTING, HANDSHAKE, IDLE, WAITING = range(4)


class Connection:
    """One client connection and the request it has in flight. Times are in nanoseconds."""

    __slots__ = (
        "begun",
        "buffer",
        "due",
        "fd",
        "info",
        "number",
        "opened",
        "position",
        "request",
        "retried",
        "served",
        "sock",
        "state",
    )

    def __init__(self, number: int) -> None:
        self.number = number
        self.sock: Any = None
        self.fd = -1
        self.state = IDLE
        self.request = 0
        self.due = self.begun = self.opened = 0
        self.served = 0
        self.reset()

    def reset(self) -> None:
        """Forget a response, and that its request was repeated."""
        self.retried = False
        self.buffer = b""
        self.info: Response | None = None
        self.position = 0


def tls_context() -> ssl.SSLContext:
    """Return a client context that accepts any certificate: the load is the point."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    return context


def read_tls(sock: ssl.SSLSocket) -> bytes:
    """Read everything that TLS has decrypted already."""
    data = sock.recv(READ_BYTES)
    while data and sock.pending():
        data += sock.recv(READ_BYTES)
    return data


def connect_error(code: int) -> str:
    """Name an error of connect(2)."""
    return {
        11: "no ports",
        99: "no ports",
        110: "connect timeout",
        111: "connection refused",
        113: "unreachable",
    }.get(code, "connect error")
