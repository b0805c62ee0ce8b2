"""optimise: measure today, search, race the best against today, write the patch."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tuner.apache.binary import Httpd
from tuner.apache.read import ReadRequest, read
from tuner.apache.tree import Configuration
from tuner.capacity.memory import MemoryCosts, MemoryNeed, memory_need
from tuner.capacity.settings import Settings
from tuner.errors import ConfigurationUnreadable, Interrupted, ServerError, UsageError
from tuner.host.machine import Machine, observe_machine
from tuner.patch.build import Patch, build_patch
from tuner.pipeline.changes import changes_between
from tuner.pipeline.httpdtest import httpd_test
from tuner.pipeline.measure import Bench, Measurement, Progress, latency_of
from tuner.pipeline.observe import budget_for, costs_from_profile
from tuner.pipeline.record import RunRecord
from tuner.pipeline.target import Target, find_target
from tuner.pipeline.views import demand_runnable, views_of
from tuner.probe.engines import engine
from tuner.probe.guard import memory_guard
from tuner.search.coordinate import CoordinateSearch, ServiceDemand
from tuner.search.space import Space
from tuner.search.statistics import Ratio, paired_ratio
from tuner.search.trial import Objective, Trial
from tuner.units import format_seconds, format_size

LEAST_AVAILABLE_SHARE = 0.05
"""A probe stops when less than this share of the machine's memory is available."""

_LEAST_ROUNDS = 4
_CLEAR_ENOUGH = 0.02
"""A race ends early when the interval is narrower than this on both sides."""

_SEARCH_SHARE = 0.55
"""Share of the time limit after which the search stops to leave time for the race."""


@dataclass(frozen=True, slots=True)
class OptimiseRequest:
    """What to optimise, for what, and within which limits."""

    read: ReadRequest
    httpd: Httpd | None
    host: str
    paths: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    objective: Objective = field(default_factory=Objective)
    concurrency: int = 64
    engine: str = "httpx"
    max_probes: int = 12
    time_limit_seconds: float = 240.0
    probe_seconds: float = 3.0
    rounds: int = 6
    budget: str | None = None
    reserve: str | None = None
    run_directory: Path | None = None
    shadow_port: int | None = None


@dataclass(frozen=True, slots=True)
class Side:
    """One side of the final race: all its probes."""

    settings: Settings
    measurements: tuple[Measurement, ...]

    @property
    def throughputs(self) -> tuple[float, ...]:
        """Good responses per second, one value a round."""
        return tuple(one.probe.throughput for one in self.measurements)


@dataclass(frozen=True, slots=True)
class OptimiseReport:
    """Everything that an optimisation found."""

    configuration: Configuration
    request: OptimiseRequest
    target: Target
    machine: Machine
    budget_bytes: int
    budget_formula: str
    demand: ServiceDemand
    costs: MemoryCosts
    trials: tuple[Trial, ...]
    rejected: tuple[str, ...]
    today: Side | None
    """None when today's settings could not be measured within the budget."""
    winner: Side | None
    ratio: Ratio | None
    """Throughput of the winner over today's, from interleaved pairs."""
    patch: Patch | None
    verdict: str
    run_directory: Path
    elapsed_seconds: float

    @property
    def is_better(self) -> bool:
        """Whether there is something to recommend."""
        return self.patch is not None

    def need(self, settings: Settings) -> MemoryNeed:
        """Predict memory at full occupancy."""
        return memory_need(settings, self.costs)


def optimise(request: OptimiseRequest, say: Progress) -> OptimiseReport:
    """Find better settings for one application, or say that there are none.

    Raises:
        TunerError: something cannot be read, started or probed; GuardStop when a
            limit was hit.
    """
    optimisation = _Optimisation(request, say)
    try:
        return optimisation.run()
    except KeyboardInterrupt:
        kept = optimisation.record.path
        where = f"; what was measured is in {kept}" if kept.exists() else ""
        raise Interrupted(f"interrupted{where}") from None


