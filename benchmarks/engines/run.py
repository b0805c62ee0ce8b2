"""The load engines side by side on one real Apache, interleaved.

    python benchmarks/engines/run.py [--quick]

Six cells: 10, 100 and 500 clients, with and without keep-alive, on a small static
file. Client and server have a core each where the machine has two. In every round
each engine runs once in each cell, in an order that changes from round to round;
ratios are to wrk of the same round and cell. Then native at constant rates. Writes
``engines.json`` and ``engines.md`` to ``benchmarks/results``.
"""

import argparse
import json
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

from benchmarks.engines.apache import apache
from benchmarks.engines.measure import CELLS, Cell, compare, probe
from benchmarks.engines.table import render

ENGINES = ("wrk", "native", "httpx", "ab", "h2load", "hey")
VALUES = ("requests_per_second", "cpu_ms_per_request", "p50_ms", "p99_ms")
RATES = (200.0, 1000.0, 3000.0)
SERVER_IS_LIMIT = 0.70
"""Below this share of a core the client cannot be the limit."""


def main() -> None:
    """Run the benchmark and write its result."""
    words = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    words.add_argument("--quick", action="store_true", help="one short round: only to try it")
    words.add_argument("--rounds", type=int, default=7)
    words.add_argument("--seconds", type=float, default=3.0)
    words.add_argument("--engines", default=",".join(ENGINES))
    words.add_argument("--output", type=Path, default=ROOT / "benchmarks/results")
    asked = words.parse_args()
    rounds, seconds = (1, 1.0) if asked.quick else (asked.rounds, asked.seconds)
    engines = [name for name in asked.engines.split(",") if _is_there(name)]
    document = run(engines, rounds, seconds)
    document["command"] = "python benchmarks/engines/run.py" + (" --quick" if asked.quick else "")
    asked.output.mkdir(parents=True, exist_ok=True)
    (asked.output / "engines.json").write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    (asked.output / "engines.md").write_text(render(document), "utf-8")
    print(render(document))


def _is_there(name: str) -> bool:
    if name in ("native", "httpx") or shutil.which(name):
        return True
    print(f"{name} is not installed: left out", file=sys.stderr)
    return False


def run(engines: Sequence[str], rounds: int, seconds: float) -> dict[str, Any]:
    """Measure everything and return it as plain data."""
    began, load = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()), os.getloadavg()
    cores = sorted(os.sched_getaffinity(0))
    prefix: tuple[str, ...] = ()
    if len(cores) >= 2 and shutil.which("taskset"):
        prefix = ("taskset", "-c", ",".join(map(str, cores[1:])))
        os.sched_setaffinity(0, cores[:1])
    with apache(prefix) as (url, _):
        runs = interleaved(engines, url, rounds, seconds)
        rates = [probe("native", url, Cell(100, True), max(seconds, 2.0), rate) for rate in RATES]
    return {
        "began": began,
        "rounds": rounds,
        "seconds": seconds,
        "engines": list(engines),
        "placement": "client on one, server on the others" if prefix else "shared",
        "server": _server(),
        "machine": _machine(load, len(cores)),
        "cells": [_cell(runs, engines, cell) for cell in CELLS],
        "constant_rate": [_rate(one) for one in rates if "failed" not in one],
        "failed": [one for one in (*runs, *rates) if "failed" in one],
        "runs": runs,
    }


def interleaved(
    engines: Sequence[str], url: str, rounds: int, seconds: float
) -> list[dict[str, Any]]:
    """Run every engine once in every cell, round by round, in changing order."""
    runs = []
    for number in range(rounds):
        chance = random.Random(number)
        for cell in chance.sample(CELLS, len(CELLS)):
            for name in chance.sample(list(engines), len(engines)):
                found = {"round": number, **probe(name, url, cell, seconds)}
                runs.append(found)
                rate = found.get("requests_per_second", 0.0)
                said = f"round {number + 1}/{rounds}, {cell.label}: {name} {rate:.0f}/s"
                print(said, file=sys.stderr, flush=True)
    return runs


def _cell(runs: Sequence[dict[str, Any]], engines: Sequence[str], cell: Cell) -> dict[str, Any]:
    mine = [run for run in runs if (run["concurrency"], run["keep_alive"]) == cell]
    medians = {
        name: {
            value: statistics.median(known)
            for value in (*VALUES, "client_cpu_share", "little")
            if (known := [one[value] for one in mine if one["engine"] == name and one.get(value)])
        }
        for name in engines
    }
    ratios = {
        name: {value: compare(runs, name, cell, value) for value in VALUES}
        for name in engines
        if name != "wrk"
    }
    return {
        "label": cell.label,
        **cell._asdict(),
        "medians": medians,
        "ratios": ratios,
        "targets": _targets(medians, ratios.get("native", {})),
    }


def _targets(medians: dict[str, Any], native: dict[str, Any]) -> dict[str, bool | None]:
    """Compare the medians with the targets; latency counts where the server is the limit."""

    def within(value: str, low: float, high: float) -> bool | None:
        found = native.get(value)
        return low <= found["estimate"] <= high if found else None

    shares = [medians.get(name, {}).get("client_cpu_share", 1.0) for name in ("native", "wrk")]
    is_server = max(shares) < SERVER_IS_LIMIT
    return {
        "throughput": within("requests_per_second", 0.9, float("inf")),
        "p50": within("p50_ms", 0.95, 1.05) if is_server else None,
        "p99": within("p99_ms", 0.85, 1.15) if is_server else None,
        "server_is_limit": is_server,
    }


def _rate(one: dict[str, Any]) -> dict[str, Any]:
    got, wanted = one["ended_per_second"], one["rate"]
    return {**one, "got": got, "deviation": got / wanted - 1}


def _server() -> str:
    from tuner.apache.binary import find_httpd

    httpd = find_httpd()
    version = ".".join(map(str, httpd.version)) if httpd else "?"
    return f"Apache {version}, event, MaxKeepAliveRequests 0, a file of 13 bytes"


def _machine(load: tuple[float, float, float], cores: int) -> dict[str, Any]:
    model = platform.machine()
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    versions = {}
    for name, option in (("wrk", "-v"), ("ab", "-V"), ("h2load", "--version")):
        if shutil.which(name):
            said = subprocess.run([name, option], capture_output=True, text=True, check=False)
            versions[name] = (said.stdout or said.stderr).splitlines()[0][:80]
    return {
        "cpu": model,
        "cores": cores,
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_before": round(load[0], 1),
        "load_after": round(os.getloadavg()[0], 1),
        "versions": versions,
    }


if __name__ == "__main__":
    main()
