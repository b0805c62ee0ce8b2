"""The order of the stages of an optimisation."""

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from tuner.apache.read import read
from tuner.apache.tree import Configuration
from tuner.capacity.budget import Budget
from tuner.capacity.memory import memory_need
from tuner.capacity.settings import Settings
from tuner.errors import ConfigurationUnreadable, Interrupted, UsageError
from tuner.host.machine import Machine, observe_machine
from tuner.patch.build import Patch, build_patch
from tuner.pipeline.changes import changes_between
from tuner.pipeline.httpdtest import httpd_test
from tuner.pipeline.measure import Bench, Progress, Replay
from tuner.pipeline.observe import budget_for
from tuner.pipeline.optimise.alternatives.daemon_mode import try_daemon_mode
from tuner.pipeline.optimise.alternatives.keep_alive import try_without_keep_alive
from tuner.pipeline.optimise.alternatives.mpm import try_other_mpms
from tuner.pipeline.optimise.laboratory import Laboratory
from tuner.pipeline.optimise.outlook import outlook_of
from tuner.pipeline.optimise.overload import probe_overload
from tuner.pipeline.optimise.race import Runner, in_order, race, ratio_of
from tuner.pipeline.optimise.request import OptimiseRequest
from tuner.pipeline.optimise.result import Alternative, OptimiseReport, Overload
from tuner.pipeline.optimise.searching import Searched, search_settings
from tuner.pipeline.optimise.verdict import judge
from tuner.pipeline.record import RunRecord, read_run
from tuner.pipeline.target import find_target
from tuner.pipeline.views import demand_runnable, views_of
from tuner.probe.engines import engine
from tuner.probe.guard import memory_guard
from tuner.search.choice import pareto_front
from tuner.search.trial import Trial

LEAST_AVAILABLE_SHARE = 0.05
"""A probe stops when less than this share of the machine's memory is available."""

_SEARCH_SHARE = 0.5
"""Share of the time limit after which the search stops to leave time for the race."""

_RACE_SHARE = 0.9
"""Share of the time limit after which the race stops: the probes above the load follow."""

_CANDIDATES_WITH_TODAY = 3
"""Settings that race against today's."""


def optimise(request: OptimiseRequest, run_directory: Path | None, say: Progress) -> OptimiseReport:
    """Find better settings for an application, or say that there are none.

    Raises:
        TunerError: something cannot be read, started or probed; GuardStop when a
            limit was hit.
    """
    return _interruptible(_Optimisation(request, run_directory, None, say))


def resume(directory: Path, say: Progress) -> OptimiseReport:
    """Go on with a run that was interrupted, as it was asked for then.

    Raises:
        UsageError: there is no such run, or the configuration has changed since.
    """
    lines = read_run(directory)
    request = TypeAdapter(OptimiseRequest).validate_python(lines[0]["request"])
    return _interruptible(_Optimisation(request, directory, lines, say))


def _interruptible(optimisation: "_Optimisation") -> OptimiseReport:
    try:
        return optimisation.run()
    except KeyboardInterrupt:
        directory = optimisation.record.directory
        where = (
            f"; go on with: tuner optimize --resume {directory}"
            if optimisation.record.path.exists()
            else ""
        )
        raise Interrupted(f"interrupted{where}") from None


