"""What a probe does: target, traffic, concurrency, and its bounds."""

from pydantic import BaseModel, ConfigDict, Field

from tuner import __version__

USER_AGENT = f"tuner/{__version__} (load probe)"


class Request(BaseModel):
    """One kind of request in the traffic mix."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    weight: float = 1.0
    method: str = "GET"


class ProbePlan(BaseModel):
    """A closed-loop probe: ``concurrency`` clients, each with one request in flight."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    """Scheme, host and port, without a final slash."""
    host: str
    """The Host header."""
    requests: tuple[Request, ...]
    headers: tuple[tuple[str, str], ...] = ()
    concurrency: int = Field(ge=1, le=10_000)
    warmup_seconds: float = Field(default=0.5, ge=0, le=60)
    duration_seconds: float = Field(default=3.0, gt=0, le=600)
    max_requests: int = Field(default=200_000, ge=1)
    timeout_seconds: float = Field(default=10.0, gt=0, le=300)
    keep_alive: bool = True

    @property
    def label(self) -> str:
        """The traffic in one line."""
        return ", ".join(
            one.path if len(self.requests) == 1 else f"{one.path}={one.weight:g}"
            for one in self.requests
        )
