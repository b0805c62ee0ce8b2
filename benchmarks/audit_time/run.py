"""Time cold audits: ``python -m benchmarks.audit_time.run [--quick] [--path DIR] [--rounds N]``.

Each round starts, in turn, ``tuner audit``, ``apache2ctl -t`` and an empty Python as
new processes; files are in the page cache, no server needs to run. Wall time and
processor time are those of the whole process with its children.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks import results
from tuner.rules.loader import builtin_rules

_DEBIAN = "/etc/apache2"


class Sample(NamedTuple):
    """One process from start to end, in seconds."""

    wall: float
    cpu: float


def commands(path: str) -> dict[str, list[str]]:
    """Return what is compared, by its label."""
    found = {
        "tuner audit": [sys.executable, "-m", "tuner", "audit", path, "--no-exit-codes"],
        "python -c pass": [sys.executable, "-c", "pass"],
    }
    control = shutil.which("apache2ctl") or shutil.which("apachectl")
    if control and path == _DEBIAN:
        found["apache2ctl -t"] = [control, "-t"]
    return found


def measure(command: list[str]) -> Sample:
    """Run a command once.

    Raises:
        SystemExit: it failed, so its time means nothing.
    """
    before = os.times()
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, check=False)
    wall = time.perf_counter() - start
    after = os.times()
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed: {done.stderr.decode(errors='replace').strip()}")
    cpu = after.children_user - before.children_user
    return Sample(wall, cpu + after.children_system - before.children_system)


def main() -> None:
    """Measure and record."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--path", default=_DEBIAN, help="configuration to audit")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--quick", action="store_true", help="three rounds, nothing is recorded")
    options = parser.parse_args()
    if not Path(options.path).exists():
        sys.exit(f"{options.path}: no such configuration, see --path")
    rounds = 3 if options.quick else options.rounds
    samples: dict[str, list[Sample]] = {label: [] for label in commands(options.path)}
    for number in range(rounds + 1):
        for label, command in commands(options.path).items():
            sample = measure(command)
            if number:  # the first round fills the page cache
                samples[label].append(sample)
    rules = sum(1 for _ in builtin_rules().rglob("*.yaml"))
    body = report(samples, rules, options.path)
    if options.quick:
        print(body)
        return
    results.record(
        results.Result(
            name="audit_time",
            title="Time of a cold audit",
            command="python -m benchmarks.audit_time.run",
            body=body,
            data={
                "path": options.path,
                "rules": rules,
                "seconds": {
                    label: [one._asdict() for one in found] for label, found in samples.items()
                },
            },
        )
    )
    print(body)


def report(samples: dict[str, list[Sample]], rules: int, path: str) -> str:
    """Return the table."""
    rows = []
    for label, found in samples.items():
        walls = sorted(one.wall for one in found)
        cpus = [one.cpu for one in found]
        rows.append(
            [
                label,
                f"{statistics.median(walls):.3f}",
                f"{walls[0]:.3f}",
                f"{walls[-1]:.3f}",
                f"{statistics.median(cpus):.3f}",
            ]
        )
    head = ["command", "wall median (s)", "fastest", "slowest", "processor median (s)"]
    count = len(next(iter(samples.values())))
    return f"{path}, {rules} rules, {count} rounds.\n\n" + results.table(head, rows)


if __name__ == "__main__":
    main()
