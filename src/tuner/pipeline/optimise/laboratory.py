"""Trials: settings in, measured and recorded trials out; learns what processes cost."""

from copy import copy

from tuner.apache.tree import Configuration
from tuner.capacity.memory import MemoryCosts, larger_costs, memory_need
from tuner.capacity.settings import Settings
from tuner.errors import (
    NOT_MEASURED,
    ConfigurationUnreadable,
    GuardStop,
    MeasurementError,
    ServerError,
)
from tuner.host.profile import MemoryProfile
from tuner.pipeline.measure import Bench, Measurement, Progress, latency_of
from tuner.pipeline.observe import costs_from_profile
from tuner.pipeline.optimise.limits import Limits
from tuner.pipeline.optimise.neighbours import ask, neighbours
from tuner.pipeline.optimise.request import OptimiseRequest
from tuner.pipeline.views import Views
from tuner.search.demand import ServiceDemand
from tuner.search.trial import Objective, Trial
from tuner.server.watcher import RequestTimes
from tuner.units import format_seconds, format_size

_FRONT = "the front"


class Laboratory:
    """Measures settings one after the other on shadows of one configuration."""

    def __init__(
        self,
        configuration: Configuration,
        views: Views,
        bench: Bench,
        limits: Limits,
        request: OptimiseRequest,
        say: Progress,
        prefix: str = "",
    ) -> None:
        """``prefix`` keeps what is measured here apart in the record.

        Raises:
            ConfigurationUnreadable: the configuration loads no MPM.
        """
        if views.settings is None:
            raise ConfigurationUnreadable(f"{configuration.main}: no MPM is loaded")
        self.configuration, self.views, self.bench = configuration, views, bench
        self.limits, self.request, self.say, self.prefix = limits, request, say, prefix
        self.today = views.settings
        self.trials: list[Trial] = []
        self.rejected: list[str] = []
        self.unknown: tuple[str, ...] = ()
        """Groups whose applications could not be loaded: what they cost is not known."""
        self.costs: MemoryCosts
        self.demand: ServiceDemand

    @property
    def budget_bytes(self) -> int:
        """The budget; where the need is not wholly known, no more than today's settings need."""
        size = self.limits.budget.size_bytes
        if not self.unknown:
            return size
        return min(size, memory_need(self.today, self.costs).size_bytes)

    @property
    def doubts(self) -> tuple[str, ...]:
        """What the result cannot be sure of."""
        unknown = tuple(
            f"{name}: its application did not load when asked, so its memory is not known, and "
            "only settings that need no more memory than today's are considered; "
            f"--app-memory {'SIZE' if name == _FRONT else f'SIZE@{name}'} says what a process costs"
            for name in self.unknown
        )
        need, budget = memory_need(self.today, self.costs).size_bytes, self.limits.budget.size_bytes
        over = (
            (
                f"today's settings need {format_size(need)} at full occupancy, more than the "
                f"budget of {format_size(budget)}",
            )
            if need > budget
            else ()
        )
        return (*over, *self.limits.doubts, *unknown)

    def apart(self) -> "Laboratory":
        """Return a laboratory that learns what processes cost for itself: under another MPM.

        What is known of the front is forgotten there.
        """
        other = copy(self)
        other.costs = self.costs.without_front("under another MPM")
        return other

    # --- calibration -----------------------------------------------------------

    def calibrate(self) -> None:
        """Measure one request at a time: what it costs, and what a process costs.

        Raises:
            ServerError: nothing answers well.
            MeasurementError: memory for a copy is short.
        """
        small = self._small()
        if self.limits.known is not None:
            self._demand_room(occupied_bytes(small, self.limits.known, concurrency=1))
        others = neighbours(self.configuration, self.views, self.bench.target.applications)
        if others:
            self.say(f"loading {len(others)} other applications of this server, for their memory")
        (alone,) = self.bench.measure(
            self.configuration,
            small,
            (1,),
            f"{self.prefix}calibration",
            lambda shadow: ask(shadow, others),
        )
        if alone.probe.latency is None:
            kinds = ", ".join(f"{kind}: {n}" for kind, n in alone.probe.errors.items()) or "silence"
            raise ServerError(f"no good answer at one request at a time ({kinds})")
        busy = alone.cpu_per_request_seconds
        latency = alone.probe.latency.mean_seconds
        self.demand = ServiceDemand(min(busy, latency), max(0.0, latency - busy))
        self._learn_first_costs(alone.profile)
        self.say(
            f"one request: {format_seconds(latency)}, of which "
            f"{format_seconds(self.demand.busy_seconds)} CPU; a process costs "
            f"{format_size(self._process_cost())}"
        )

    def _small(self) -> Settings:
        """Return today's settings with few processes: enough to learn what one costs."""
        groups = tuple(
            one.model_copy(update={"processes": min(one.processes, 2)}) for one in self.today.groups
        )
        front = self.today.front
        if self.bench.target.is_embedded and front.mpm == "prefork":
            few = {"start_servers": 1, "min_spare": 1, "max_spare": 2}
            front = front.model_copy(update=few)
        return Settings(front=front, groups=groups)

    def _process_cost(self) -> int:
        costs = [
            self.costs.groups[one] for one in self.bench.target.groups if one in self.costs.groups
        ]
        return max((one.size_bytes for one in costs), default=self.costs.front.size_bytes)

    # --- trials ------------------------------------------------------------------

    def trial(self, settings: Settings) -> Trial:
        """Measure settings, or say why they cannot be measured.

        Raises:
            ServerError: today's settings do not run.
            GuardStop: a limit was hit.
        """
        number = len(self.trials)
        occupied = occupied_bytes(settings, self.costs, self.request.concurrency)
        budget = self.limits.budget.size_bytes
        if occupied > budget:
            trial = self._failed(
                number,
                settings,
                f"would use {format_size(occupied)} at this load, "
                f"over the budget of {format_size(budget)}",
            )
        else:
            try:
                self._demand_room(occupied)
                (measured,) = self.bench.measure(
                    self.configuration, settings, (self.request.concurrency,), f"{self.prefix}trial"
                )
                trial = self._measured(number, settings, measured)
            except NOT_MEASURED as error:
                if number == 0:
                    raise
                trial = self._failed(number, settings, str(error))
        self.trials.append(trial)
        self.bench.record.append(f"{self.prefix}result", trial=trial.model_dump(mode="json"))
        self.say(trial_line(trial, self.request.objective))
        return trial

    def _demand_room(self, need_bytes: int) -> None:
        if need_bytes > self.limits.copy_bytes:
            raise MeasurementError(
                f"a copy of the server would use {format_size(need_bytes)} at this load, "
                f"{format_size(self.limits.copy_bytes)} are free for it "
                f"({self.limits.copy_source})",
                hint="measure on a machine like it that serves nobody, or at less --concurrency",
            )

    def _measured(self, number: int, settings: Settings, measured: Measurement) -> Trial:
        self.learn_costs(measured)
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

    def request_times(self) -> RequestTimes | None:
        """Let mod_wsgi count where the time of a request goes with today's settings.

        None without an application, or where they do not run at this load.
        """
        if not self._loaded or self.trials[0].failed:
            return None
        try:
            (measured,) = self.bench.measure(
                self.configuration,
                self.today,
                (self.request.concurrency,),
                f"{self.prefix}times",
                watched=self._loaded,
            )
        except (*NOT_MEASURED, GuardStop):
            return None
        return measured.times

    # --- what processes cost -----------------------------------------------------

    @property
    def _loaded(self) -> frozenset[str | None]:
        """The daemon groups that get load; None among them is the front."""
        target = self.bench.target
        return frozenset([*target.groups, *([None] if target.is_embedded else [])])

    def _learn_first_costs(self, profile: MemoryProfile) -> None:
        known = self.limits.known
        self.costs = self._costs(profile)
        if known is not None:
            self.costs = larger_costs(self.costs, known)
        self.unknown = tuple(
            _FRONT if group is None else group
            for group in sorted(
                self.bench.loading.serving - self._loaded, key=lambda one: one or ""
            )
            if _is_cold(profile, group) and not (known and _knows(known, group))
        )

    def learn_costs(self, measured: Measurement) -> None:
        """Keep the largest cost seen: processes grow with threads and with use."""
        self.costs = larger_costs(self.costs, self._costs(measured.profile))

    def _costs(self, profile: MemoryProfile) -> MemoryCosts:
        names = [group.name for group in self.today.groups]
        return costs_from_profile(profile, names, self.bench.loading.serving)


