"""The load engines side by side on one real Apache, interleaved.

    python -m benchmarks.engines.run [--quick]

Six cells: 10, 100 and 500 clients, with and without keep-alive, on a small static
file. Client and server have a core each where the machine has two. In every round
each engine runs once in each cell, in an order that changes from round to round;
ratios are to wrk of the same round and cell. Then native at constant rates.
--quick writes no results.
"""

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from benchmarks.engines.apache import apache
from benchmarks.engines.measure import CELLS, Cell, compare, probe
from benchmarks.engines.table import render
from benchmarks.results import Result, machine, record, section

ENGINES = ("wrk", "native", "httpx", "ab", "h2load", "hey")
VALUES = ("requests_per_second", "cpu_ms_per_request", "p50_ms", "p99_ms")
RATES = (200.0, 1000.0, 3000.0)
SERVER_IS_LIMIT = 0.70
"""Below this share of a core, used or waited for, the client cannot be the limit."""


def main() -> None:
    """Run the benchmark and write its result."""
    words = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    words.add_argument("--quick", action="store_true", help="one short round: only to try it")
    words.add_argument("--rounds", type=int, default=7)
    words.add_argument("--seconds", type=float, default=3.0)
    words.add_argument("--engines", default=",".join(ENGINES))
    asked = words.parse_args()
    rounds, seconds = (1, 1.0) if asked.quick else (asked.rounds, asked.seconds)
    engines = [name for name in asked.engines.split(",") if _is_there(name)]
    about = machine()
    document = run(engines, rounds, seconds)
    result = Result(
        name="engines",
        title="Load engines side by side",
        command="python -m benchmarks.engines.run",
        body=render(document),
        data=document,
        machine=about,
    )
    if not asked.quick:
        record(result)
    print(section(result))


def _is_there(name: str) -> bool:
    if name in ("native", "httpx") or shutil.which(name):
        return True
    print(f"{name} is not installed: left out", file=sys.stderr)
    return False


def run(engines: Sequence[str], rounds: int, seconds: float) -> dict[str, Any]:
    """Measure everything and return it as plain data."""
    load = os.getloadavg()[0]
    cores = sorted(os.sched_getaffinity(0))
    prefix: tuple[str, ...] = ()
    if len(cores) >= 2 and shutil.which("taskset"):
        prefix = ("taskset", "-c", ",".join(map(str, cores[1:])))
        os.sched_setaffinity(0, cores[:1])
    with apache(prefix) as urls:
        runs = interleaved(engines, urls, rounds, seconds)
        rates = [
            probe("native", urls[0], Cell(100, True), max(seconds, 2.0), rate) for rate in RATES
        ]
    return {
        "rounds": rounds,
        "seconds": seconds,
        "engines": list(engines),
        "placement": "client on one core, server on the others" if prefix else "cores shared",
        "server": _server(),
        "versions": _versions(),
        "load": [load, os.getloadavg()[0]],
        "cells": [_cell(runs, engines, cell) for cell in CELLS],
        "constant_rate": [_rate(one) for one in rates if "failed" not in one],
        "failed": [one for one in (*runs, *rates) if "failed" in one],
        "runs": runs,
    }


def interleaved(
    engines: Sequence[str], urls: Sequence[str], rounds: int, seconds: float
) -> list[dict[str, Any]]:
    """Run every engine once in every cell, round by round, in changing order."""
    runs: list[dict[str, Any]] = []
    for number in range(rounds):
        chance = random.Random(number)
        for cell in chance.sample(CELLS, len(CELLS)):
            for name in chance.sample(list(engines), len(engines)):
                url = urls[len(runs) % len(urls)]
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
            for value in (*VALUES, "client_cpu_share", "client_queue_share", "little")
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

    # Only native knows how long it waited for a core; wrk waits as long.
    waited = medians.get("native", {}).get("client_queue_share", 0.0)
    shares = [medians.get(name, {}).get("client_cpu_share", 1.0) for name in ("native", "wrk")]
    is_server = max(shares) + waited < SERVER_IS_LIMIT
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


def _versions() -> dict[str, str]:
    versions = {}
    for name, option in (("wrk", "-v"), ("ab", "-V"), ("h2load", "--version")):
        if shutil.which(name):
            said = subprocess.run([name, option], capture_output=True, text=True, check=False)
            versions[name] = (said.stdout or said.stderr).splitlines()[0][:80]
    return versions


if __name__ == "__main__":
    main()
