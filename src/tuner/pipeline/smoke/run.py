"""Run a smoke test: control and target in turn, until it is clear or the time is up."""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from tuner.errors import Interrupted, UsageError
from tuner.pipeline.ladder.climb import SETTLE_SECONDS, Watcher
from tuner.pipeline.ladder.request import Target, parse_target
from tuner.pipeline.smoke.compare import (
    LEAST_PAIRS,
    Comparison,
    Tolerance,
    compare,
    is_clear,
)
from tuner.pipeline.smoke.series import Load, Pair, Series, side_of, written_request
from tuner.pipeline.traffic import Traffic
from tuner.probe.canary import with_expected
from tuner.probe.engines import Engine, engine
from tuner.probe.guard import Guard, any_of, memory_guard
from tuner.probe.manners import Limits, bounded, planned_seconds
from tuner.probe.mix import parse_requests
from tuner.probe.outsider import outsider
from tuner.probe.plan import ProbePlan, Request, plan_from_options
from tuner.probe.result import ProbeResult
from tuner.probe.run import run_probe
from tuner.search.statistics import paired_ratio
from tuner.server.control import CONTROL_VERSION, control_server


@dataclass(frozen=True, slots=True)
class SmokeRequest:
    """What to measure, and for how long."""

    target: Target
    traffic: Traffic
    control: str | None = None
    """The URL of a control; None: the small server of tuner's own."""
    concurrency: int = 16
    duration_seconds: float = 2.0
    warmup_seconds: float = 0.5
    timeout_seconds: float = 10.0
    keep_alive: bool = True
    engine: str = "native"
    tolerance: Tolerance = field(default_factory=Tolerance)
    limits: Limits = field(default_factory=lambda: Limits(seconds=60.0))

    @property
    def load(self) -> Load:
        """The load, as a baseline records it."""
        return Load(
            requests=tuple(written_request(one) for one in self.requests),
            concurrency=self.concurrency,
            duration_seconds=self.duration_seconds,
            warmup_seconds=self.warmup_seconds,
            keep_alive=self.keep_alive,
            engine=self.engine,
            control=self.control or f"built in, version {CONTROL_VERSION}",
        )

    @property
    def requests(self) -> tuple[Request, ...]:
        """The traffic mix; the path of the URL where none is given."""
        return self.traffic.requests or (Request(path=self.target.path),)

    def plan(self, target: Target, requests: tuple[Request, ...]) -> ProbePlan:
        """Return the plan of one probe."""
        is_target = target is self.target
        return plan_from_options(
            url=target.url,
            host=(self.traffic.host if is_target else None) or target.host,
            requests=requests,
            headers=self.traffic.headers if is_target else (),
            concurrency=self.concurrency,
            duration_seconds=self.duration_seconds,
            warmup_seconds=self.warmup_seconds,
            timeout_seconds=self.timeout_seconds,
            keep_alive=self.keep_alive,
        )


def record(request: SmokeRequest, watcher: Watcher) -> Series:
    """Measure a baseline: until the ratio to the control is clear, or the time is up.

    Raises:
        UsageError: the time limit is too short for the pairs that are needed.
        ServerError: target or control do not answer.
        Interrupted: Ctrl-C; there is no baseline then.
    """

    def is_enough(series: Series) -> bool:
        pairs = series.usable
        ratio = paired_ratio(
            [one.control.throughput for one in pairs], [one.target.throughput for one in pairs]
        )
        relative = (ratio.high - ratio.low) / ratio.estimate / 2
        return ratio.pairs >= LEAST_PAIRS and relative <= request.tolerance.throughput / 4

    return _measure(request, watcher, is_enough)


def check(request: SmokeRequest, baseline: Series, watcher: Watcher) -> Comparison:
    """Measure again and compare, until the verdict is clear or the time is up.

    Raises:
        UsageError: the baseline was recorded under another load.
    """
    request = _as_recorded(request, baseline)

    def is_enough(series: Series) -> bool:
        return is_clear(compare(baseline, series, request.tolerance), request.tolerance)

    return compare(baseline, _measure(request, watcher, is_enough), request.tolerance)


