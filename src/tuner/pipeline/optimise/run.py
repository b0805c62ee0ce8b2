"""The order of the stages of an optimisation."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from tuner.apache.read import read
from tuner.apache.tree import Configuration
from tuner.capacity.memory import memory_need
from tuner.capacity.settings import Settings
from tuner.errors import Interrupted, PatchError, UsageError
from tuner.host.machine import observe_machine
from tuner.patch.build import Patch, build_patch
from tuner.pipeline.changes import changes_between
from tuner.pipeline.httpdtest import httpd_test
from tuner.pipeline.measure import Bench, Progress
from tuner.pipeline.optimise.alternatives.daemon_mode import try_daemon_mode
from tuner.pipeline.optimise.alternatives.keep_alive import try_without_keep_alive
from tuner.pipeline.optimise.alternatives.mpm import try_other_mpms
from tuner.pipeline.optimise.laboratory import Laboratory
from tuner.pipeline.optimise.limits import LEAST_FREE_SHARE, Limits, observe_limits
from tuner.pipeline.optimise.outlook import outlook_of
from tuner.pipeline.optimise.race import Runner, race, ratio_of
from tuner.pipeline.optimise.request import OptimiseRequest, has_relative_paths
from tuner.pipeline.optimise.result import Alternative, OptimiseReport, Overload
from tuner.pipeline.optimise.searching import Searched, search_settings
from tuner.pipeline.optimise.selection import select
from tuner.pipeline.record import RunRecord, read_run
from tuner.pipeline.replay import Replay
from tuner.pipeline.running import loading_of
from tuner.pipeline.target import find_target
from tuner.pipeline.views import demand_runnable, views_of
from tuner.probe.engines import engine
from tuner.probe.guard import memory_guard
from tuner.search.choice import pareto_front
from tuner.search.trial import Trial
from tuner.server.watcher import RequestTimes

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
        UsageError: there is no such run, or the configuration has changed since, or its
            paths mean something else from here.
    """
    lines = read_run(directory, repair=True)
    request = TypeAdapter(OptimiseRequest).validate_python(lines[0]["request"])
    began_in = lines[0]["directory"]
    if has_relative_paths(request) and str(Path.cwd()) != began_in:
        raise UsageError(
            f"{directory} was begun in {began_in} with paths relative to it", hint=f"cd {began_in}"
        )
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
        if request.httpd is None:
            raise UsageError(
                "no httpd to run a shadow server with",
                hint="install apache2 and mod_wsgi, or pip install mod_wsgi-standalone",
            )
        self.configuration = read(request.read)
        demand_runnable(self.configuration)
        self.views = views_of(self.configuration, observe_machine().cores)
        self.limits = (
            Limits.model_validate(resumed[0]["limits"])
            if resumed
            else observe_limits(self.configuration, self.views, request.observe)
        )
        self.target = find_target(
            self.configuration, self.views, request.host, request.paths, request.headers
        )
        digest = configuration_digest(self.configuration)
        if resumed and resumed[0]["configuration_digest"] != digest:
            raise UsageError(
                f"{self.configuration.main} has changed since this run", hint="begin a new one"
            )
        self.times: RequestTimes | None = None
        start = None if resumed else self._start(digest)
        self.record = RunRecord(directory, start)
        self.laboratory = self._laboratory(Replay(resumed or ()))

    def _start(self, digest: str) -> dict[str, Any]:
        """Return the first line of the record: all that is needed to go on, or to read it."""
        return {
            "request": TypeAdapter(OptimiseRequest).dump_python(self.request, mode="json"),
            "main": self.configuration.main,
            "directory": str(Path.cwd()),
            "configuration_digest": digest,
            "limits": self.limits.model_dump(mode="json"),
            "today": self.views.settings.model_dump(mode="json") if self.views.settings else None,
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
            guard=memory_guard(LEAST_FREE_SHARE),
            fixed_ports={canary.port: request.shadow_port} if request.shadow_port else None,
            replay=replay,
            loading=loading_of(self.views),
        )
        return Laboratory(self.configuration, self.views, bench, self.limits, request, self.say)

    def _is_past(self, share: float, kind: str) -> bool:
        """Tell whether measurements of a kind must end, for the time; as then, while replayed."""
        replay = self.laboratory.bench.replay
        if replay.upcoming is not None:
            return not replay.upcoming.startswith(kind)
        return replay.elapsed_seconds > share * self.request.time_limit_seconds

    def run(self) -> OptimiseReport:
        laboratory, today = self.laboratory, self.laboratory.today
        self.say(f"today: {today.describe()}")
        self.say(f"budget: {self.limits.budget.formula}")
        laboratory.calibrate()
        for doubt in laboratory.doubts:
            self.say(f"beware: {doubt}")
        searched = search_settings(
            laboratory,
            self.target,
            self.limits.machine,
            lambda: self._is_past(_SEARCH_SHARE, "trial"),
        )
        self.say(f"the search ends: {searched.stopped}")
        self.times = laboratory.request_times()
        rivals = [one for one in searched.candidates if one.settings != today]
        if not searched.candidates:
            return self._report(
                searched,
                "no settings within the memory budget met the latency objective and the error "
                "limit at this load",
            )
        if searched.candidates[0].settings == today or not rivals:
            return self._nothing(searched, "today's settings are the best measured")
        runners = self._runners(rivals[:_CANDIDATES_WITH_TODAY])
        if not runners:
            return self._nothing(searched, "no better settings can be written as a patch")
        return self._race(searched, runners)

    def _runners(self, rivals: Sequence[Trial]) -> list[Runner]:
        """Return the sides of the race: each a patched tree, read again and run as it is."""
        runners: list[Runner] = []
        for number, trial in enumerate(rivals, 1):
            try:
                patch = self._patch(trial.settings)
            except PatchError as error:
                self.laboratory.rejected.append(f"{trial.settings.describe()}: {error}")
                continue
            settings = views_of(patch.patched, self.limits.machine.cores).settings
            assert settings is not None
            runners.append(Runner(f"patched-{number}", patch.patched, settings, patch))
        return runners

    def _race(self, searched: Searched, runners: list[Runner]) -> OptimiseReport:
        laboratory = self.laboratory
        today_runs = not laboratory.trials[0].failed
        today = Runner("today", self.configuration, laboratory.today) if today_runs else None
        everyone = list(runners)
        race(
            laboratory,
            today,
            runners,
            self.request.rounds,
            lambda: self._is_past(_RACE_SHARE, "race-"),
        )
        if not runners:
            return self._nothing(searched, "no better settings ran when they were measured again")
        choice = select(laboratory, today, runners)
        recommended = choice.runner if choice.is_better or today is None else today
        return self._report(
            searched,
            choice.verdict,
            today=today,
            winner=choice.runner,
            rivals=[one for one in everyone if one is not choice.runner],
            overload=choice.overload,
            alternatives=self._alternatives(recommended),
            patch=choice.runner.patch if choice.is_better else None,
        )

    def _patch(self, wanted: Settings) -> Patch:
        reasons = [
            "tuner optimize: settings for "
            f"{', '.join(one.path for one in self.target.requests)} "
            f"at {self.request.concurrency} concurrent requests.",
            f"Today:  {self.laboratory.today.describe()}",
            f"Wanted: {wanted.describe()}",
            f"Memory at full occupancy: {memory_need(wanted, self.laboratory.costs).formula}; "
            f"budget {self.limits.budget.formula}",
        ]
        return build_patch(
            self.configuration,
            changes_between(self.laboratory.today, wanted),
            reasons,
            httpd_test(self.configuration, self.laboratory.bench.httpd),
        )

    def _nothing(self, searched: Searched, verdict: str) -> OptimiseReport:
        alternatives: tuple[Alternative, ...] = ()
        if not self.laboratory.trials[0].failed:
            today = Runner("today", self.configuration, self.laboratory.today)
            alternatives = self._alternatives(today)
        return self._report(searched, verdict, alternatives=alternatives)

    def _alternatives(self, result: Runner) -> tuple[Alternative, ...]:
        """Measure other ways to serve: those that were asked for, and what may matter.

        ``result`` is what is recommended: today's settings where nothing is better.
        """
        found = try_without_keep_alive(self.laboratory, result)
        if self.request.consider_mpm:
            found += try_other_mpms(self.laboratory, result)
        if self.request.consider_daemon:
            found += try_daemon_mode(
                self.laboratory, result, lambda: self._is_past(1.0, "beside-daemon-")
            )
        return found

    def _report(
        self,
        searched: Searched,
        verdict: str,
        *,
        today: Runner | None = None,
        winner: Runner | None = None,
        rivals: Sequence[Runner] = (),
        overload: tuple[Overload, ...] = (),
        alternatives: tuple[Alternative, ...] = (),
        patch: Patch | None = None,
    ) -> OptimiseReport:
        laboratory = self.laboratory
        recommended = winner.settings if winner and patch else laboratory.today
        outlook = outlook_of(searched.model, searched.space, recommended)
        self.record.append(
            "end",
            verdict=verdict,
            better=patch is not None,
            space=searched.space.model_dump(mode="json"),
            settings=recommended.model_dump(mode="json"),
            demand={
                "busy_seconds": laboratory.demand.busy_seconds,
                "waiting_seconds": laboratory.demand.waiting_seconds,
            },
        )
        return OptimiseReport(
            configuration=self.configuration,
            request=self.request,
            target=self.target,
            machine=self.limits.machine,
            budget_bytes=self.limits.budget.size_bytes,
            budget_formula=self.limits.budget.formula,
            doubts=laboratory.doubts,
            demand=laboratory.demand,
            times=self.times,
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
            elapsed_seconds=laboratory.bench.replay.elapsed_seconds,
        )


def configuration_digest(configuration: Configuration) -> str:
    """Return a digest of every file that the configuration was read from."""
    digest = hashlib.sha256()
    for source in configuration.sources:
        digest.update(source.path.encode("utf-8", "surrogateescape") + b"\0")
        digest.update(hashlib.sha256(source.data).digest())
    return digest.hexdigest()
