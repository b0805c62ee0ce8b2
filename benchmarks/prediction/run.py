"""Predict the memory of a full server from a partly filled one, and measure it.

For every layout: start a small server on the real httpd, send two requests at a
time, predict from what it uses then; keep every worker busy and measure what it
really uses, as the sum of PSS and, where a control group can be made, as the kernel
counts it.

    python -m benchmarks.prediction.run [--quick] [--layout NAME]

--quick fills for a shorter time and writes no result; neither does a part of the layouts.
"""

import argparse
import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

from benchmarks.cgroups import Group, own_group
from benchmarks.layouts import LAYOUTS, Layout, written
from benchmarks.results import Result, record, section, table
from tuner.apache.binary import Httpd, find_httpd
from tuner.apache.mod_status import Scoreboard
from tuner.apache.read import ReadRequest, read
from tuner.capacity.memory import MemoryCosts, MemoryNeed, memory_need
from tuner.capacity.settings import Settings
from tuner.pipeline.observe import ObserveRequest, observe
from tuner.pipeline.status import read_scoreboard
from tuner.pipeline.views import views_of
from tuner.probe import native
from tuner.probe.plan import ProbePlan, Request
from tuner.probe.result import ProbeResult
from tuner.server.shadow import Canary, Shadow, shadow_server

TARGET = 0.05
_CANARY = Canary(port=8080, path="/app", host="localhost")


def main() -> int:
    """Measure every layout and write the table."""
    parser = argparse.ArgumentParser(description="Predicted and measured memory")
    parser.add_argument("--quick", action="store_true", help="fill for a shorter time")
    parser.add_argument("--layout", choices=[one.name for one in LAYOUTS], action="append")
    arguments = parser.parse_args()
    httpd = find_httpd()
    if httpd is None or httpd.wsgi_module is None:
        sys.stderr.write("no httpd with mod_wsgi is installed\n")
        return 1
    fill_seconds = 8.0 if arguments.quick else 20.0
    chosen = [one for one in LAYOUTS if not arguments.layout or one.name in arguments.layout]
    rows = []
    for layout in chosen:
        row = measured(layout, httpd, fill_seconds)
        rows.append(row)
        print(line(row), flush=True)
    result = Result(
        name="prediction",
        title="Memory predicted and measured",
        command="python -m benchmarks.prediction.run",
        body=body(rows),
        data={"target": TARGET, "rows": rows},
    )
    if arguments.quick or len(chosen) < len(LAYOUTS):
        print(section(result))
    else:
        print(f"wrote {record(result)}")
    return 0


def measured(layout: Layout, httpd: Httpd, fill_seconds: float) -> dict[str, Any]:
    """Return predicted and measured memory of one layout."""
    with written(layout) as main_file, own_group() as group, contextlib.ExitStack() as stack:
        program = httpd if isinstance(group, str) else group.httpd(httpd, main_file.parent)
        configuration = read(ReadRequest(path=main_file, httpd=httpd))
        views = views_of(configuration)
        settings = views.settings
        assert settings is not None
        shadow = stack.enter_context(shadow_server(configuration, program, settings, _CANARY))
        load(shadow, "/app?0.05", 2, 3.0)
        scoreboard = read_scoreboard(configuration, shadow.pid)
        requests = scoreboard.requests if isinstance(scoreboard, Scoreboard) else None
        observation = observe(configuration, views, ObserveRequest(pid=shadow.pid), requests)
        assert isinstance(observation.costs, MemoryCosts), observation.costs
        need = memory_need(settings, observation.costs)
        partly = used(shadow, group)
        full = filled(shadow, settings, group, fill_seconds)
    return row_of(layout, settings, need, partly, full)


def load(shadow: Shadow, path: str, concurrency: int, seconds: float) -> ProbeResult:
    """Keep ``concurrency`` requests in flight."""
    return native.run(
        ProbePlan(
            url=shadow.url,
            host=shadow.host,
            requests=(Request(path=path),),
            concurrency=concurrency,
            warmup_seconds=0,
            duration_seconds=seconds,
            timeout_seconds=60,
            keep_alive=False,
        )
    )


def used(shadow: Shadow, group: Group | str) -> dict[str, Any]:
    """Return what the server uses now."""
    processes = shadow.processes()
    count = None if isinstance(group, str) else group.used_bytes()
    return {
        "pss_bytes": sum(one.pss_bytes or 0 for one in processes),
        "front_pss_bytes": sum(one.pss_bytes or 0 for one in processes if one.role == "front"),
        "front": sum(one.role == "front" for one in processes),
        "daemons": sum(one.role == "daemon" for one in processes),
        "cgroup_bytes": count,
        "cgroup_reason": group if isinstance(group, str) else "",
    }