def _as_recorded(request: SmokeRequest, baseline: Series) -> SmokeRequest:
    """Return the request with the baseline's mix where none is given; demand the same load."""
    if not request.traffic.requests:
        texts = baseline.load.requests
        if any("@sha256:" in text for text in texts):
            raise UsageError(
                "the baseline has request bodies", hint="give its --path options again"
            )
        traffic = replace(request.traffic, requests=parse_requests(texts, allowed=None))
        request = replace(request, traffic=traffic)
    mine, recorded = request.load, baseline.load
    for name in Load.model_fields:
        if getattr(mine, name) != getattr(recorded, name):
            raise UsageError(
                f"the baseline was recorded with {name} {getattr(recorded, name)!r}, "
                f"not {getattr(mine, name)!r}",
                hint="compare the same load, or record a new baseline",
            )
    return request


def _measure(
    request: SmokeRequest, watcher: Watcher, is_enough: Callable[[Series], bool]
) -> Series:
    with contextlib.ExitStack() as stack:
        url = request.control or stack.enter_context(control_server())
        control = parse_target(f"control={url}")
        plans = {
            "control": with_expected(request.plan(control, (Request(path=control.path),))),
            "target": with_expected(request.plan(request.target, request.requests)),
        }
        guard = stack.enter_context(_guard(request, plans["target"]))
        return _Pairs(request, watcher, engine(request.engine), plans, guard).run(is_enough)


@contextlib.contextmanager
def _guard(request: SmokeRequest, plan: ProbePlan) -> Iterator[Guard]:
    memory = memory_guard(request.limits.free_memory_share)
    if not plan.requests[0].is_safe:
        yield memory
        return
    headers = [("Host", plan.host), *plan.headers]
    url = plan.url + plan.requests[0].path
    with outsider(url, headers, request.limits.wait_seconds) as slow:
        yield any_of(memory, slow)


class _Pairs:
    def __init__(
        self,
        request: SmokeRequest,
        watcher: Watcher,
        run: Engine,
        plans: dict[str, ProbePlan],
        guard: Guard,
    ) -> None:
        self.request, self.watcher, self.engine = request, watcher, run
        self.plans, self.guard = plans, guard
        self.requests_left = request.limits.requests
        each = planned_seconds(plans.values()) + 2 * SETTLE_SECONDS
        self.most = int(request.limits.seconds / each)
        if self.most < LEAST_PAIRS:
            raise UsageError(
                f"{LEAST_PAIRS} pairs of probes take {LEAST_PAIRS * each:.0f} s, the time limit is "
                f"{request.limits.seconds:.0f} s",
                hint="a longer --time-limit or a shorter --duration",
            )
        self.series = Series(
            started_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            url=request.target.url,
            load=request.load,
            cores=len(os.sched_getaffinity(0)),
            pairs=(),
        )

    def run(self, is_enough: Callable[[Series], bool]) -> Series:
        """Probe control and target in turn, ABBA, so that drift cancels."""
        for number in range(self.most):
            order = ("control", "target") if number % 2 == 0 else ("target", "control")
            try:
                found = {name: self._probe(name, number) for name in order}
            except KeyboardInterrupt:
                raise Interrupted(f"interrupted after {number} pairs, nothing is written") from None
            if stopped := next((one.stopped for one in found.values() if one.stopped), ""):
                return self.series.model_copy(update={"stopped": stopped})
            pair = Pair(control=side_of(found["control"]), target=side_of(found["target"]))
            self.series = self.series.model_copy(update={"pairs": (*self.series.pairs, pair)})
            self._say(number, pair)
            if self.requests_left <= 0:
                return self.series.model_copy(
                    update={"stopped": f"{self.request.limits.requests} requests are used up"}
                )
            if is_enough(self.series):
                break
        return self.series

    def _probe(self, name: str, number: int) -> ProbeResult:
        plan = bounded(self.plans[name], self.request.limits, max(1, self.requests_left))
        self.watcher.begin(name, planned_seconds([plan]), number + 1, self.most)

        def guard() -> str:
            self.watcher.tick()
            return self.guard()

        result = run_probe(plan, self.engine, guard)
        self.requests_left -= result.requests
        time.sleep(SETTLE_SECONDS)
        return result

    def _say(self, number: int, pair: Pair) -> None:
        mark = "" if pair.is_usable else "  invalid, not used"
        share = pair.throughput_ratio if pair.control.throughput else 0.0
        self.watcher.say(
            f"pair {number + 1}: control {pair.control.throughput:.1f}, target "
            f"{pair.target.throughput:.1f} requests/s, ratio {share:.3f}{mark}"
        )
