"""Measure one Settings: start the server, warm it, probe it, take its memory and CPU."""

import math
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tuner.apache.binary import Httpd
from tuner.apache.tree import Configuration
from tuner.capacity.settings import Settings
from tuner.errors import NOT_MEASURED, GuardStop
from tuner.host.processes import ProcessMemory
from tuner.host.profile import MemoryProfile, summarise
from tuner.host.warmth import NOTHING_KNOWN, Loading
from tuner.pipeline.record import RunRecord
from tuner.pipeline.replay import CUT, Replay
from tuner.pipeline.target import Target
from tuner.probe.engines import Engine
from tuner.probe.guard import Guard, no_guard
from tuner.probe.plan import ProbePlan
from tuner.probe.result import ProbeResult
from tuner.probe.run import run_probe
from tuner.server.shadow import Shadow, shadow_server
from tuner.server.watcher import INTERVAL_SECONDS, RequestTimes, times_in

_WARM_REQUESTS_PER_WORKER = 3
_WARM_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Measurement:
    """One probe of one running server, with memory and CPU."""

    settings: Settings
    probe: ProbeResult
    profile: MemoryProfile
    server_cpu_seconds: float
    """CPU that the server's processes used during the probe."""
    times: RequestTimes | None = None
    """Where mod_wsgi saw the time of requests go; None where it was not asked."""

    @property
    def cpu_per_request_seconds(self) -> float:
        """CPU of the server for each ended request."""
        return self.server_cpu_seconds / max(1, self.probe.requests)

    @property
    def memory_bytes(self) -> int:
        """Memory of the whole server: the sum of PSS, or of USS where PSS is not readable."""
        known = self.profile.pss_sum_bytes
        if known is not None:
            return known
        return sum(one.uss_high_bytes * one.processes for one in self.profile.roles)


def measurement_of(line: dict[str, Any]) -> Measurement:
    """Return the measurement in a line of the record."""
    return Measurement(
        settings=Settings.model_validate(line["settings"]),
        probe=ProbeResult.model_validate(line["probe"]),
        profile=MemoryProfile.model_validate(line["memory"]),
        server_cpu_seconds=line["server_cpu_seconds"],
        times=RequestTimes.model_validate(line["times"]) if line.get("times") else None,
    )


def _given_back(lines: Sequence[dict[str, Any]]) -> tuple[Measurement, ...]:
    """Return what the lines of the record hold, or fail as it failed then.

    Raises:
        TunerError: the error in the last line.
    """
    last = lines[-1]
    if "error" in last:
        kind = next(one for one in NOT_MEASURED if one.__name__ == last["error"])
        raise kind(last["message"], hint=last["hint"])
    return tuple(measurement_of(line) for line in lines)


