"""HTTP/1.1 responses, as much of them as a load loop needs: where they end."""

CLOSE_DELIMITED = -1
CHUNKED = -2


class Response:
    """What a response head says, and how often it came: heads repeat within a second."""

    __slots__ = ("closes", "count", "length", "size", "status", "wants_pause")

    def __init__(self, status: int, length: int, closes: bool, wants_pause: bool = False) -> None:
        self.status = status
        self.length = length
        """Bytes of the body, or CHUNKED, or CLOSE_DELIMITED."""
        self.closes = closes
        self.wants_pause = wants_pause
        """It carries Retry-After."""
        self.size = 0
        """Bytes of the whole response, where it came as a whole."""
        self.count = 0

    @property
    def error_kind(self) -> str:
        """How a status of 400 or above is counted."""
        return f"status {self.status}" + (", retry later" if self.wants_pause else "")


def parse_head(head: bytes, is_head_request: bool) -> Response:
    """Return what a response head says; status 0 when it is none."""
    lines = head.split(b"\r\n")
    try:
        status = int(lines[0].split(b" ", 2)[1])
    except (IndexError, ValueError):
        return Response(0, 0, True)
    length, closes = CLOSE_DELIMITED, lines[0].startswith(b"HTTP/1.0")
    wants_pause = False
    for line in lines[1:]:
        name, _, value = line.partition(b":")
        name, value = name.lower(), value.strip().lower()
        if name == b"content-length":
            length = int(value) if value.isdigit() else 0
        elif name == b"transfer-encoding" and b"chunked" in value:
            length = CHUNKED
        elif name == b"connection":
            closes = b"close" in value or (closes and b"keep-alive" not in value)
        elif name == b"retry-after":
            wants_pause = True
    if is_head_request or status in (204, 304) or 100 <= status < 200:
        length = 0
    return Response(status, length, closes or length == CLOSE_DELIMITED, wants_pause)


def chunks_end(data: bytes, position: int) -> tuple[int, int]:
    """Return (where the chunked body ends or -1, where to go on looking)."""
    while True:
        line_end = data.find(b"\r\n", position)
        if line_end < 0:
            return -1, position
        try:
            size = int(data[position:line_end].split(b";")[0], 16)
        except ValueError:
            return len(data), position
        following = line_end + 2 + size + 2
        if size == 0:
            end = data.find(b"\r\n", line_end + 2)
            while end > line_end + 2:
                next_end = data.find(b"\r\n", end + 2)
                if next_end < 0 or next_end == end + 2:
                    end = next_end
                    break
                end = next_end
            return (end + 2 if end >= 0 else -1), position
        if len(data) < following:
            return -1, position
        position = following
