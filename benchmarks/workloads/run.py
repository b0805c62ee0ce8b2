"""Run every adviser on every workload: ``python -m benchmarks.workloads.run [--quick]``.

For each workload an exhaustive grid is measured once, then each adviser gives its
settings; those that search get the same number of trials with the same probes. In
the end all settings, the grid's best among them, are measured again in turn, and once
more with ``--compare``.
``--workload NAME`` measures one again and keeps the results of the others.
"""

import argparse
import contextlib
import json
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks import results
from benchmarks.workloads import advisers
from benchmarks.workloads.table import markdown, summary
from benchmarks.workloads.workload import WORKLOADS, Workload, installed
from tuner.apache.binary import Httpd, find_httpd
from tuner.apache.read import ReadRequest, read
from tuner.capacity.memory import memory_need
from tuner.capacity.settings import Settings
from tuner.host.machine import observe_machine
from tuner.pipeline.measure import Bench
from tuner.pipeline.observe import ObserveRequest
from tuner.pipeline.optimise.laboratory import Laboratory
from tuner.pipeline.optimise.limits import observe_limits
from tuner.pipeline.optimise.request import OptimiseRequest
from tuner.pipeline.optimise.run import optimise
from tuner.pipeline.record import RunRecord
from tuner.pipeline.running import loading_of
from tuner.pipeline.target import find_target
from tuner.pipeline.views import views_of
from tuner.probe.engines import engine
from tuner.search.space import Point, Space
from tuner.search.statistics import paired_ratio
from tuner.search.trial import Trial

_HOST = "http://localhost:8080"

COMPARED_SECONDS = 1.0
SPENT = ("trials", "seconds", "over_budget")
"""What the search of an adviser took."""


class Study:
    """One workload with everything that is measured of it."""

    def __init__(self, workload: Workload, main: Path, httpd: Httpd, options: Any) -> None:
        self.workload, self.options = workload, options
        self.request = OptimiseRequest(
            read=ReadRequest(path=main, httpd=httpd),
            httpd=httpd,
            host=_HOST,
            paths=(workload.path,),
            concurrency=workload.concurrency,
            probe_seconds=options.probe_seconds,
            time_limit_seconds=options.time_limit,
            max_probes=options.trials,
            observe=ObserveRequest(budget=workload.budget, live=False),
        )
        self.runs = Path(tempfile.mkdtemp(prefix="tuner-bench-runs-"))
        configuration = read(self.request.read)
        views = views_of(configuration, observe_machine().cores)
        assert views.settings is not None
        limits = observe_limits(configuration, views, self.request.observe)
        target = find_target(configuration, views, _HOST, self.request.paths, ())
        bench = Bench(
            httpd=httpd,
            target=target,
            engine=engine(self.request.engine),
            record=RunRecord(self.runs / "advisers", {}),
            probe_seconds=options.probe_seconds,
            timeout_seconds=10.0,
            loading=loading_of(views),
        )
        self.laboratory = Laboratory(configuration, views, bench, limits, self.request, say)
        self.laboratory.calibrate()
        self.space = Space(
            today=views.settings,
            group=target.groups[0] if target.groups else None,
            costs=self.laboratory.costs,
            budget_bytes=limits.budget.size_bytes,
            cores=limits.machine.cores,
            concurrency=workload.concurrency,
        )

    def measure(self, point: Point) -> Trial:
        """Measure a point once."""
        return self.laboratory.trial(advisers.settings_of(self.space, point))

    def run(self) -> dict[str, Any]:
        """Ask every adviser, measure all settings again in turn, and return the figures."""
        began = time.monotonic()
        grid = [self.measure(point) for point in advisers.grid(self.space, self.options.grid)]
        grid_seconds = time.monotonic() - began
        chosen: dict[str, Settings] = {"grid": advisers.best(grid).settings}
        spent: dict[str, dict[str, float]] = {
            "grid": {"trials": len(grid), "seconds": grid_seconds}
        }
        self._ask_tuner(chosen, spent)
        chosen |= {
            "Debian stock": advisers.debian_stock(self.space),
            "mod_wsgi-express": advisers.express(self.space),
            "division by RSS": advisers.division(self.space, self._front_rss()),
        }
        for name, search in (
            ("Optuna TPE", advisers.optuna_tpe),
            ("random", advisers.random_search),
        ):
            start = time.monotonic()
            trial = search(self.space, self.measure, self.options.trials, self.options.seed)
            chosen[name] = trial.settings
            spent[name] = {
                "trials": self.options.trials,
                "seconds": time.monotonic() - start,
            }
        return self.compare(chosen, spent)

    def _ask_tuner(self, chosen: dict[str, Settings], spent: dict[str, dict[str, float]]) -> None:
        """Run tuner as often as asked for; put its answers and what they took into both."""
        for number in range(self.options.repeats):
            name = "tuner" if number == 0 else f"tuner again {number}"
            report = optimise(self.request, self.runs / f"tuner-{number}", say)
            won = report.winner.settings if report.is_better and report.winner else self.space.today
            chosen[name] = won
            spent[name] = {
                "trials": len(report.trials),
                "seconds": report.elapsed_seconds,
                "over_budget": sum(one.memory_bytes > report.budget_bytes for one in report.trials),
            }
            self.laboratory.costs = report.costs

    def _front_rss(self) -> int:
        (measured,) = self.laboratory.bench.measure(
            self.laboratory.configuration, self.space.today, (self.workload.concurrency,), "rss"
        )
        front = measured.profile.of("front")
        return front.rss_max_bytes if front else 0

    def compare(
        self, chosen: dict[str, Settings], spent: dict[str, dict[str, float]]
    ) -> dict[str, Any]:
        """Measure all settings in short probes, in turn; all servers run at the same time.

        The speed of a shared machine changes within seconds: the closer the probes of
        one round stand, the more of that falls on all alike.
        """
        different = list({one.model_dump_json(): one for one in chosen.values()}.values())
        values: dict[str, list[float]] = {one.model_dump_json(): [] for one in different}
        errors: dict[str, list[float]] = {name: [] for name in values}
        bench = replace(self.laboratory.bench, probe_seconds=COMPARED_SECONDS)
        with contextlib.ExitStack() as stack:
            running = [
                stack.enter_context(bench.running(self.laboratory.configuration, one))
                for one in different
            ]
            for number in range(self.options.rounds):
                for shadow in running if number % 2 == 0 else reversed(running):
                    measured = bench.probe(shadow, self.workload.concurrency, "final")
                    key = shadow.settings.model_dump_json()
                    values[key].append(measured.probe.throughput)
                    errors[key].append(measured.probe.error_rate)
                say(f"compared {number + 1}/{self.options.rounds}")
        return {
            name: self._compared(
                settings,
                values[settings.model_dump_json()],
                values[chosen["grid"].model_dump_json()],
                values[chosen["tuner"].model_dump_json()],
            )
            | {"error_rate": statistics.fmean(errors[settings.model_dump_json()])}
            | spent.get(name, {})
            for name, settings in chosen.items()
        }

    def _compared(
        self, settings: Settings, values: list[float], grid: list[float], tuner: list[float]
    ) -> dict[str, Any]:
        need = memory_need(settings, self.laboratory.costs).size_bytes
        return {
            "name": settings.describe(),
            "settings": settings.model_dump(mode="json"),
            "throughput": statistics.fmean(values),
            "of_grid": paired_ratio(grid, values).model_dump(),
            "of_tuner": paired_ratio(tuner, values).model_dump(),
            "need_bytes": need,
            "fits_budget": need <= self.laboratory.limits.budget.size_bytes,
        }

    def again(self, found: dict[str, Any]) -> dict[str, Any]:
        """Compare once more what an earlier run chose; with ``--tuner`` after new runs of tuner."""
        chosen = {name: Settings.model_validate(one["settings"]) for name, one in found.items()}
        spent = {
            name: {key: one[key] for key in SPENT if key in one} for name, one in found.items()
        }
        if self.options.tuner:
            self._ask_tuner(chosen, spent)
        return self.compare(chosen, spent)


