"""tuner plan."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from tuner.cli.options import Output


def plan(
    run: Annotated[
        Path, typer.Option("--from", metavar="RUN", help="Run directory of tuner optimize.")
    ],
    target: Annotated[
        float | None,
        typer.Option(min=0.001, metavar="RPS", help="Requests per second to find hosts for."),
    ] = None,
    headroom: Annotated[
        str, typer.Option(metavar="PERCENT", help="Share of the capacity to keep free.")
    ] = "30%",
    think_time: Annotated[
        str,
        typer.Option(metavar="DURATION", help="Time between two requests of one user."),
    ] = "5s",
    peak_factor: Annotated[
        float, typer.Option(min=1.0, help="Busiest hour over the month's average.")
    ] = 1.0,
    format: Annotated[
        Literal["text", "json"], typer.Option("--format", help="Form of the result.")
    ] = "text",
    output: Output = None,
) -> None:
    """Answer capacity questions from a recorded run of optimize.

    Requests per second and per month, users at the same time, hosts for a target with one to
    lose, and what one more core or GB of memory would give.
    """
    from tuner.cli.output import emit
    from tuner.cli.parse import parse_percent
    from tuner.pipeline.plan import PlanRequest
    from tuner.pipeline.plan import plan as make_plan
    from tuner.report.plan_text import render_text
    from tuner.units import parse_duration

    result = make_plan(
        PlanRequest(
            run=run,
            target_throughput=target,
            headroom=parse_percent("--headroom", headroom),
            think_seconds=parse_duration(think_time),
            peak_factor=peak_factor,
        )
    )
    emit(
        result.model_dump_json(indent=2) + "\n" if format == "json" else render_text(result),
        output,
    )