class _Optimisation:
    def __init__(
        self,
        request: OptimiseRequest,
        directory: Path | None,
        resumed: Sequence[dict[str, Any]] | None,
        say: Progress,
    ) -> None:
        self.request, self.say = request, say
        self.began = time.monotonic()
        if request.httpd is None:
            raise UsageError(
                "no httpd to run a shadow server with",
                hint="install apache2 and mod_wsgi, or pip install mod_wsgi-standalone",
            )
        self.configuration = read(request.read)
        demand_runnable(self.configuration)
        self.machine, self.budget = _limits(request, resumed)
        self.views = views_of(self.configuration, self.machine.cores)
        settings = self.views.settings
        if settings is None:
            raise ConfigurationUnreadable(f"{self.configuration.main}: no MPM is loaded")
        self.today = settings
        self.target = find_target(
            self.configuration, self.views, request.host, request.paths, request.headers
        )
        digest = configuration_digest(self.configuration)
        if resumed and resumed[0]["configuration_digest"] != digest:
            raise UsageError(
                f"{self.configuration.main} has changed since this run", hint="begin a new one"
            )
        self.record = RunRecord(directory, None if resumed else self._start(digest))
        self.laboratory = self._laboratory(Replay(resumed or ()))

    def _start(self, digest: str) -> dict[str, Any]:
        """Return the first line of the record: all that is needed to go on, or to read it."""
        return {
            "request": TypeAdapter(OptimiseRequest).dump_python(self.request, mode="json"),
            "main": self.configuration.main,
            "configuration_digest": digest,
            "machine": self.machine.model_dump(mode="json"),
            "budget": self.budget.model_dump(mode="json"),
            "today": self.today.model_dump(mode="json"),
            "groups": list(self.target.groups),
            "is_embedded": self.target.is_embedded,
            "has_application": self.target.application is not None,
        }

    def _laboratory(self, replay: Replay) -> Laboratory:
        request, canary = self.request, self.target.canary
        assert request.httpd is not None
        bench = Bench(
            httpd=request.httpd,
            target=self.target,
            engine=engine(request.engine),
            record=self.record,
            probe_seconds=request.probe_seconds,
            timeout_seconds=10.0,
            guard=memory_guard(int(LEAST_AVAILABLE_SHARE * self.machine.memory_total_bytes)),
            fixed_ports={canary.port: request.shadow_port} if request.shadow_port else None,
            replay=replay,
        )
        return Laboratory(self.configuration, self.today, bench, self.budget, request, self.say)

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self.began

    def run(self) -> OptimiseReport:
        laboratory, limit = self.laboratory, self.request.time_limit_seconds
        self.say(f"today: {self.today.describe()}")
        self.say(f"budget: {self.budget.formula}")
        laboratory.calibrate()
        searched = search_settings(
            laboratory, self.target, self.machine, lambda: self.elapsed > _SEARCH_SHARE * limit
        )
        self.say(f"the search ends: {searched.stopped}")
        rivals = [one for one in searched.candidates if one.settings != self.today]
        if not searched.candidates:
            return self._nothing(
                searched, "no settings met the latency objective and the error limit at this load"
            )
        if searched.candidates[0].settings == self.today or not rivals:
            return self._nothing(searched, "today's settings are the best measured")
        return self._race(searched, rivals[:_CANDIDATES_WITH_TODAY])

    def _race(self, searched: Searched, rivals: Sequence[Trial]) -> OptimiseReport:
        today_runs = not self.laboratory.trials[0].failed
        today = Runner("today", self.configuration, self.today) if today_runs else None
        runners = [self._runner(number, one) for number, one in enumerate(rivals, 1)]
        everyone = list(runners)
        race(
            self.laboratory,
            today,
            runners,
            self.request.rounds,
            lambda: self.elapsed > _RACE_SHARE * self.request.time_limit_seconds,
        )
        chosen: Runner | None = None
        overload: tuple[Overload, ...] = ()
        for runner in in_order(runners, self.laboratory.costs, self.budget.size_bytes):
            overload = probe_overload(self.laboratory, runner)
            problem = next((one for one in overload if one.problem), None)
            chosen = chosen or runner
            if problem is None:
                chosen = runner
                break
            self.laboratory.rejected.append(
                f"{runner.settings.describe()}: at {problem.factor:g} times the load "
                f"{problem.problem}"
            )
        assert chosen is not None
        verdict, keep = judge(self.laboratory, today, chosen, overload)
        return self._report(
            searched,
            today,
            chosen,
            [one for one in everyone if one is not chosen],
            overload,
            self._alternatives(chosen),
            chosen.patch if keep else None,
            verdict,
        )

    def _runner(self, number: int, trial: Trial) -> Runner:
        """Return a side of the race: the patched tree, read again and run as it is."""
        patch = self._patch(trial.settings)
        settings = views_of(patch.patched, self.machine.cores).settings
        assert settings is not None
        return Runner(f"patched-{number}", patch.patched, settings, patch, trial)

    def _patch(self, wanted: Settings) -> Patch:
        reasons = [
            "tuner optimize: settings for "
            f"{', '.join(one.path for one in self.target.requests)} "
            f"at {self.request.concurrency} concurrent requests.",
            f"Today:  {self.today.describe()}",
            f"Wanted: {wanted.describe()}",
            f"Memory at full occupancy: {memory_need(wanted, self.laboratory.costs).formula}; "
            f"budget {self.budget.formula}",
        ]
        return build_patch(
            self.configuration,
            changes_between(self.today, wanted),
            reasons,
            httpd_test(self.configuration, self.laboratory.bench.httpd),
        )

    def _nothing(self, searched: Searched, verdict: str) -> OptimiseReport:
        alternatives: tuple[Alternative, ...] = ()
        if searched.candidates:
            alternatives = self._alternatives(Runner("today", self.configuration, self.today))
        return self._report(searched, None, None, [], (), alternatives, None, verdict)

    def _alternatives(self, result: Runner) -> tuple[Alternative, ...]:
        """Measure other ways to serve: those that were asked for, and what may matter."""
        found = try_without_keep_alive(self.laboratory, result)
        if self.request.consider_mpm:
            found += try_other_mpms(self.laboratory, result)
        if self.request.consider_daemon:
            found += try_daemon_mode(self.laboratory, result, self.machine)
        return found

    def _report(
        self,
        searched: Searched,
        today: Runner | None,
        winner: Runner | None,
        rivals: Sequence[Runner],
        overload: tuple[Overload, ...],
        alternatives: tuple[Alternative, ...],
        patch: Patch | None,
        verdict: str,
    ) -> OptimiseReport:
        laboratory = self.laboratory
        settings = winner.settings if winner else self.today
        outlook = outlook_of(searched.model, searched.space, settings)
        self.record.append(
            "end",
            verdict=verdict,
            better=patch is not None,
            space=searched.space.model_dump(mode="json"),
            settings=settings.model_dump(mode="json"),
            demand={
                "busy_seconds": laboratory.demand.busy_seconds,
                "waiting_seconds": laboratory.demand.waiting_seconds,
            },
        )
        return OptimiseReport(
            configuration=self.configuration,
            request=self.request,
            target=self.target,
            machine=self.machine,
            budget_bytes=self.budget.size_bytes,
            budget_formula=self.budget.formula,
            demand=laboratory.demand,
            costs=laboratory.costs,
            trials=tuple(laboratory.trials),
            pareto=pareto_front(laboratory.trials, self.request.objective),
            rejected=tuple(laboratory.rejected),
            stopped=searched.stopped,
            today=today.side if today else None,
            winner=winner.side if winner else None,
            rivals=tuple(one.side for one in rivals),
            ratio=ratio_of(today, winner) if winner else None,
            overload=overload,
            outlook=outlook,
            alternatives=alternatives,
            patch=patch,
            verdict=verdict,
            run_directory=self.record.directory,
            elapsed_seconds=self.elapsed,
        )


def _limits(
    request: OptimiseRequest, resumed: Sequence[dict[str, Any]] | None
) -> tuple[Machine, Budget]:
    """Return machine and budget: as observed now, or as they were when the run began."""
    if resumed:
        start = resumed[0]
        return Machine.model_validate(start["machine"]), Budget.model_validate(start["budget"])
    machine = observe_machine()
    return machine, budget_for(machine, None, request.budget, request.reserve)


def configuration_digest(configuration: Configuration) -> str:
    """Return a digest of every file that the configuration was read from."""
    digest = hashlib.sha256()
    for source in configuration.sources:
        digest.update(source.path.encode("utf-8", "surrogateescape") + b"\0")
        digest.update(hashlib.sha256(source.data).digest())
    return digest.hexdigest()
