"""Learn the traffic mix from an access log: paths, weights, arrival rate, concurrency.

Reading is bounded in bytes, lines and time. What is unsafe to send again is left
out and counted: methods other than GET and HEAD, errors, addresses that sign out or
delete, and whatever looks like a token.
"""

import gzip
import io
import re
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from tuner.errors import UsageError
from tuner.probe.plan import SAFE_METHODS, Value

MAX_BYTES = 256 * 2**20
MAX_LINES = 2_000_000
MAX_SECONDS = 30.0
MAX_PATHS = 100_000
"""Different paths that are counted apart."""

WELL_KNOWN = (
    '%v:%p %h %l %u %t "%r" %>s %O "%{Referer}i" "%{User-Agent}i"',
    '%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"',
    '%h %l %u %t "%r" %>s %b',
)
"""vhost_combined, combined and common: tried when no format is known."""

_SAMPLE_LINES = 200
_LONGEST_SECONDS = 600
_SECRET_NAME = re.compile(
    r"token|key|secret|pass|pwd|auth|sess|sig|code|nonce|csrf|jwt|otp|hash|credential|sid\b",
    re.IGNORECASE,
)
_SECRET_VALUE = re.compile(r"(?=[^/]*[0-9])(?=[^/]*[A-Za-z])[A-Za-z0-9_%.~+-]{24,}={0,2}")
_SIDE_EFFECT = re.compile(
    r"/(log-?out|sign-?out|log-?off|unsubscribe|delete|remove|destroy)(/|\.\w+)?$", re.IGNORECASE
)


class Share(Value):
    """One path of the mix and how often it was asked for."""

    method: str
    path: str
    count: int

    @property
    def option(self) -> str:
        """As ``--path`` writes it."""
        method = "" if self.method == "GET" else f"{self.method} "
        return f"{method}{self.path}={self.count}"


class LearnedTraffic(Value):
    """What an access log says about the traffic."""

    file: str
    format: str
    lines: int
    unreadable: int
    """Lines that do not have the format."""
    excluded: dict[str, int]
    """Requests that are not sent again, by reason."""
    shares: tuple[Share, ...]
    """The mix, most frequent first."""
    remainder_requests: int
    """Safe requests of the paths that are not in the mix."""
    remainder_paths: int
    period_seconds: float
    """From the first to the last request."""
    mean_rate: float
    """Requests a second over the whole period, errors and excluded ones included."""
    peak_rate: int
    """Requests in the busiest second."""
    busiest_minute_rate: float
    """Requests a second in the busiest minute."""
    peak_concurrency: float | None
    """Requests in flight in the busiest second; None when the log has no durations."""
    duration_source: str = ""
    """The directive that the durations come from."""
    cut: str = ""
    """Why not all of the file was read; empty when it was."""

    @property
    def options(self) -> tuple[str, ...]:
        """The mix as ``--path`` options."""
        return tuple(one.option for one in self.shares)


def learn(
    file: Path,
    formats: Sequence[str],
    *,
    host: str | None = None,
    top: int = 20,
    allow_tokens: bool = False,
    clock: Callable[[], float] = time.monotonic,
) -> LearnedTraffic:
    """Read an access log, gzip too; of a longer plain one the last 256 MB.

    Of several formats the one is taken that most of the first lines have. Where the
    log names the virtual host, only requests to ``host`` are in the mix.

    Raises:
        UsageError: it cannot be read, has none of the formats, or nothing in it
            can be sent again.
    """
    try:
        stream, cut = _open(file)
        with closing(stream):
            lines = _Lines(stream)
            parser, written = _parser(formats, lines)
            counts = _Counts(host, allow_tokens)
            deadline = clock() + MAX_SECONDS
            for number, line in enumerate(lines):
                if number >= MAX_LINES:
                    cut = f"only its first {MAX_LINES} lines"
                    break
                if number % 1000 == 0 and clock() > deadline:
                    cut = f"only the {number} lines read in {MAX_SECONDS:.0f} s"
                    break
                counts.add(parser(line))
    except (OSError, EOFError, ValueError, zlib.error) as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise UsageError(f"--access-log {file}: {said}") from error
    if not counts.paths:
        why = ", ".join(f"{reason}: {n}" for reason, n in counts.excluded.most_common(4))
        raise UsageError(
            f"--access-log {file}: nothing in it can be sent again", hint=why or "it is empty"
        )
    return counts.learned(str(file), written, top, cut)


