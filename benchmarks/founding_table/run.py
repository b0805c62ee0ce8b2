"""Measure the table and record it; --quick only prints it."""

import argparse

from benchmarks.founding_table.columns import servers
from benchmarks.results import Result, machine, record, section
from tuner.cli.progress import Progress
from tuner.pipeline.ladder.climb import climb
from tuner.pipeline.ladder.report import LadderReport
from tuner.pipeline.ladder.request import LadderRequest, Load
from tuner.pipeline.traffic import TrafficRequest, find_traffic
from tuner.probe.manners import Limits
from tuner.report.ladder_markdown import escaped, table
from tuner.report.ladder_rows import check_lines, classic, findings

CLIENTS = (10, 100, 200, 500)


def main() -> None:
    """Run the whole benchmark, about 17 minutes; with ``--quick`` only try it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="two short probes a cell, nothing is written"
    )
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument(
        "--warmup", type=float, default=8.0, help="prefork starts its children over some seconds"
    )
    parser.add_argument("--ballast", type=int, default=30, help="MB of each application process")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.repeat, arguments.seconds, arguments.warmup, arguments.ballast = 2, 1.0, 1.0, 1
    before = machine()
    with servers(arguments.ballast) as targets:
        request = LadderRequest(
            targets=targets,
            traffic=find_traffic(TrafficRequest()),
            loads=tuple(Load(one) for one in CLIENTS),
            repeat=arguments.repeat,
            duration_seconds=arguments.seconds,
            warmup_seconds=arguments.warmup,
            limits=Limits(requests=30_000_000, seconds=3600.0, wait_seconds=20.0),
        )
        report = climb(request, Progress(quiet=False))
    if report.interrupted or report.stopped:
        raise SystemExit(report.stopped or "interrupted")
    result = Result(
        name="founding_table",
        title="The founding table",
        command="python -m benchmarks.founding_table.run",
        body=body(report, arguments.ballast),
        data={"ballast_mb": arguments.ballast, "report": report.model_dump(mode="json")},
        machine=before,
    )
    if arguments.quick:
        print(section(result))
    else:
        print(f"wrote {record(result)}")


def body(report: LadderReport, ballast_mb: int) -> str:
    """Return the classic table, and what is doubted in each column."""
    parts = [
        f"Prefork, keep-alive, {ballast_mb} MB in each process of the application; every cell is "
        f"{report.repeat} probes of {report.duration_seconds:g} s with the 95 % interval of their "
        f"mean, the columns in turn. Client and server share {report.cores} cores: the columns "
        "compare with each other only. ? marks doubtful cells, ! invalid ones.",
        table(classic(report)),
    ]
    for one in report.targets:
        lines = [*findings(one), *check_lines(one)]
        parts += [f"**{escaped(one.name)}**", "\n".join(f"- {escaped(line)}" for line in lines)]
    return "\n\n".join(parts)


if __name__ == "__main__":
    main()
