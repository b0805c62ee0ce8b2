"""Run a ladder: preflight, canaries, then the probes, interleaved and guarded."""

import contextlib
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Protocol

from tuner.host.network import observe_tcp
from tuner.pipeline.ladder.report import (
    LadderReport,
    StepReport,
    TargetReport,
    step_report,
    target_scaling,
    worst_checks,
)
from tuner.pipeline.ladder.request import LadderRequest, Load, Target
from tuner.probe.accesslog import has_token
from tuner.probe.canary import redirected, with_expected
from tuner.probe.context import is_local
from tuner.probe.engines import Engine, engine
from tuner.probe.guard import Guard, any_of, memory_guard
from tuner.probe.manners import bounded, demand_within, planned_seconds
from tuner.probe.outsider import outsider
from tuner.probe.plan import ProbePlan, Request
from tuner.probe.preflight import Preflight, client_limits, preflight
from tuner.probe.result import ProbeResult
from tuner.probe.run import run_probe
from tuner.units import format_seconds

SETTLE_SECONDS = 0.3
"""Between two probes, so that one does not queue behind the connections of the last."""

Key = tuple[str, Load]


class Watcher(Protocol):
    """Is told what a ladder does."""

    def say(self, line: str) -> None:
        """Take a line about something that happened."""

    def begin(self, label: str, seconds: float, number: int, count: int) -> None:
        """Note that a probe begins."""

    def tick(self) -> None:
        """Note that it goes on; called some times a second."""


def check_machine(request: LadderRequest) -> tuple[Preflight, ...]:
    """Compare this machine's limits with the plan."""
    local = any(is_local(host_of(one)) for one in request.targets)
    cores = len(os.sched_getaffinity(0))
    return preflight(request.plans(), client_limits(cores), observe_tcp(), is_local=local)


def climb(request: LadderRequest, watcher: Watcher) -> LadderReport:
    """Run the whole ladder; on Ctrl-C and when a guard stops it, report what is known.

    Raises:
        UsageError: the plan goes beyond the limits.
        ServerError: a target does not answer, or with an error.
        ProbeError: the engine cannot run the plan.
    """
    demand_within(request.limits, request.plans())
    return _Climb(request, watcher, engine(request.engine)).run()