@dataclass(slots=True)
class Bench:
    """Everything that stays the same from one measurement to the next."""

    httpd: Httpd
    target: Target
    engine: Engine
    record: RunRecord
    probe_seconds: float
    timeout_seconds: float
    guard: Guard = no_guard
    fixed_ports: dict[int, int] | None = None
    replay: Replay = field(default_factory=Replay)
    loading: Loading = NOTHING_KNOWN

    def measure(
        self,
        configuration: Configuration,
        settings: Settings,
        concurrencies: tuple[int, ...],
        kind: str,
        prepare: Callable[[Shadow], None] = lambda shadow: None,
        watched: Collection[str | None] = (),
    ) -> tuple[Measurement, ...]:
        """Start a shadow with ``settings``, ``prepare`` it, and probe it at each concurrency.

        ``watched`` process groups count their requests.

        Raises:
            ServerError: it does not start or answer.
            GuardStop: a guard ended a probe.
        """
        recorded = self.replay.take(kind, settings, concurrencies)
        if recorded:
            return _given_back(recorded)
        try:
            with self.running(configuration, settings, watched) as shadow:
                self.end_replay()
                prepare(shadow)
                return tuple(self.probe(shadow, number, kind) for number in concurrencies)
        except NOT_MEASURED as error:
            if self.record.is_empty:
                raise
            self.end_replay()
            self.record.append(
                kind,
                elapsed_seconds=self.replay.elapsed_seconds,
                settings=settings.model_dump(mode="json"),
                error=type(error).__name__,
                message=error.message,
                hint=error.hint,
            )
            raise

    def demand(self, kinds: Sequence[str]) -> None:
        """End the replay unless measurements of these kinds come next: no half of them."""
        if not self.replay.continues(kinds):
            self.end_replay()

    def end_replay(self) -> None:
        """Measure from now on, and take back what the record holds beyond this point."""
        kept = self.replay.end()
        if kept is not None:
            self.record.append(CUT, kept=kept)

    @contextmanager
    def running(
        self,
        configuration: Configuration,
        settings: Settings,
        watched: Collection[str | None] = (),
    ) -> Iterator[Shadow]:
        """Run a warm shadow with ``settings``.

        Raises:
            ServerError: it does not start or answer.
        """
        with shadow_server(
            configuration, self.httpd, settings, self.target.canary, self.fixed_ports, watched
        ) as shadow:
            self._warm(shadow)
            yield shadow

    def plan(self, shadow: Shadow, concurrency: int, seconds: float, warmup: float) -> ProbePlan:
        """Return the plan of a probe against a shadow."""
        return ProbePlan(
            url=shadow.url,
            host=shadow.host,
            requests=self.target.requests,
            headers=self.target.headers,
            concurrency=concurrency,
            warmup_seconds=warmup,
            duration_seconds=seconds,
            timeout_seconds=self.timeout_seconds,
        )

    def _warm(self, shadow: Shadow) -> None:
        """Let every worker process answer, so that lazily imported code is loaded."""
        groups = [one for one in shadow.settings.groups if one.name in self.target.groups]
        workers = sum(one.capacity for one in groups) or shadow.settings.front.processes
        plan = self.plan(shadow, min(workers, 64), _WARM_SECONDS, 0.0)
        requests = max(10, _WARM_REQUESTS_PER_WORKER * workers)
        self._run(plan.model_copy(update={"max_requests": min(requests, 300)}))

    def probe(self, shadow: Shadow, concurrency: int, kind: str) -> Measurement:
        """Probe a running shadow, and record what was measured."""
        seconds = self.probe_seconds if concurrency > 1 else min(self.probe_seconds, 2.0)
        warmup = min(1.0, seconds / 4)
        before = _cpu_by_process(shadow.processes())
        told = len(shadow.told()) if shadow.watched else 0
        result = self._run(self.plan(shadow, concurrency, seconds, warmup))
        processes = shadow.processes()
        used = sum(
            seconds_now - before.get(key, 0.0)
            for key, seconds_now in _cpu_by_process(processes).items()
        )
        share = result.elapsed_seconds / (result.elapsed_seconds + warmup)
        measurement = Measurement(
            settings=shadow.settings,
            probe=result,
            profile=summarise(processes, self.loading),
            server_cpu_seconds=used * share,
            times=_times(shadow, told),
        )
        self.record.append(
            kind,
            elapsed_seconds=self.replay.elapsed_seconds,
            settings=shadow.settings.model_dump(mode="json"),
            probe=result.model_dump(mode="json"),
            memory=measurement.profile.model_dump(mode="json"),
            memory_bytes=measurement.memory_bytes,
            server_cpu_seconds=measurement.server_cpu_seconds,
            times=measurement.times.model_dump(mode="json") if measurement.times else None,
        )
        return measurement

    def _run(self, plan: ProbePlan) -> ProbeResult:
        result = run_probe(plan, self.engine, self.guard)
        if result.stopped:
            raise GuardStop(f"the run was stopped: {result.stopped}")
        return result


def _times(shadow: Shadow, told: int) -> RequestTimes | None:
    """Return what the shadow's processes have told since; they tell twice a second."""
    if not shadow.watched:
        return None
    time.sleep(2 * INTERVAL_SECONDS)
    return times_in(shadow.told()[told:])


def _cpu_by_process(processes: tuple[ProcessMemory, ...]) -> dict[tuple[int, float], float]:
    return {(one.pid, one.create_time): one.cpu_seconds for one in processes}


Progress = Callable[[str], None]


def latency_of(result: ProbeResult, percentile: str) -> float | None:
    """Return one percentile of a result in seconds; None when nothing succeeded."""
    if result.latency is None:
        return None
    value: float = getattr(result.latency, f"{percentile}_seconds")
    return value if math.isfinite(value) else None
