"""Compare advice on MaxRequestWorkers: apache2buddy, mod_wsgi-express, tuner.

    python -m benchmarks.advice.run [--quick] [--apache2buddy apache2buddy.pl]

The same application in four layouts, once more inside a control group of 1 GiB, and
seven ways to write MaxRequestWorkers. What is right is decided by measurement:

* sizing: a server is filled and its memory measured. An advice is right when so many
  workers fit into the memory that others leave (physical memory or the control group's
  limit, nothing kept in reserve), feed every daemon thread, and are not more than daemon
  threads and their backlog hold, beyond which overload becomes errors 503. Up to 5 %
  more are forgiven: what others use changes while the advisors are asked.
* reading: the value is right when the server's own scoreboard has so many slots.

An advisor that says nothing is not right. apache2buddy runs only where its path is given.
"""

import argparse
import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.advice import apache2buddy, express
from benchmarks.cgroups import Group, own_group
from benchmarks.layouts import LAYOUTS, Layout, written
from benchmarks.prediction.run import filled, load
from benchmarks.results import Result, record, section, table
from tuner.apache.binary import Httpd, find_httpd
from tuner.apache.effective.applications import server_mode
from tuner.apache.read import ReadRequest, read
from tuner.capacity.budget import Budget
from tuner.capacity.memory import MemoryCosts, memory_need
from tuner.capacity.settings import Settings
from tuner.pipeline.facts.recommended import recommended_front
from tuner.pipeline.observe import Observation, ObserveRequest, observe
from tuner.pipeline.views import Views, views_of
from tuner.server.shadow import Canary, shadow_server

_CANARY = Canary(port=8080, path="/app", host="localhost")
TOLERANCE = 0.05
_GROUP_BYTES = 2**30
_GROUP_WORKERS = 150
"""Debian's MaxRequestWorkers."""

_INACTIVE = "<IfModule mpm_event_module>\n<IfModule mod_alias.c>\n</IfModule>\n"
READING = {
    "nested IfModule in an inactive block": (
        f"MaxRequestWorkers 150\n{_INACTIVE}MaxRequestWorkers 999\n</IfModule>"
    ),
    "<IfModule !mpm_prefork_module>": (
        "MaxRequestWorkers 150\n<IfModule !mpm_prefork_module>\nMaxRequestWorkers 777\n</IfModule>"
    ),
    "Define and ${MRW}": "Define MRW 40\nMaxRequestWorkers ${MRW}",
    "continued line": "MaxRequestWorkers \\\n60",
    "<IfDefine NOPE>": (
        "MaxRequestWorkers 150\n<IfDefine NOPE>\nMaxRequestWorkers 888\n</IfDefine>"
    ),
    "quoted directive": '"MaxRequestWorkers" 33',
    "ServerLimit below MaxRequestWorkers": "ServerLimit 40\nMaxRequestWorkers 64",
}


@dataclass(frozen=True, slots=True)
class Advice:
    """What one advisor says about the number of workers."""

    least: int | None
    most: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Truth:
    """Between which numbers an advice is right, from a filled server."""

    at_least: int
    at_most: int
    text: str

    def verdict(self, advice: Advice) -> str:
        """Judge an advice."""
        if advice.least is None or advice.most is None:
            return "not run" if advice.text.startswith("not run") else "no advice"
        most = self.at_most * (1 + TOLERANCE)
        is_right = self.at_least <= advice.least and advice.most <= most
        return "right" if is_right else "wrong"


def main() -> int:
    """Measure, ask everybody, and write the table."""
    parser = argparse.ArgumentParser(description="Who sizes MaxRequestWorkers right?")
    parser.add_argument("--quick", action="store_true", help="fill for a shorter time")
    parser.add_argument("--apache2buddy", type=Path, help="path of apache2buddy.pl")
    arguments = parser.parse_args()
    script: Path | None = arguments.apache2buddy
    httpd = find_httpd()
    if httpd is None or httpd.wsgi_module is None:
        sys.stderr.write("no httpd with mod_wsgi is installed\n")
        return 1
    if script is not None and not script.is_file():
        sys.stderr.write(f"{script} is not a file\n")
        return 2
    seconds = 8.0 if arguments.quick else 20.0
    sizing = []
    named = replace(
        LAYOUTS[1],
        title=f"{LAYOUTS[1].title}, with display-name",
        daemon=LAYOUTS[1].daemon.replace("threads=2", "threads=2 display-name=%{GROUP}"),
    )
    for layout in (*LAYOUTS[:2], named, *LAYOUTS[2:]):
        sizing.append(sized(layout, httpd, script, seconds))
        print(sizing[-1]["title"], sizing[-1]["verdicts"], flush=True)
    sizing.append(sized_in_group(LAYOUTS[0], httpd, script, sizing[0]["front_bytes"]))
    print(sizing[-1]["title"], sizing[-1]["verdicts"], flush=True)
    reading = [read_right(name, lines, httpd, script) for name, lines in READING.items()]
    words = f" --apache2buddy {script.name}" if script else ""
    result = Result(
        name="advice",
        title="Advice on MaxRequestWorkers, right or wrong",
        command=f"python -m benchmarks.advice.run{words}",
        body=body(sizing, reading),
        data={"sizing": sizing, "reading": reading},
    )
    print(section(result))
    if not arguments.quick:
        print(f"wrote {record(result)}")
    return 0


