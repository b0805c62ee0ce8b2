"""What a ladder found: the values that every output format renders."""

import math
import statistics
from collections import Counter
from collections.abc import Sequence
from typing import Literal

from tuner import __version__
from tuner.probe.accesslog import LearnedTraffic
from tuner.probe.plan import Value
from tuner.probe.preflight import Preflight
from tuner.probe.result import Check, ProbeResult, Validity
from tuner.probe.scaling import Scaling, Step, scaling
from tuner.search.statistics import mean_with_interval

_EFFECTS = ("note", "doubt", "invalid")
_PERCENTILES = ("p50", "p90", "p95", "p99", "p999", "max", "mean")


class StepReport(Value):
    """All probes of one target at one load."""

    label: str
    """The number of clients, or the rate of an open loop."""
    concurrency: int
    rate: float | None
    throughput: float
    """Good responses a second: the mean over the probes."""
    throughput_half_width: float | None
    """Half of the 95 % interval of the mean; None with one probe."""
    milliseconds_per_request: float | None
    """1000 / throughput, as ApacheBench counts "across all concurrent requests"."""
    latency_seconds: dict[str, float]
    """Median over the probes of p50, p90, p95, p99, p999, max and mean; empty when
    nothing succeeded."""
    error_rate: float
    errors: dict[str, int]
    validity: Validity
    """The worst of the probes."""
    probes: tuple[ProbeResult, ...]


class TargetReport(Value):
    """One server: its steps and what they say together."""

    name: str
    url: str
    host: str
    requests: tuple[str, ...]
    """Method, path and weight of each kind of request."""
    steps: tuple[StepReport, ...]
    scaling: Scaling | None
    """None for an open loop, and before two steps."""
    checks: tuple[Check, ...]
    """What the validity checks found: of each name the worst, with its step."""
    stopped: str = ""
    """Why it was not probed at higher loads; empty when it was."""


class LadderReport(Value):
    """A whole ladder, complete or not."""

    schema_version: Literal[1] = 1
    tuner: str = __version__
    started_at: str
    """RFC 3339, UTC."""
    engine: str
    mode: Literal["closed", "open"]
    keep_alive: bool
    repeat: int
    duration_seconds: float
    """Of one probe, behind its warm-up."""
    targets: tuple[TargetReport, ...]
    preflight: tuple[Preflight, ...]
    traffic: LearnedTraffic | None = None
    """What the access log says; None without one."""
    is_local: bool
    """Whether a server runs on this machine, beside the load generator."""
    cores: int
    elapsed_seconds: float
    interrupted: bool = False
    stopped: str = ""
    """Why a guard ended the ladder; empty when none did."""

    @property
    def is_stopped(self) -> bool:
        """Whether a guard stopped the ladder, or one of its targets."""
        return bool(self.stopped) or any(one.stopped for one in self.targets)


def step_report(label: str, probes: Sequence[ProbeResult]) -> StepReport:
    """Summarise the probes at one load."""
    mean, half = mean_with_interval([one.throughput for one in probes])
    errors: Counter[str] = Counter()
    for one in probes:
        errors.update(one.errors)
    latencies = [one.latency for one in probes if one.latency is not None]
    requests = sum(one.requests for one in probes)
    good = sum(one.good for one in probes)
    return StepReport(
        label=label,
        concurrency=probes[0].concurrency,
        rate=probes[0].rate,
        throughput=mean,
        throughput_half_width=half if math.isfinite(half) else None,
        milliseconds_per_request=1e3 / mean if mean else None,
        latency_seconds={
            name: statistics.median([getattr(one, f"{name}_seconds") for one in latencies])
            for name in (_PERCENTILES if latencies else ())
        },
        error_rate=1 - good / requests if requests else 1.0,
        errors=dict(sorted(errors.items())),
        validity=worst([one.validity for one in probes]),
        probes=tuple(probes),
    )


def worst(found: Sequence[Validity]) -> Validity:
    """Return the worst validity."""
    order: tuple[Validity, ...] = ("valid", "doubtful", "invalid")
    return max(found, key=order.index, default="valid")


def target_scaling(steps: Sequence[StepReport]) -> Scaling | None:
    """Read the ladder of one target; None where it says nothing."""
    if len(steps) < 2 or any(one.rate is not None for one in steps):
        return None
    return scaling([Step(concurrency=one.concurrency, probes=one.probes) for one in steps])


def worst_checks(steps: Sequence[StepReport]) -> tuple[Check, ...]:
    """Return of each check the worst that it found, its message naming the step."""
    found: dict[str, Check] = {}
    for step in steps:
        for probe in step.probes:
            for check in probe.checks:
                known = found.get(check.name)
                if known is None or _rank(check) > _rank(known):
                    named = f"at {step.label}: {check.message}"
                    found[check.name] = check.model_copy(update={"message": named})
    return tuple(sorted(found.values(), key=lambda one: (-_rank(one), one.name)))


def _rank(check: Check) -> int:
    return _EFFECTS.index(check.effect)
