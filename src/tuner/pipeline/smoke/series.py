"""What a smoke test measures: pairs of probes, control and target, one after the other."""

import hashlib
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from tuner import __version__
from tuner.errors import UsageError
from tuner.probe.plan import Request, Value
from tuner.probe.result import ProbeResult, Validity


class Side(Value):
    """One probe, as far as a comparison needs it."""

    throughput: float
    p95_seconds: float | None
    """None when nothing succeeded."""
    error_rate: float
    validity: Validity
    doubts: tuple[str, ...]
    """Names of the validity checks that doubt it."""


class Pair(Value):
    """Control and target, probed in turn."""

    control: Side
    target: Side

    @property
    def is_usable(self) -> bool:
        """Whether both probes tell something."""
        sides = (self.control, self.target)
        return all(one.validity != "invalid" and one.p95_seconds for one in sides)

    @property
    def throughput_ratio(self) -> float:
        """Throughput of the target as a share of the control's."""
        return self.target.throughput / self.control.throughput

    @property
    def latency_ratio(self) -> float:
        """95th percentile of the target's latency over the control's."""
        return (self.target.p95_seconds or 0.0) / (self.control.p95_seconds or 1.0)


class Load(Value):
    """The load of every probe; a comparison needs the same."""

    requests: tuple[str, ...]
    """As ``--path`` writes them; a body by its SHA-256."""
    concurrency: int
    duration_seconds: float
    warmup_seconds: float
    keep_alive: bool
    engine: str
    control: str
    """``built in, version N``, or the URL of the control."""


class Series(Value):
    """All pairs of one run: what is recorded as a baseline."""

    schema_version: Literal[1] = 1
    tuner: str = __version__
    started_at: str
    """RFC 3339, UTC."""
    url: str
    load: Load
    cores: int
    pairs: tuple[Pair, ...]
    stopped: str = ""
    """Why a guard ended the run; empty when none did."""

    @property
    def usable(self) -> tuple[Pair, ...]:
        """The pairs that tell something."""
        return tuple(one for one in self.pairs if one.is_usable)

    @property
    def error_rate(self) -> float:
        """The mean share of the target's requests that failed."""
        rates = [one.target.error_rate for one in self.pairs]
        return sum(rates) / len(rates) if rates else 0.0


def side_of(result: ProbeResult) -> Side:
    """Keep what a comparison needs."""
    return Side(
        throughput=result.throughput,
        p95_seconds=result.latency.p95_seconds if result.latency else None,
        error_rate=result.error_rate,
        validity=result.validity,
        doubts=tuple(sorted(one.name for one in result.checks if one.effect != "note")),
    )


def written_request(request: Request) -> str:
    """Write a request as ``--path`` does, its body by a digest."""
    method = "" if request.method == "GET" else f"{request.method} "
    body = f" @sha256:{hashlib.sha256(request.body).hexdigest()}" if request.body else ""
    return f"{method}{request.path}={request.weight:g}{body}"


def read_baseline(file: Path) -> Series:
    """Read a recorded baseline.

    Raises:
        UsageError: it cannot be read, or is none.
    """
    try:
        text = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error
    try:
        return Series.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the document"
        raise UsageError(
            f"{file} is not a baseline of this version: {where}: {first['msg']}",
            hint="record one with tuner smoke record",
        ) from error
