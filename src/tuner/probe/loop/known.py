"""Responses that are recognised by their bytes alone.

Small responses repeat byte for byte within a second (only Date differs from one
second to the next), so a whole response that came before needs one look-up
instead of being parsed.
"""

from typing import Any

from tuner.probe.loop.http1 import Response
from tuner.probe.loop.tally import Tally

KNOWN_RESPONSES = 64
KNOWN_BYTES = 4096


class KnownResponses:
    """Whole, good, expected responses by their bytes; what differs is never among them."""

    def __init__(self, spec: dict[str, Any], tally: Tally) -> None:
        self.tally = tally
        self.expect = [tuple(one) if one else None for one in spec["expect"]]
        heads = [message.startswith("HEAD ") for message in spec["messages"]]
        is_told_apart = len(heads) == 1 or not (any(heads) or any(self.expect))
        self.is_usable = not spec["tls"] and is_told_apart
        """With TLS bytes arrive in pieces; in a mix the same bytes may answer a HEAD or a GET,
        or be right for one request and wrong for another."""
        self.by_bytes: dict[bytes, Response] = {}

    def learn(self, data: bytes, request: int, response: Response) -> None:
        """Remember a response that came as a whole, where it may be recognised later."""
        if (
            not self.is_usable
            or response.status >= 400
            or len(data) > KNOWN_BYTES
            or self.differs(request, response)
        ):
            return
        if len(self.by_bytes) >= KNOWN_RESPONSES:
            self.forget()
        response.size = len(data)
        self.by_bytes[data] = response

    def differs(self, request: int, response: Response) -> bool:
        """Tell whether a good response is not what the canary saw."""
        expected = self.expect[request]
        if expected is None:
            return False
        status, length = expected
        return bool(
            response.status != status
            or (length is not None and response.length >= 0 and response.length != length)
        )

    def forget(self) -> None:
        """Move the counts of known responses into the tally."""
        for response in self.by_bytes.values():
            self.tally.received(response.status, response.size, response.count)
        self.by_bytes.clear()