class _Lines:
    """The lines of a log; the first ones can be looked at before."""

    def __init__(self, stream: io.BufferedIOBase) -> None:
        self._stream = stream
        self.head = [line for _, line in zip(range(_SAMPLE_LINES), self._texts(), strict=False)]

    def _texts(self) -> Iterator[str]:
        left = MAX_BYTES
        while left > 0 and (line := self._stream.readline(1 << 16)):
            left -= len(line)
            yield line.decode("utf-8", "surrogateescape").rstrip("\r\n")

    def __iter__(self) -> Iterator[str]:
        yield from self.head
        yield from self._texts()


def _open(file: Path) -> tuple[io.BufferedIOBase, str]:
    with file.open("rb") as opened:
        is_gzip = opened.read(2) == b"\x1f\x8b"
    if is_gzip:
        return io.BufferedReader(gzip.GzipFile(file)), ""
    stream = file.open("rb")
    size = file.stat().st_size
    if size <= MAX_BYTES:
        return stream, ""
    stream.seek(size - MAX_BYTES)
    stream.readline()
    return stream, f"only its last {MAX_BYTES >> 20} MB"


Entry = Any
"""A parsed line of apachelogs; None when it has another format."""


def _parser(formats: Sequence[str], lines: _Lines) -> tuple[Callable[[str], Entry], str]:
    """Return what parses a line, for the format that most of the first lines have."""
    import apachelogs

    def attempt(log: "apachelogs.LogParser", line: str) -> Entry:
        try:
            return log.parse(line)
        except (apachelogs.InvalidEntryError, ValueError):
            return None

    best: tuple[int, str, Any] = (0, "", None)
    for text in dict.fromkeys(formats):
        try:
            log = apachelogs.LogParser(text, encoding="utf-8", errors="surrogateescape")
        except (apachelogs.InvalidDirectiveError, apachelogs.UnknownDirectiveError) as error:
            if len(formats) == 1:
                raise ValueError(f"the format {text!r} is not understood: {error}") from error
            continue
        known = sum(attempt(log, line) is not None for line in lines.head)
        if known > best[0]:
            best = (known, text, log)
    if best[2] is None:
        raise ValueError("no line has a known format; give --log-format")
    return (lambda line: attempt(best[2], line)), best[1]


