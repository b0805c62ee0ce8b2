"""What a probe does: target, traffic, load, and its bounds."""

import os
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tuner import __version__
from tuner.errors import UsageError

USER_AGENT = f"tuner/{__version__} (load probe)"

SAFE_METHODS = frozenset({"GET", "HEAD"})


class Value(BaseModel):
    """Base of the values here: frozen, nothing beyond its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Expected(Value):
    """What the canary saw: a probe counts what differs from it."""

    status: int
    body_bytes: int | None = None
    """None: the length of the body changes from one answer to the next."""


class Request(Value):
    """One kind of request in the traffic mix."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64"
    )

    path: str
    weight: float = Field(default=1.0, gt=0)
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    expected: Expected | None = None
    """What a good answer looks like; None: nothing was asked before."""

    @property
    def is_safe(self) -> bool:
        """Whether it may be sent at any time (RFC 9110, 9.2.1)."""
        return self.method in SAFE_METHODS


def cores_to_spare() -> int:
    """Return a quarter of the cores that this process may use: at least 1, at most 4."""
    return min(4, max(1, len(os.sched_getaffinity(0)) // 4))


class ProbePlan(Value):
    """One bounded load.

    Closed loop: ``concurrency`` clients, each with one request in flight. Open
    loop: ``rate`` requests a second whatever the server does, over at most
    ``concurrency`` connections.
    """

    url: str
    """Scheme, host and port, without a final slash."""
    host: str
    """The Host header."""
    requests: tuple[Request, ...] = Field(min_length=1)
    headers: tuple[tuple[str, str], ...] = ()
    concurrency: int = Field(ge=1, le=20_000)
    rate: float | None = Field(default=None, gt=0, le=1_000_000)
    warmup_seconds: float = Field(default=0.5, ge=0, le=60)
    """Always discarded; more is, where the throughput is not steady yet."""
    duration_seconds: float = Field(default=3.0, gt=0, le=3600)
    max_requests: int = Field(default=2_000_000, ge=1)
    timeout_seconds: float = Field(default=10.0, gt=0, le=300)
    connects_per_second: int = Field(default=1000, ge=1)
    """New clients are started at this rate, so that they do not overflow the
    server's listen queue at once."""
    keep_alive: bool = True
    processes: int = Field(default_factory=cores_to_spare, ge=1, le=64)
    """Processes of the load generator, where the engine can use several. Unless it is
    said how many, as many as leave the server most of the cores."""
    workers: tuple[str, ...] = ()
    """Other hosts that send the load, as ssh knows them: native and locust."""
    expect_workers: int = Field(default=0, ge=0, le=1000)
    """Workers that connect to the locust master by themselves."""
    follow_redirects: bool = False
    """Only httpx: count the answer at the end of the redirects."""
    cookies: bool = False
    """Only httpx: each client sends back the cookies it was given."""
    expected: Expected | None = None
    seed: int = 1
    http2: bool = False

    @model_validator(mode="after")
    def _paths_are_paths(self) -> "ProbePlan":
        for request in self.requests:
            if not request.path.startswith("/"):
                raise ValueError(f"a path begins with /: {request.path!r}")
        return self

    @property
    def mode(self) -> Literal["closed", "open"]:
        """Whether the load waits for the server or not."""
        return "closed" if self.rate is None else "open"

    def headers_for(self, request: Request) -> list[tuple[str, str]]:
        """Return the headers of a request: ours, where it brings none of the same name."""
        given = [*self.headers, *request.headers]
        names = {name.lower() for name, _ in given}
        ours = [("Host", self.host), ("User-Agent", USER_AGENT), ("Accept", "*/*")]
        if not self.keep_alive:
            ours.append(("Connection", "close"))
        return [(name, value) for name, value in ours if name.lower() not in names] + given

    @property
    def label(self) -> str:
        """The traffic in one line."""
        if len(self.requests) == 1:
            return self.requests[0].path
        return ", ".join(f"{one.path}={one.weight:g}" for one in self.requests)


def plan_from_options(**fields: Any) -> ProbePlan:
    """Return a plan whose numbers come from the command line.

    Raises:
        UsageError: one of them is out of bounds.
    """
    try:
        return ProbePlan(**fields)
    except ValidationError as error:
        first = error.errors()[0]
        name = " ".join(str(one).replace("_", " ") for one in first["loc"]) or "the plan"
        raise UsageError(f"{name} of {first['input']!r}: {first['msg'].lower()}") from error