class _Optimisation:
    def __init__(self, request: OptimiseRequest, say: Progress) -> None:
        self.request, self.say = request, say
        self.began = time.monotonic()
        if request.httpd is None:
            raise UsageError(
                "no httpd to run a shadow server with",
                hint="install apache2 and mod_wsgi, or pip install mod_wsgi-standalone",
            )
        self.configuration = read(request.read)
        demand_runnable(self.configuration)
        self.machine = observe_machine()
        self.views = views_of(self.configuration, self.machine.cores)
        settings = self.views.settings
        if settings is None:
            raise ConfigurationUnreadable(f"{self.configuration.main}: no MPM is loaded")
        self.today = settings
        self.target = find_target(
            self.configuration, self.views, request.host, request.paths, request.headers
        )
        self.budget = budget_for(self.machine, None, request.budget, request.reserve)
        self.record = RunRecord(request.run_directory, self._environment())
        self.bench = Bench(
            httpd=request.httpd,
            target=self.target,
            engine=engine(request.engine),
            record=self.record,
            probe_seconds=request.probe_seconds,
            timeout_seconds=10.0,
            guard=memory_guard(int(LEAST_AVAILABLE_SHARE * self.machine.memory_total_bytes)),
            fixed_ports=(
                {self.target.canary.port: request.shadow_port} if request.shadow_port else None
            ),
        )
        self.trials: list[Trial] = []
        self.rejected: list[str] = []

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self.began

    def run(self) -> OptimiseReport:
        self.say(f"today: {self.today.describe()}")
        self.say(f"budget: {self.budget.formula}")
        alone = self._calibrate()
        search = self._search()
        best = search.best
        if best is None:
            return self._report(None, None, None, None, self._nothing_feasible())
        if best.settings == self.today:
            return self._report(None, None, None, None, "today's settings are the best measured")
        patch = self._patch(best.settings, alone)
        return self._race(best, patch)

    # --- calibration -----------------------------------------------------------

    def _environment(self) -> dict[str, Any]:
        assert self.request.httpd is not None
        return {
            "main": self.configuration.main,
            "httpd": str(self.request.httpd.path),
            "httpd_version": list(self.request.httpd.version),
            "machine": self.machine.model_dump(mode="json"),
            "budget": self.budget.model_dump(mode="json"),
            "today": self.today.model_dump(mode="json"),
            "concurrency": self.request.concurrency,
            "requests": [one.model_dump(mode="json") for one in self.target.requests],
        }

    def _calibrate(self) -> Measurement:
        """Measure one request at a time: what it costs, and what a process costs."""
        small = self._small()
        (alone,) = self.bench.measure(self.configuration, small, (1,), "calibration")
        if alone.probe.latency is None:
            kinds = ", ".join(f"{kind}: {n}" for kind, n in alone.probe.errors.items()) or "silence"
            raise ServerError(f"no good answer at one request at a time ({kinds})")
        busy = alone.cpu_per_request_seconds
        latency = alone.probe.latency.mean_seconds
        self.demand = ServiceDemand(min(busy, latency), max(0.0, latency - busy))
        self.costs = costs_from_profile(alone.profile, [group.name for group in self.today.groups])
        self.say(
            f"one request: {format_seconds(latency)}, of which "
            f"{format_seconds(self.demand.busy_seconds)} CPU; a process costs "
            f"{format_size(self._process_cost())}"
        )
        return alone

    def _small(self) -> Settings:
        """Return today's settings with few processes: enough to learn what one costs."""
        if not self.target.is_embedded or self.today.front.mpm != "prefork":
            return self.today
        front = self.today.front.model_copy(
            update={"start_servers": 1, "min_spare": 1, "max_spare": 2}
        )
        return self.today.model_copy(update={"front": front})

    def _process_cost(self) -> int:
        group = self.target.group
        cost = self.costs.groups.get(group) if group else None
        return (cost or self.costs.front).size_bytes

    # --- search ------------------------------------------------------------------

    def _space(self) -> Space:
        return Space(
            today=self.today,
            group=self.target.group,
            costs=self.costs,
            budget_bytes=self.budget.size_bytes,
            cores=self.machine.cores,
            concurrency=self.request.concurrency,
            fixed_pool=self.target.is_embedded,
        )

    def _search(self) -> CoordinateSearch:
        search = CoordinateSearch(
            self._space(), self.request.objective, self.demand, self.request.max_probes
        )
        while (point := search.ask()) is not None:
            if self.elapsed > _SEARCH_SHARE * self.request.time_limit_seconds:
                self.say("the search stops here: the time limit is near")
                break
            space = search.space
            settings = space.today if point == space.start else space.settings(point)
            search.tell(self._trial(settings))
            search.space = self._space()
        return search

    def _trial(self, settings: Settings) -> Trial:
        number = len(self.trials)
        occupied = self._occupied_need(settings)
        if occupied > self.budget.size_bytes:
            reason = (
                f"would use {format_size(occupied)} at this load, "
                f"over the budget of {format_size(self.budget.size_bytes)}"
            )
            trial = self._failed(number, settings, reason)
        else:
            try:
                (measured,) = self.bench.measure(
                    self.configuration, settings, (self.request.concurrency,), "trial"
                )
                trial = self._measured(number, settings, measured)
            except ServerError as error:
                if number == 0:
                    raise
                trial = self._failed(number, settings, str(error))
        self.trials.append(trial)
        self.record.append("result", trial=trial.model_dump(mode="json"))
        self.say(_line(trial, self.request.objective))
        return trial

    def _occupied_need(self, settings: Settings) -> int:
        """Return the memory at the load of the probes: idle front workers are not started."""
        front = settings.front
        busy = self.request.concurrency + max(front.max_spare, front.threads)
        used = min(front.max_request_workers, -(-busy // front.threads) * front.threads)
        limited = front.model_copy(update={"max_request_workers": used})
        return memory_need(settings.model_copy(update={"front": limited}), self.costs).size_bytes

    def _measured(self, number: int, settings: Settings, measured: Measurement) -> Trial:
        self._learn_costs(measured)
        return Trial(
            number=number,
            settings=settings,
            throughput=measured.probe.throughput,
            latency_seconds=latency_of(measured.probe, self.request.objective.percentile),
            error_rate=measured.probe.error_rate,
            memory_bytes=measured.memory_bytes,
            need_bytes=memory_need(settings, self.costs).size_bytes,
            doubts={one.name: one.message for one in measured.probe.checks if one.effect != "note"},
        )

    def _failed(self, number: int, settings: Settings, reason: str) -> Trial:
        self.rejected.append(f"{settings.describe()}: {reason}")
        return Trial(
            number=number,
            settings=settings,
            throughput=0.0,
            latency_seconds=None,
            error_rate=1.0,
            memory_bytes=0,
            need_bytes=memory_need(settings, self.costs).size_bytes,
            failed=reason,
        )

    def _learn_costs(self, measured: Measurement) -> None:
        """Keep the largest cost seen: processes grow with threads and with use."""
        new = costs_from_profile(measured.profile, [group.name for group in self.today.groups])
        larger = {
            name: max(cost, self.costs.groups.get(name, cost), key=lambda one: one.size_bytes)
            for name, cost in {**self.costs.groups, **new.groups}.items()
        }
        self.costs = MemoryCosts(
            parent=max(self.costs.parent, new.parent, key=lambda one: one.size_bytes),
            front=max(self.costs.front, new.front, key=lambda one: one.size_bytes),
            groups=larger,
            shared_bytes=max(self.costs.shared_bytes, new.shared_bytes),
        )

    def _nothing_feasible(self) -> str:
        return "no settings met the latency objective and the error limit at this load"

    # --- race and result -----------------------------------------------------------

    def _patch(self, winner: Settings, alone: Measurement) -> Patch:
        reasons = [
            "tuner optimize: settings for "
            f"{', '.join(one.path for one in self.target.requests)} "
            f"at {self.request.concurrency} concurrent requests.",
            f"Today:  {self.today.describe()}",
            f"Wanted: {winner.describe()}",
            f"Memory at full occupancy: {memory_need(winner, self.costs).formula}; "
            f"budget {self.budget.formula}",
        ]
        return build_patch(
            self.configuration,
            changes_between(self.today, winner),
            reasons,
            httpd_test(self.configuration, self.bench.httpd),
        )

    def _race(self, best: Trial, patch: Patch) -> OptimiseReport:
        """Measure today and the patched tree in turn: ABBA, so that drift cancels."""
        patched_settings = views_of(patch.patched, self.machine.cores).settings
        assert patched_settings is not None
        sides: dict[str, list[Measurement]] = {"today": [], "patched": []}
        today_runs = not self.trials[0].failed
        for number in range(self.request.rounds):
            order = ["today", "patched"] if number % 2 == 0 else ["patched", "today"]
            for name in order if today_runs else ["patched"]:
                tree = self.configuration if name == "today" else patch.patched
                settings = self.today if name == "today" else patched_settings
                (measured,) = self.bench.measure(
                    tree, settings, (self.request.concurrency,), f"race-{name}"
                )
                self._learn_costs(measured)
                sides[name].append(measured)
                self.say(
                    f"race {number + 1}: {name:<7} {measured.probe.throughput:8.1f} req/s, "
                    f"p99 {format_seconds(latency_of(measured.probe, 'p99') or 0)}"
                )
            if self._is_decided(sides) or self.elapsed > self.request.time_limit_seconds:
                break
        winner = Side(patched_settings, tuple(sides["patched"]))
        today = Side(self.today, tuple(sides["today"])) if today_runs else None
        ratio = paired_ratio(today.throughputs, winner.throughputs) if today else None
        verdict, keep = self._judge(today, winner, ratio)
        return self._report(today, winner, ratio, patch if keep else None, verdict)

    def _is_decided(self, sides: dict[str, list[Measurement]]) -> bool:
        if not sides["today"]:
            return len(sides["patched"]) >= 2
        if len(sides["patched"]) < _LEAST_ROUNDS:
            return False
        ratio = paired_ratio(
            [one.probe.throughput for one in sides["today"]],
            [one.probe.throughput for one in sides["patched"]],
        )
        return ratio.high - ratio.low < 2 * _CLEAR_ENOUGH * ratio.estimate

    def _judge(self, today: Side | None, winner: Side, ratio: Ratio | None) -> tuple[str, bool]:
        """Say what the race means, and whether there is something to recommend."""
        objective = self.request.objective
        late = [
            one
            for one in winner.measurements
            if one.probe.error_rate > objective.max_error_rate
            or (
                objective.latency_seconds is not None
                and (latency_of(one.probe, objective.percentile) or 0) > objective.latency_seconds
            )
        ]
        if 2 * len(late) > len(winner.measurements):
            return "measured again, the best settings miss the objective", False
        need = memory_need(winner.settings, self.costs).size_bytes
        if need > self.budget.size_bytes:
            return (
                f"measured again, the best settings need {format_size(need)}, more than the budget",
                False,
            )
        if ratio is None:
            return "today's settings do not fit the memory budget at this load; these do", True
        if not self.trials[0].is_feasible(objective):
            return "today's settings miss the objective; these keep it", True
        if ratio.is_more:
            return f"throughput {ratio.describe()}", True
        return f"nothing better than today beyond noise: {ratio.describe()}", False

    def _report(
        self,
        today: Side | None,
        winner: Side | None,
        ratio: Ratio | None,
        patch: Patch | None,
        verdict: str,
    ) -> OptimiseReport:
        self.record.append("end", verdict=verdict, better=patch is not None)
        return OptimiseReport(
            configuration=self.configuration,
            request=self.request,
            target=self.target,
            machine=self.machine,
            budget_bytes=self.budget.size_bytes,
            budget_formula=self.budget.formula,
            demand=self.demand,
            costs=self.costs,
            trials=tuple(self.trials),
            rejected=tuple(self.rejected),
            today=today,
            winner=winner,
            ratio=ratio,
            patch=patch,
            verdict=verdict,
            run_directory=self.record.directory,
            elapsed_seconds=self.elapsed,
        )


def _line(trial: Trial, objective: Objective) -> str:
    text = f"trial {trial.number:2}: {trial.settings.describe()}"
    if trial.failed:
        return f"{text}: {trial.failed}"
    latency = format_seconds(trial.latency_seconds) if trial.latency_seconds else "-"
    mark = "" if trial.is_feasible(objective) else "  misses the objective"
    return (
        f"{text}: {trial.throughput:.1f} req/s, {objective.percentile} {latency}, "
        f"errors {trial.error_rate:.1%}, memory {format_size(trial.memory_bytes)}{mark}"
    )
