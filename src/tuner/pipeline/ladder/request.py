"""What a ladder is asked to do, and the plans that follow from it."""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tuner.errors import UsageError
from tuner.pipeline.traffic import Traffic
from tuner.probe.manners import MOST_CONNECTIONS_AWAY, Limits
from tuner.probe.plan import ProbePlan, Request, plan_from_options

_SCHEME = re.compile(r"[a-z]+://")
_NAMED = re.compile(r"(?P<name>[^/?]+)=(?P<url>[a-z]+://.+|[^=]+)")


@dataclass(frozen=True, slots=True)
class Target:
    """One server of the comparison: a column of the table."""

    name: str
    url: str
    """Scheme, host and port, without a final slash."""
    host: str
    """The Host header."""
    path: str
    """What is requested where no traffic mix is given."""


@dataclass(frozen=True, slots=True)
class Load:
    """One step: so many clients, or so many requests a second over so many connections."""

    concurrency: int
    rate: float | None = None

    @property
    def label(self) -> str:
        """As the table shows it."""
        return f"{self.rate:g}/s" if self.rate is not None else str(self.concurrency)


@dataclass(frozen=True, slots=True)
class LadderRequest:
    """A whole ladder."""

    targets: tuple[Target, ...]
    traffic: Traffic
    loads: tuple[Load, ...]
    engine: str = "native"
    repeat: int = 1
    duration_seconds: float = 5.0
    warmup_seconds: float = 1.0
    timeout_seconds: float = 10.0
    connects_per_second: int = 1000
    keep_alive: bool = True
    processes: int | None = None
    """Of the load generator; None: by the cores."""
    workers: tuple[str, ...] = ()
    expect_workers: int = 0
    http2: bool = False
    follow_redirects: bool = False
    keep_cookies: bool = False
    limits: Limits = field(default_factory=Limits)

    def plan(self, target: Target, load: Load) -> ProbePlan:
        """Return the plan of one probe."""
        chosen = {} if self.processes is None else {"processes": self.processes}
        return plan_from_options(
            **chosen,
            url=target.url,
            host=self.traffic.host or target.host,
            requests=self.traffic.requests or (Request(path=target.path),),
            headers=self.traffic.headers,
            concurrency=load.concurrency,
            rate=load.rate,
            warmup_seconds=self.warmup_seconds,
            duration_seconds=self.duration_seconds,
            timeout_seconds=self.timeout_seconds,
            connects_per_second=self.connects_per_second,
            keep_alive=self.keep_alive,
            workers=self.workers,
            expect_workers=self.expect_workers,
            http2=self.http2,
            follow_redirects=self.follow_redirects,
            cookies=self.keep_cookies,
        )

    def plans(self) -> tuple[ProbePlan, ...]:
        """Return every probe of the ladder, repeats included."""
        return (
            tuple(self.plan(target, load) for load in self.loads for target in self.targets)
            * self.repeat
        )


def parse_target(text: str) -> Target:
    """Parse ``URL`` or ``NAME=URL``; the name may hold ``=``, and the URL then its scheme.

    Raises:
        UsageError: it is not an http or https URL.
    """
    named = _NAMED.fullmatch(text)
    name, url = (named["name"], named["url"]) if named else ("", text)
    parts = urlsplit(url if _SCHEME.match(url) else f"http://{url}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(
            f"{text} is not an http or https URL", hint="write http://host/ or NAME=URL"
        )
    if parts.username is not None:
        raise UsageError("the URL holds a user name", hint="use --header 'Authorization: ...'")
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise UsageError(f"{text}: {error}") from error
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    netloc = host if parts.port is None else f"{host}:{port}"
    path = parts.path or "/"
    query = f"?{parts.query}" if parts.query else ""
    shown = f"{netloc}{'' if path == '/' else path}{'?...' if query else ''}"
    return Target(
        name=name.strip() or shown,
        url=f"{parts.scheme}://{host}:{port}",
        host=netloc,
        path=path + query,
    )


def parse_targets(texts: tuple[str, ...]) -> tuple[Target, ...]:
    """Parse all targets; their names must differ.

    Raises:
        UsageError: one is malformed, or two have the same name.
    """
    targets = tuple(parse_target(text) for text in texts)
    names = [one.name for one in targets]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(
                f"two targets are called {name}", hint="name them: first=URL second=URL"
            )
    return targets


def parse_loads(concurrency: str, rates: str | None) -> tuple[Load, ...]:
    """Parse ``10,100,200`` of ``--concurrency``, and of ``--rate`` for an open loop.

    An open loop has a step for each rate, and the highest concurrency as its
    connections.

    Raises:
        UsageError: they are not rising positive numbers.
    """
    clients = [int(one) for one in _numbers("--concurrency", concurrency, whole=True)]
    if rates is None:
        return tuple(Load(one) for one in clients)
    return tuple(Load(max(clients), one) for one in _numbers("--rate", rates, whole=False))


def _numbers(option: str, text: str, *, whole: bool) -> list[float]:
    words = [word.strip() for word in text.split(",") if word.strip()]
    try:
        found = [float(int(word)) if whole else float(word) for word in words]
    except ValueError:
        found = []
    top = 20_000 if whole else 1_000_000
    if not found or not all(0 < one <= top for one in found) or found != sorted(set(found)):
        raise UsageError(
            f"{option} {text}: write rising numbers, at most {top}", hint="for example 10,100,500"
        )
    return found


def default_limits(away: bool) -> Limits:
    """Return the limits that apply unless options change them; tighter for servers away."""
    return Limits(connections=MOST_CONNECTIONS_AWAY) if away else Limits()