class _Counts:
    """Everything that is counted while the log is read once."""

    def __init__(self, host: str | None, allow_tokens: bool) -> None:
        self.host = host.lower() if host else None
        self.allow_tokens = allow_tokens
        self.lines = self.unreadable = self.uncounted = 0
        self.paths: Counter[tuple[str, str]] = Counter()
        self.excluded: Counter[str] = Counter()
        self.seconds: Counter[int] = Counter()
        self.busy: dict[int, float] = {}
        self.first, self.last = float("inf"), float("-inf")
        self.duration_source = ""

    def add(self, entry: Entry) -> None:
        self.lines += 1
        target = _target(entry) if entry is not None else None
        if target is None:
            self.unreadable += 1
            return
        self._time(entry)
        method, path = target
        reason = self._unsafe(method, path, entry)
        if reason:
            self.excluded[reason] += 1
        elif (method, path) in self.paths or len(self.paths) < MAX_PATHS:
            self.paths[method, path] += 1
        else:
            self.uncounted += 1

    def _unsafe(self, method: str, path: str, entry: Entry) -> str:
        status = getattr(entry, "final_status", None) or getattr(entry, "status", None)
        agent = (getattr(entry, "headers_in", None) or {}).get("User-Agent") or ""
        if agent.startswith("tuner/"):
            return "sent by tuner"
        name = getattr(entry, "virtual_host", None) or getattr(entry, "server_name", None)
        if self.host and name and name.lower() != self.host:
            return "other virtual host"
        if method not in SAFE_METHODS:
            return f"method {method}" if re.fullmatch(r"[A-Z]{1,16}", method) else "method"
        if status is not None and status >= 400:
            return "error responses"
        if not re.fullmatch(r"/[!-~]*", path):
            return "not a path"
        if _SIDE_EFFECT.search(path.partition("?")[0]):
            return "signs out or deletes"
        if not self.allow_tokens and has_token(path):
            return "may hold a token"
        return ""

    def _time(self, entry: Entry) -> None:
        moment: datetime | None = getattr(entry, "request_time", None)
        if moment is None:
            return
        start = moment.timestamp()
        self.first, self.last = min(self.first, start), max(self.last, start)
        self.seconds[int(start)] += 1
        duration, source = _duration(entry)
        if duration is None:
            return
        self.duration_source = source
        # %t names the second in which a request came; on average its middle.
        begin = start if start % 1 else start + 0.5
        end = begin + min(duration, _LONGEST_SECONDS)
        for second in range(int(begin), int(end) + 1):
            inside = min(end, second + 1) - max(begin, second)
            self.busy[second] = self.busy.get(second, 0.0) + inside

    def learned(self, file: str, written: str, top: int, cut: str) -> LearnedTraffic:
        ordered = sorted(self.paths.items(), key=lambda item: (-item[1], item[0]))
        kept, rest = ordered[:top], ordered[top:]
        period = max(self.last - self.first, 0.0) + 1 if self.seconds else 0.0
        minutes: Counter[int] = Counter()
        for second, count in self.seconds.items():
            minutes[second // 60] += count
        return LearnedTraffic(
            file=file,
            format=written,
            lines=self.lines,
            unreadable=self.unreadable,
            excluded=dict(sorted(self.excluded.items())),
            shares=tuple(Share(method=m, path=p, count=n) for (m, p), n in kept),
            remainder_requests=sum(n for _, n in rest) + self.uncounted,
            remainder_paths=len(rest),
            period_seconds=period,
            mean_rate=self.seconds.total() / period if period else 0.0,
            peak_rate=max(self.seconds.values(), default=0),
            busiest_minute_rate=max(minutes.values(), default=0) / max(1.0, min(60.0, period)),
            peak_concurrency=max(self.busy.values(), default=None),
            duration_source=self.duration_source,
            cut=cut,
        )


def _target(entry: Entry) -> tuple[str, str] | None:
    """Return method and path with query; None when the line names none."""
    line = getattr(entry, "request_line", None)
    if line:
        words = line.split()
        return (words[0], words[1]) if len(words) in (2, 3) else None
    method, path = getattr(entry, "request_method", None), getattr(entry, "request_uri", None)
    if not path:
        return None
    return method or "GET", path + (getattr(entry, "request_query", None) or "")


def _duration(entry: Entry) -> tuple[float | None, str]:
    for field, factor, source in (
        ("request_duration_microseconds", 1e-6, "%D"),
        ("request_duration_milliseconds", 1e-3, "%{ms}T"),
        ("request_duration_seconds", 1.0, "%T, whole seconds: a lower bound"),
    ):
        value = getattr(entry, field, None)
        if value is not None:
            return float(value) * factor, source
    return None, ""


def has_token(path: str) -> bool:
    """Tell whether a path or its query string looks as if it held a secret."""
    place, _, query = path.partition("?")
    for pair in re.split(r"[&;]", query) if query else ():
        name, _, value = pair.partition("=")
        if _SECRET_NAME.search(name) or _SECRET_VALUE.fullmatch(value):
            return True
    return any(_SECRET_VALUE.fullmatch(part) and "." not in part for part in place.split("/"))