def sized(layout: Layout, httpd: Httpd, script: Path | None, seconds: float) -> dict[str, Any]:
    """Return what is true for a layout, and what everybody advises."""
    with running(layout, httpd) as (views, settings, observation, shadow):
        full = filled(shadow, settings, "not needed", seconds)
    assert isinstance(observation.costs, MemoryCosts)
    need = memory_need(settings, observation.costs)
    each = full["front_pss_bytes"] / full["front"]
    assert isinstance(observation.budget, Budget)
    others = -sum(t.size_bytes for t in observation.budget.terms if t.name == "other services")
    memory = observation.machine.memory_limit_bytes - others
    truth = true_range(views, settings, memory - full["pss_bytes"] + full["front_pss_bytes"], each)
    return row(
        layout,
        settings,
        truth,
        (
            peer(script, layout),
            express_advice(settings),
            tuner_advice(views, settings, observation),
        ),
        real_need_bytes=full["pss_bytes"],
        predicted_bytes=need.steady_bytes,
        front_bytes=each,
        is_full=full["is_full"],
    )


def sized_in_group(
    layout: Layout, httpd: Httpd, script: Path | None, front_bytes: float
) -> dict[str, Any]:
    """Return the same for a control group, with Debian's number of workers: too many to be filled.

    The real need is the measured cost of a full process times the workers.
    """
    lines = tuple(
        f"{line.split()[0]} {_GROUP_WORKERS}"
        if line.startswith(("ServerLimit", "MaxRequestWorkers"))
        else line
        for line in layout.front
    )
    many = replace(layout, title=f"{layout.title}, control group of 1 GiB", front=lines)
    with own_group() as group:
        if isinstance(group, str):
            return {"title": many.title, "verdicts": {}, "not_run": group}
        group.limit(_GROUP_BYTES)
        with running(many, httpd, group) as (views, settings, observation, _):
            pass
        truth = true_range(views, settings, _GROUP_BYTES, front_bytes)
        advice = tuner_advice(views, settings, observation)
        others = (peer(script, many, group), express_advice(settings))
    return row(
        many,
        settings,
        truth,
        (*others, advice),
        real_need_bytes=front_bytes * _GROUP_WORKERS,
        predicted_bytes=None,
        front_bytes=front_bytes,
        is_full=False,
    )


@contextlib.contextmanager
def running(
    layout: Layout, httpd: Httpd, group: Group | None = None
) -> Iterator[tuple[Views, Settings, Observation, Any]]:
    """Run a layout, partly filled, and observe it as ``tuner audit`` does."""
    with written(layout) as main_file:
        program = group.httpd(httpd, main_file.parent) if group else httpd
        configuration = read(ReadRequest(path=main_file, httpd=httpd))
        views = views_of(configuration)
        settings = views.settings
        assert settings is not None
        with shadow_server(configuration, program, settings, _CANARY) as shadow:
            load(shadow, "/app?0.05", 2, 3.0)
            observation = observe(configuration, views, ObserveRequest(pid=shadow.pid))
            yield views, settings, observation, shadow