def say(line: str) -> None:
    """Show progress."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {line}\n")


def known(parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the workloads that were measured before with the same parameters."""
    path = results.HERE / "results/workloads.json"
    if not path.exists():
        return {}
    data = json.loads(path.read_text("utf-8"))["data"]
    same = all(data.get(name) == value for name, value in parameters.items())
    found: dict[str, Any] = data["workloads"] if same else {}
    return found


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workload", action="append", choices=[one.name for one in WORKLOADS])
    parser.add_argument(
        "--quick", action="store_true", help="short probes, a coarse grid, nothing written"
    )
    parser.add_argument(
        "--compare", action="store_true", help="only measure again what an earlier run chose"
    )
    parser.add_argument(
        "--tuner", action="store_true", help="with --compare: let tuner search again"
    )
    parser.add_argument("--probe-seconds", type=float)
    parser.add_argument("--grid", type=int)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--repeats", type=int, default=2, help="runs of tuner")
    parser.add_argument("--time-limit", type=float, default=240.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.probe_seconds = options.probe_seconds or (1.5 if options.quick else 3.0)
    options.grid = options.grid or (12 if options.quick else 30)
    options.rounds = options.rounds or (3 if options.quick else 16)
    httpd = find_httpd()
    if httpd is None or httpd.wsgi_module is None:
        sys.exit("no httpd with mod_wsgi: apt install apache2 libapache2-mod-wsgi-py3")
    parameters = {
        name: getattr(options, name)
        for name in ("probe_seconds", "rounds", "grid", "trials", "repeats")
    }
    found = {} if options.quick else known(parameters)
    for workload in WORKLOADS:
        if options.workload and workload.name not in options.workload:
            continue
        say(f"--- {workload.title}")
        with installed(workload, httpd) as tree:
            study = Study(workload, tree, httpd, options)
            before = found.get(workload.title)
            found[workload.title] = (
                study.again(before) if options.compare and before else study.run()
            )
        result = result_of(parameters, found)
        if not options.quick:
            say(f"wrote {results.record(result)}")
    print(results.section(result))


def result_of(parameters: dict[str, Any], found: dict[str, Any]) -> results.Result:
    """Return what is known so far: written after each workload, a run cut off loses one only."""
    ordered = {one.title: found[one.title] for one in WORKLOADS if one.title in found}
    document = {**parameters, "summary": summary(ordered), "workloads": ordered}
    return results.Result(
        name="workloads",
        title="Settings by adviser, on real workloads",
        command=f"python -m benchmarks.workloads.run --repeats {parameters['repeats']}",
        body=markdown(document),
        data=document,
    )


if __name__ == "__main__":
    main()
