"""Trials: settings in, measured and recorded trials out; learns what processes cost."""

from tuner.apache.tree import Configuration
from tuner.capacity.budget import Budget
from tuner.capacity.memory import MemoryCosts, memory_need
from tuner.capacity.settings import Settings
from tuner.errors import ServerError
from tuner.pipeline.measure import Bench, Measurement, Progress, latency_of
from tuner.pipeline.observe import costs_from_profile
from tuner.pipeline.optimise.request import OptimiseRequest
from tuner.search.demand import ServiceDemand
from tuner.search.trial import Objective, Trial
from tuner.units import format_seconds, format_size


class Laboratory:
    """Measures settings one after the other on shadows of one configuration."""

    def __init__(
        self,
        configuration: Configuration,
        today: Settings,
        bench: Bench,
        budget: Budget,
        request: OptimiseRequest,
        say: Progress,
        prefix: str = "",
    ) -> None:
        """``prefix`` keeps what is measured here apart in the record."""
        self.configuration, self.today, self.bench = configuration, today, bench
        self.budget, self.request, self.say, self.prefix = budget, request, say, prefix
        self.trials: list[Trial] = []
        self.rejected: list[str] = []
        self.costs: MemoryCosts
        self.demand: ServiceDemand

    # --- calibration -----------------------------------------------------------

    def calibrate(self) -> None:
        """Measure one request at a time: what it costs, and what a process costs.

        Raises:
            ServerError: nothing answers well.
        """
        (alone,) = self.bench.measure(
            self.configuration, self._small(), (1,), f"{self.prefix}calibration"
        )
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

    def _small(self) -> Settings:
        """Return today's settings with few processes: enough to learn what one costs."""
        if not self.bench.target.is_embedded or self.today.front.mpm != "prefork":
            return self.today
        front = self.today.front.model_copy(
            update={"start_servers": 1, "min_spare": 1, "max_spare": 2}
        )
        return self.today.model_copy(update={"front": front})

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
                    self.configuration, settings, (self.request.concurrency,), f"{self.prefix}trial"
                )
                trial = self._measured(number, settings, measured)
            except ServerError as error:
                if number == 0:
                    raise
                trial = self._failed(number, settings, str(error))
        self.trials.append(trial)
        self.bench.record.append(f"{self.prefix}result", trial=trial.model_dump(mode="json"))
        self.say(trial_line(trial, self.request.objective))
        return trial

    def _occupied_need(self, settings: Settings) -> int:
        """Return the memory at the load of the probes: idle front workers are not started."""
        front = settings.front
        busy = self.request.concurrency + max(front.max_spare, front.threads)
        used = min(front.max_request_workers, -(-busy // front.threads) * front.threads)
        limited = front.model_copy(update={"max_request_workers": used})
        return memory_need(settings.model_copy(update={"front": limited}), self.costs).size_bytes

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

    def learn_costs(self, measured: Measurement) -> None:
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