def true_range(
    views: Views, settings: Settings, memory_for_fronts: float, front_bytes: float
) -> Truth:
    """Return the numbers of workers that are right by measurement."""
    fitting = int(memory_for_fronts // front_bytes) * settings.front.threads
    if not settings.groups:
        return Truth(1, fitting, f"up to {fitting}")
    capacity = settings.daemon_capacity
    held = sum(group.capacity + group.number("listen-backlog") + 1 for group in views.groups)
    return Truth(capacity, min(fitting, held), f"{capacity} to {min(fitting, held)}")


def peer(script: Path | None, layout: Layout, group: Group | None = None) -> Advice:
    """Return what apache2buddy advises."""
    if script is None:
        return Advice(None, None, "not run: no path given")
    with written(layout) as main_file:
        said = apache2buddy.run(script.resolve(), layout, main_file.parent, group)
    if isinstance(said, str):
        return Advice(None, None, said)
    if said.least is None:
        return Advice(None, None, "none")
    largest = f"largest process {said.largest_mb} MB"
    return Advice(said.least, said.most, f"{said.verdict}: {said.least}-{said.most}; {largest}")


def express_advice(settings: Settings) -> Advice:
    """Return what mod_wsgi-express would configure."""
    front = settings.front
    embedded = not settings.groups
    if embedded:
        processes, threads = front.processes, front.threads
    else:
        processes, threads = settings.groups[0].processes, settings.groups[0].threads
    number, _ = express.capacity(front.mpm, processes, threads, embedded=embedded)
    return Advice(number, number, str(number))


def tuner_advice(views: Views, settings: Settings, observation: Observation) -> Advice:
    """Return the front that all fixes of an audit agree on."""
    assert views.mpm is not None
    mode = server_mode(views.applications)
    number = recommended_front(settings, views.mpm, observation, mode).max_request_workers
    kept = "keep" if number == settings.front.max_request_workers else "set"
    return Advice(number, number, f"{kept} {number}")


def row(
    layout: Layout,
    settings: Settings,
    truth: Truth,
    advice: tuple[Advice, Advice, Advice],
    **measured: Any,
) -> dict[str, Any]:
    """Return one row of the first table."""
    names = ("apache2buddy", "mod_wsgi-express", "tuner")
    return {
        "title": layout.title,
        "settings": settings.describe(),
        "right": truth.text,
        "advice": dict(zip(names, (one.text for one in advice), strict=True)),
        "verdicts": dict(zip(names, map(truth.verdict, advice), strict=True)),
        **measured,
    }


def read_right(name: str, lines: str, httpd: Httpd, script: Path | None) -> dict[str, Any]:
    """Compare MaxRequestWorkers as everybody reads it with the server's scoreboard."""
    layout = Layout(name, name, "prefork", ("StartServers 2", *lines.split("\n")))
    with written(layout) as main_file:
        mpm = views_of(read(ReadRequest(path=main_file, httpd=httpd))).mpm
        said = apache2buddy.run(script.resolve() if script else None, layout, main_file.parent)
    assert mpm is not None
    slots = said.scoreboard if isinstance(said, apache2buddy.Peer) else None
    theirs = said.workers_read if isinstance(said, apache2buddy.Peer) and script else None
    return {
        "case": name,
        "scoreboard": slots,
        "apache2buddy": theirs,
        "tuner": mpm.workers,
        "verdicts": {
            "apache2buddy": "not run" if script is None else judged(theirs, slots),
            "tuner": judged(mpm.workers, slots),
        },
    }


def judged(value: int | None, slots: int | None) -> str:
    """Compare a value with the slots of the scoreboard."""
    if slots is None:
        return "not measured"
    return "right" if value == slots else "wrong"


def mb(size: float | None) -> str:
    """Return whole megabytes."""
    return "-" if size is None else f"{size / 2**20:.0f}"


def body(sizing: list[dict[str, Any]], reading: list[dict[str, Any]]) -> str:
    """Return both tables with what decides."""
    names = ("apache2buddy", "mod_wsgi-express", "tuner")
    first = [size_row(one, names) for one in sizing]
    second = [
        [
            f"`{one['case']}`",
            str(one["scoreboard"] or "-"),
            cell(one["apache2buddy"], one["verdicts"]["apache2buddy"]),
            cell(one["tuner"], one["verdicts"]["tuner"]),
        ]
        for one in reading
    ]
    criterion = "The same application" + (__doc__ or "").partition("The same application")[2]
    return "\n\n".join(
        [
            criterion.strip(),
            table(["layout", "today", "real need, MB", "right", *names], first),
            table(["MaxRequestWorkers written as", "scoreboard", "apache2buddy", "tuner"], second),
        ]
    )


def size_row(one: dict[str, Any], names: tuple[str, ...]) -> list[str]:
    """Return a row of the table of sizes."""
    if "not_run" in one:
        return [one["title"], "-", "-", "-", one["not_run"], *["-"] * (len(names) - 1)]
    return [
        one["title"],
        one["settings"].partition("MaxRequestWorkers ")[2],
        mb(one["real_need_bytes"]),
        one["right"],
        *(cell(one["advice"][name], one["verdicts"][name]) for name in names),
    ]


def cell(value: object, verdict: str) -> str:
    """Return a value with its verdict; what was not run has none."""
    return verdict if verdict == "not run" else f"{'-' if value is None else value}: **{verdict}**"


if __name__ == "__main__":
    sys.exit(main())
