"""Measure the table and write it to benchmarks/results/."""

import argparse
import sys
import time

from benchmarks import results
from benchmarks.founding_table.columns import servers
from tuner.cli.progress import Progress
from tuner.pipeline.ladder.climb import climb
from tuner.pipeline.ladder.report import LadderReport
from tuner.pipeline.ladder.request import LadderRequest, Load
from tuner.pipeline.traffic import TrafficRequest, find_traffic
from tuner.probe.manners import Limits
from tuner.report.ladder_markdown import render_markdown

CLIENTS = (10, 100, 200, 500)


def main() -> None:
    """Run the whole benchmark, about 17 minutes; with ``--quick`` only try it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="2 short probes a cell, other file")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument(
        "--warmup", type=float, default=8.0, help="prefork starts its children over some seconds"
    )
    parser.add_argument("--ballast", type=int, default=30, help="MB of each application process")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.repeat, arguments.seconds, arguments.warmup, arguments.ballast = 2, 1.0, 1.0, 1
    began = time.monotonic()
    with servers(arguments.ballast) as targets:
        request = LadderRequest(
            targets=targets,
            traffic=find_traffic(TrafficRequest()),
            loads=tuple(Load(one) for one in CLIENTS),
            repeat=arguments.repeat,
            duration_seconds=arguments.seconds,
            warmup_seconds=arguments.warmup,
            limits=Limits(seconds=3600.0, wait_seconds=20.0),
        )
        report = climb(request, Progress(quiet=False))
    write(report, arguments.ballast, quick=arguments.quick)
    sys.stderr.write(f"took {time.monotonic() - began:.0f} s\n")
    if report.interrupted or report.stopped:
        raise SystemExit(report.stopped or "interrupted")


def write(report: LadderReport, ballast_mb: int, *, quick: bool) -> None:
    """Write everything as JSON and the tables as Markdown."""
    intro = (
        "# The founding table\n\n"
        f"Prefork, keep-alive, an application with {ballast_mb} MB in each process; every cell is "
        f"{report.repeat} probes of {report.duration_seconds:g} s, the columns in turn. Client and "
        f"server share {report.cores} cores: the columns compare with each other only.\n\n"
    )
    name = "founding_table_quick" if quick else "founding_table"
    file = results.write(
        name, {"report": report.model_dump(mode="json")}, intro + render_markdown(report)
    )
    sys.stderr.write(f"wrote {file}\n")


if __name__ == "__main__":
    main()
