"""tuner measure."""

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tuner.cli.options import (
    After,
    Before,
    BudgetOption,
    ConfigPath,
    Defines,
    Env,
    EnvFile,
    HttpdPath,
    Output,
    Quiet,
    Reserve,
    Root,
    StaticModules,
    Verbose,
    read_request,
)

if TYPE_CHECKING:
    from tuner.pipeline.memory_report import MemoryReport

_SERVER = "Server"
_RESULT = "Result"


def measure(
    path: ConfigPath = None,
    root: Root = None,
    define: Defines = None,
    before: Before = None,
    after: After = None,
    env: Env = None,
    env_file: EnvFile = None,
    static_module: StaticModules = None,
    httpd: HttpdPath = None,
    pid: Annotated[
        int | None,
        typer.Option(
            help="Parent process of the running server. Default: from its pid file.",
            rich_help_panel=_SERVER,
        ),
    ] = None,
    watch: Annotated[
        str | None,
        typer.Option(
            "--watch",
            metavar="DURATION",
            help="Measure again and again, so long apart; at least 1s.",
            rich_help_panel=_SERVER,
        ),
    ] = None,
    count: Annotated[
        int,
        typer.Option(min=2, max=100_000, help="How often, with --watch.", rich_help_panel=_SERVER),
    ] = 12,
    warm: Annotated[
        str | None,
        typer.Option(
            "--warm",
            metavar="URL[=REQUESTS]",
            help="Send requests first, so that applications are loaded. Default: 5 for each "
            "worker, at most 10000.",
            rich_help_panel=_SERVER,
        ),
    ] = None,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes", help="Let --warm send requests to another machine.", rich_help_panel=_SERVER
        ),
    ] = False,
    budget: BudgetOption = None,
    reserve: Reserve = None,
    format: Annotated[
        Literal["text", "json"],
        typer.Option("--format", help="Form of the report.", rich_help_panel=_RESULT),
    ] = "text",
    output: Output = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Measure the memory of the running server by role, and what is left of the budget.

    Roles are the parent, front processes, each daemon process group, and helpers. Besides one
    request for the scoreboard, nothing is sent to the server without --warm.
    """
    from tuner.apache.binary import find_httpd
    from tuner.cli.output import emit, say, use_colour
    from tuner.cli.parse import parse_interval
    from tuner.pipeline.memory import MeasureRequest
    from tuner.pipeline.memory import measure as run_measure
    from tuner.report.documents import as_json
    from tuner.report.memory_text import render_text

    request = MeasureRequest(
        read=read_request(
            path, root, define, before, after, env, env_file, static_module, find_httpd(httpd)
        ),
        pid=pid,
        budget=budget,
        reserve=reserve,
        warm=warm,
        may_leave_loopback=yes,
        samples=count if watch is not None else 1,
        interval_seconds=parse_interval(watch) if watch is not None else 0.0,
    )
    colour = use_colour(output)
    reports = run_measure(request, (lambda line: None) if quiet else say)
    if watch is not None and not quiet:
        is_text = format == "text" and output is None
        reports = _shown(reports, live=colour and is_text, on_stdout=is_text)
    (last,) = deque(reports, maxlen=1)
    if format == "json":
        emit(as_json(last), output)
    else:
        emit(render_text(last, colour=colour, verbose=verbose), output)


def _shown(
    reports: "Iterator[MemoryReport]", *, live: bool, on_stdout: bool
) -> "Iterator[MemoryReport]":
    """Show each sample as it comes: as a live table, or in a line each."""
    from tuner.cli.output import emit, say
    from tuner.report.memory_text import sample_line

    if live:
        from rich.console import Console

        from tuner.report.memory_live import shown_live

        yield from shown_live(reports, Console())
        return
    for report in reports:
        line = sample_line(report)
        if on_stdout:
            emit(line + "\n", None)
        else:
            say(line)
        yield report