def filled(
    shadow: Shadow, settings: Settings, group: Group | str, seconds: float
) -> dict[str, Any]:
    """Keep every worker busy and return the most that the server used."""
    clients = settings.front.max_request_workers
    with in_background(shadow, clients, seconds) as results:
        samples = list(sampled(shadow, group, seconds))
    result = results[0]
    most = max(samples, key=lambda one: one["pss_bytes"])
    daemons = sum(one.processes for one in settings.groups)
    return {
        **most,
        "is_full": most["front"] == settings.front.processes
        and most["daemons"] == daemons
        and result.error_rate == 0,
        "clients": clients,
        "requests": result.requests,
        "error_rate": result.error_rate,
        "samples": len(samples),
    }


@contextlib.contextmanager
def in_background(shadow: Shadow, clients: int, seconds: float) -> Iterator[list[ProbeResult]]:
    """Load every worker; the result is there at the end."""
    results: list[ProbeResult] = []
    thread = threading.Thread(
        target=lambda: results.append(load(shadow, "/app?1", clients, seconds))
    )
    thread.start()
    try:
        yield results
    finally:
        thread.join()


def sampled(shadow: Shadow, group: Group | str, seconds: float) -> Iterator[dict[str, Any]]:
    """Sample the server twice a second."""
    end = time.monotonic() + seconds - 1
    while time.monotonic() < end:
        time.sleep(0.5)
        yield used(shadow, group)


def row_of(
    layout: Layout,
    settings: Settings,
    need: MemoryNeed,
    partly: dict[str, Any],
    full: dict[str, Any],
) -> dict[str, Any]:
    """Return prediction, measurement and errors of one layout."""
    kernel = sum(term.size_bytes for term in need.terms if term.name == "kernel")
    predicted = need.steady_bytes - kernel
    count = full["cgroup_bytes"]
    return {
        "layout": layout.name,
        "title": layout.title,
        "settings": settings.describe(),
        "need": {**need.model_dump(mode="json"), "formula": need.formula},
        "partly": partly,
        "full": full,
        "predicted_pss_bytes": predicted,
        "pss_error": predicted / full["pss_bytes"] - 1,
        "predicted_with_kernel_bytes": need.steady_bytes,
        "cgroup_error": None if count is None else need.steady_bytes / count - 1,
        "within_target": full["is_full"] and abs(predicted / full["pss_bytes"] - 1) <= TARGET,
    }


def mb(size: float | None) -> str:
    """Return megabytes."""
    return "-" if size is None else f"{size / 2**20:.1f}"


def percent(error: float | None) -> str:
    """Return a signed share."""
    return "-" if error is None else f"{round(error, 3) + 0.0:+.1%}".replace("%", " %")


def line(row: dict[str, Any]) -> str:
    """Return one layout in one line."""
    full = row["full"]
    filled_or_not = "" if full["is_full"] else " NOT FULL: not a valid measurement"
    return (
        f"{row['layout']}: partly {mb(row['partly']['pss_bytes'])} MB, predicted "
        f"{mb(row['predicted_pss_bytes'])} MB, measured {mb(full['pss_bytes'])} MB "
        f"({percent(row['pss_error'])}); control group {mb(row['predicted_with_kernel_bytes'])} "
        f"MB, {mb(full['cgroup_bytes'])} MB ({percent(row['cgroup_error'])}){filled_or_not}"
    )


def body(rows: list[dict[str, Any]]) -> str:
    """Return the table and how to read it."""
    head = ["layout", "partly filled, MB PSS", "predicted, MB PSS", "measured full, MB PSS",
            "error", "predicted with kernel, MB", "control group's count, MB", "error",
            "within 5 % (PSS)"]  # fmt: skip
    cells = [
        [
            row["title"],
            mb(row["partly"]["pss_bytes"]),
            mb(row["predicted_pss_bytes"]),
            mb(row["full"]["pss_bytes"]),
            percent(row["pss_error"]),
            mb(row["predicted_with_kernel_bytes"]),
            mb(row["full"]["cgroup_bytes"]),
            percent(row["cgroup_error"]),
            "yes" if row["within_target"] else "no",
        ]
        for row in rows
    ]
    reasons = {row["full"]["cgroup_reason"] for row in rows} - {""}
    notes = [
        "Predicted from a server that had served two requests at a time, measured with every "
        "worker busy. The control group's count leaves out inactive page cache; pages of "
        "libraries are charged to the group that read them first, so a group may be charged "
        "less than its processes map. The sum of PSS, too, is less while other servers on the "
        "machine map the same libraries; the prediction does not count on them.",
        *(f"No control group: {reason}." for reason in sorted(reasons)),
    ]
    return "\n\n".join([table(head, cells), *notes])


if __name__ == "__main__":
    sys.exit(main())