def occupied_bytes(settings: Settings, costs: MemoryCosts, concurrency: int) -> int:
    """Return the memory at a load: idle front workers are not started."""
    front = settings.front
    busy = concurrency + max(front.max_spare, front.threads)
    used = min(front.max_request_workers, -(-busy // front.threads) * front.threads)
    limited = front.model_copy(update={"max_request_workers": used})
    return memory_need(settings.model_copy(update={"front": limited}), costs).size_bytes


def _is_cold(profile: MemoryProfile, group: str | None) -> bool:
    role = profile.of("front" if group is None else "daemon", group)
    return role is None or role.is_cold


def _knows(costs: MemoryCosts, group: str | None) -> bool:
    cost = costs.front if group is None else costs.groups.get(group)
    return cost is not None and cost.origin != "assumed"


def trial_line(trial: Trial, objective: Objective) -> str:
    """Return a trial in one line, for progress."""
    text = f"trial {trial.number:2}: {trial.settings.describe()}"
    if trial.failed:
        return f"{text}: {trial.failed}"
    latency = format_seconds(trial.latency_seconds) if trial.latency_seconds else "-"
    mark = "" if trial.is_feasible(objective) else "  misses the objective"
    return (
        f"{text}: {trial.throughput:.1f} req/s, {objective.percentile} {latency}, "
        f"errors {trial.error_rate:.1%}, memory {format_size(trial.memory_bytes)}{mark}"
    )