class _Climb:
    def __init__(self, request: LadderRequest, watcher: Watcher, run: Engine) -> None:
        self.request, self.watcher, self.engine = request, watcher, run
        self.began = time.monotonic()
        self.started_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.preflight = check_machine(request)
        self.requests_left = request.limits.requests
        self.probes: dict[Key, list[ProbeResult]] = {}
        self.ended: dict[str, str] = {}
        """Targets that are not probed further, and why."""
        self.expected: dict[str, ProbePlan] = {}
        """Plans whose requests carry what the canary saw."""
        self.stopped = ""
        self.interrupted = False
        self.number = 0

    def run(self) -> LadderReport:
        request = self.request
        self.expected = {
            one.name: with_expected(request.plan(one, request.loads[0])) for one in request.targets
        }
        with ExitStack() as stack:
            outsiders = [
                stack.enter_context(self._outsider(plan))
                for plan in self.expected.values()
                if request.limits.wait_seconds > 0 and plan.requests[0].is_safe
            ]
            guard = any_of(memory_guard(request.limits.free_memory_share), *outsiders)
            try:
                for target, load in self._order():
                    if self.stopped:
                        break
                    if target.name not in self.ended:
                        self._probe(target, load, guard)
            except KeyboardInterrupt:
                self.interrupted = True
        return self._report()

    def _outsider(self, plan: ProbePlan) -> contextlib.AbstractContextManager[Guard]:
        return outsider(
            plan.url + plan.requests[0].path,
            [("Host", plan.host), *plan.headers],
            self.request.limits.wait_seconds,
        )

    def _order(self) -> Iterator[tuple[Target, Load]]:
        """Take the targets in turn, forwards and backwards, so that drift cancels."""
        request = self.request
        for number in range(request.repeat):
            for position, load in enumerate(request.loads):
                forwards = (number + position) % 2 == 0
                for target in request.targets if forwards else reversed(request.targets):
                    yield target, load

    def _probe(self, target: Target, load: Load, guard: Guard) -> None:
        """Run one probe, its requests with what the canary saw."""
        self.number += 1
        expected = self.expected[target.name]
        seen = {"requests": expected.requests, "expected": expected.expected}
        plan = self.request.plan(target, load).model_copy(update=seen)
        plan = bounded(plan, self.request.limits, self.requests_left)
        self.watcher.begin(
            f"{target.name} at {load.label}",
            planned_seconds([plan]),
            self.number,
            len(self.request.plans()),
        )
        result = run_probe(plan, self.engine, self._ticking(guard))
        self.requests_left -= max(result.requests, sum(result.statuses.values()))
        self.probes.setdefault((target.name, load), []).append(result)
        self.watcher.say(_line(target, load, result))
        self._judge(target, load, result)
        time.sleep(SETTLE_SECONDS)

    def _ticking(self, guard: Guard) -> Guard:
        def check() -> str:
            self.watcher.tick()
            return guard()

        return check

    def _judge(self, target: Target, load: Load, result: ProbeResult) -> None:
        limits = self.request.limits
        if result.stopped:
            self.stopped = f"{target.name} at {load.label}: {result.stopped}"
        elif self.requests_left <= 0:
            self.stopped = f"the limit of {limits.requests} requests is used up"
        elif time.monotonic() - self.began > 2 * limits.seconds:
            self.stopped = f"it takes more than twice the {limits.seconds:.0f} s allowed"
        elif result.error_rate > limits.error_share:
            self.ended[target.name] = (
                f"{result.error_rate:.0%} of the requests failed at {load.label}"
            )

    def _report(self) -> LadderReport:
        request = self.request
        return LadderReport(
            started_at=self.started_at,
            engine=request.engine,
            mode="closed" if request.loads[0].rate is None else "open",
            keep_alive=request.keep_alive,
            repeat=request.repeat,
            duration_seconds=request.duration_seconds,
            targets=tuple(self._target(one) for one in request.targets),
            preflight=self.preflight,
            traffic=request.traffic.learned,
            is_local=any(is_local(host_of(one)) for one in request.targets),
            cores=os.cpu_count() or 1,
            elapsed_seconds=time.monotonic() - self.began,
            interrupted=self.interrupted,
            stopped=self.stopped,
        )

    def _target(self, target: Target) -> TargetReport:
        steps: list[StepReport] = [
            step_report(load.label, found)
            for load in self.request.loads
            if (found := self.probes.get((target.name, load)))
        ]
        plan = self.request.plan(target, self.request.loads[0])
        return TargetReport(
            name=target.name,
            url=target.url,
            host=plan.host,
            requests=tuple(
                shown(one) + (f"={one.weight:g}" if len(plan.requests) > 1 else "")
                for one in plan.requests
            ),
            steps=tuple(steps),
            scaling=target_scaling(steps),
            checks=(*redirected(self.expected[target.name]), *worst_checks(steps)),
            stopped=self.ended.get(target.name, ""),
        )


def shown(request: Request) -> str:
    """Write a request for people, its query left out where it may hold a secret."""
    place, _, query = request.path.partition("?")
    hidden = query and has_token(f"/?{query}")
    return f"{request.method} {f'{place}?...' if hidden else request.path}"


def host_of(target: Target) -> str:
    """Return the host name or address of a target."""
    return target.url.partition("://")[2].rpartition(":")[0].strip("[]")


def _line(target: Target, load: Load, result: ProbeResult) -> str:
    latency = f"p99 {format_seconds(result.latency.p99_seconds)}" if result.latency else "no answer"
    errors = f", {result.error_rate:.1%} errors" if result.error_rate else ""
    names = [one.name for one in result.checks if one.effect != "note"]
    doubts = f"  {result.validity}: {', '.join(names)}" if names else ""
    return (
        f"{target.name} at {load.label}: {result.throughput:.1f} requests/s, {latency}"
        f"{errors}{doubts}"
    )
