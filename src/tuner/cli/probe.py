"""tuner probe."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tuner.cli.options import Output, Quiet, Verbose, split_list
from tuner.cli.traffic import (
    AccessLogFile,
    AllowMethods,
    AllowTokens,
    ApachePath,
    Cookies,
    Headers,
    LogFormat,
    Paths,
    TopPaths,
    traffic_request,
)

if TYPE_CHECKING:
    from tuner.pipeline.ladder.report import LadderReport

_LOAD = "Load"
_LIMITS = "Limits"

Format = Literal["text", "json", "csv", "markdown", "html"]


def probe(
    url: Annotated[
        list[str],
        typer.Argument(
            metavar="[NAME=]URL...",
            help="Servers to load; several are probed in turn and shown side by side.",
            show_default=False,
        ),
    ],
    concurrency: Annotated[
        str,
        typer.Option(metavar="N,N,...", help="Clients at each step.", rich_help_panel=_LOAD),
    ] = "10,100,200,500",
    rate: Annotated[
        str | None,
        typer.Option(
            metavar="R,R,...",
            help="Open loop: requests a second at each step, latency counted from when each was "
            "due; --concurrency is then the most connections.",
            rich_help_panel=_LOAD,
        ),
    ] = None,
    duration: Annotated[
        str,
        typer.Option(metavar="DURATION", help="Measured part of a probe.", rich_help_panel=_LOAD),
    ] = "5s",
    warmup: Annotated[
        str,
        typer.Option(metavar="DURATION", help="Discarded before it.", rich_help_panel=_LOAD),
    ] = "1s",
    repeat: Annotated[
        int,
        typer.Option(min=1, max=100, help="Probes of each step, in turn.", rich_help_panel=_LOAD),
    ] = 1,
    keep_alive: Annotated[
        bool,
        typer.Option(
            "--keep-alive/--no-keep-alive",
            help="Several requests on a connection.",
            rich_help_panel=_LOAD,
        ),
    ] = True,
    engine: Annotated[
        str,
        typer.Option(
            help="auto, native, httpx, ab, wrk, h2load, hey, k6 or locust.", rich_help_panel=_LOAD
        ),
    ] = "native",
    processes: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=64,
            help="Processes of the load generator. Default: by the cores.",
            rich_help_panel=_LOAD,
        ),
    ] = None,
    workers: Annotated[
        list[str] | None,
        typer.Option(
            metavar="HOST,HOST,...",
            help="Hosts that send the load, through ssh (native, locust).",
            rich_help_panel=_LOAD,
        ),
    ] = None,
    expect_workers: Annotated[
        int,
        typer.Option(
            min=0, help="Workers that join a locust master by themselves.", rich_help_panel=_LOAD
        ),
    ] = 0,
    http2: Annotated[
        bool, typer.Option("--http2", help="HTTP/2 (httpx, h2load).", rich_help_panel=_LOAD)
    ] = False,
    follow_redirects: Annotated[
        bool, typer.Option("--follow-redirects", help="httpx only.", rich_help_panel=_LOAD)
    ] = False,
    keep_cookies: Annotated[
        bool,
        typer.Option(
            "--keep-cookies",
            help="Each client sends back what it was given (httpx only).",
            rich_help_panel=_LOAD,
        ),
    ] = False,
    connect_rate: Annotated[
        int,
        typer.Option(min=1, help="Clients started in a second.", rich_help_panel=_LOAD),
    ] = 1000,
    path: Paths = None,
    header: Headers = None,
    cookie: Cookies = None,
    allow_methods: AllowMethods = None,
    access_log: AccessLogFile = None,
    log_format: LogFormat = None,
    top: TopPaths = 20,
    allow_tokens: AllowTokens = False,
    apache: ApachePath = None,
    timeout: Annotated[
        str,
        typer.Option(metavar="DURATION", help="For one response.", rich_help_panel=_LIMITS),
    ] = "10s",
    time_limit: Annotated[
        str,
        typer.Option(metavar="DURATION", help="For all probes.", rich_help_panel=_LIMITS),
    ] = "30m",
    max_requests: Annotated[
        int,
        typer.Option(min=1, help="Over all probes.", rich_help_panel=_LIMITS),
    ] = 5_000_000,
    max_connections: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=20_000,
            help="Default: 10000, 1000 to a server that is not on loopback.",
            rich_help_panel=_LIMITS,
        ),
    ] = None,
    max_rate: Annotated[
        float | None,
        typer.Option(
            min=0.1,
            help="Requests a second on average; a probe that is faster ends earlier.",
            rich_help_panel=_LIMITS,
        ),
    ] = None,
    max_wait: Annotated[
        str,
        typer.Option(
            metavar="DURATION",
            help="Stop when a request beside the load waits longer; 0 sends none.",
            rich_help_panel=_LIMITS,
        ),
    ] = "10s",
    max_error_rate: Annotated[
        float,
        typer.Option(
            min=0.0,
            max=1.0,
            help="Share of failed requests above which higher steps are not tried.",
            rich_help_panel=_LIMITS,
        ),
    ] = 0.5,
    yes: Annotated[
        bool,
        typer.Option("--yes", help="Do not ask before loading a server that is not on loopback."),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Show the plan and this machine's limits; send nothing."),
    ] = False,
    format: Annotated[Format, typer.Option("--format", help="Form of the result.")] = "text",
    output: Output = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Load servers step by step and show what they do: the classic table and more.

    Every probe is checked: whether its numbers tell about the server, or about the client, the
    network or the machine. Exits with 0, with 5 when a guard stopped it, 130 when interrupted.
    """
    from tuner.apache.read import ReadRequest
    from tuner.cli.confirm import confirm_away
    from tuner.cli.output import emit
    from tuner.cli.progress import Progress
    from tuner.errors import GuardStop, Interrupted
    from tuner.pipeline.ladder.climb import climb
    from tuner.pipeline.ladder.plan import describe
    from tuner.pipeline.ladder.request import (
        LadderRequest,
        default_limits,
        parse_loads,
        parse_targets,
    )
    from tuner.pipeline.traffic import find_traffic
    from tuner.probe.manners import hosts_away
    from tuner.units import parse_duration

    targets = parse_targets(tuple(url))
    urls = [one.url for one in targets]
    limits = default_limits(bool(hosts_away(urls)))
    request = LadderRequest(
        targets=targets,
        traffic=find_traffic(
            traffic_request(
                *(path, header, cookie, allow_methods, access_log, log_format, top),
                allow_tokens,
                ReadRequest(path=apache) if apache else None,
            ),
            targets[0].host,
        ),
        loads=parse_loads(concurrency, rate),
        engine=engine,
        repeat=repeat,
        duration_seconds=parse_duration(duration),
        warmup_seconds=parse_duration(warmup),
        timeout_seconds=parse_duration(timeout),
        connects_per_second=connect_rate,
        keep_alive=keep_alive,
        processes=processes,
        workers=split_list(workers),
        expect_workers=expect_workers,
        http2=http2,
        follow_redirects=follow_redirects,
        keep_cookies=keep_cookies,
        limits=limits.model_copy(
            update={
                "requests": max_requests,
                "seconds": parse_duration(time_limit),
                "connections": max_connections or limits.connections,
                "rate": max_rate,
                "error_share": max_error_rate,
                "wait_seconds": parse_duration(max_wait),
            }
        ),
    )
    if dry_run:
        emit(describe(request, verbose=True), output)
        return
    summary = describe(request, verbose=False)
    confirm_away(urls, summary, load="the load that --dry-run shows", yes=yes)
    progress = Progress(quiet)
    progress.say(describe(request, verbose=verbose).rstrip("\n"))
    try:
        report = climb(request, progress)
    finally:
        progress.end()
    emit(render(report, format, output, verbose), output)
    if report.interrupted:
        raise Interrupted("interrupted")
    if report.is_stopped:
        why = report.stopped or next(one.stopped for one in report.targets if one.stopped)
        raise GuardStop(f"stopped: {why}")


def render(report: "LadderReport", format: Format, output: Output, verbose: bool) -> str:
    """Return the report in a format; its module is imported only now."""
    from tuner.cli.output import use_colour

    if format == "json":
        return report.model_dump_json(indent=2) + "\n"
    if format == "csv":
        from tuner.report.ladder_csv import render_csv

        return render_csv(report)
    if format == "markdown":
        from tuner.report.ladder_markdown import render_markdown

        return render_markdown(report)
    if format == "html":
        from tuner.report.ladder_html import render_html

        return render_html(report)
    from tuner.report.ladder_text import render_text

    return render_text(report, colour=use_colour(output), verbose=verbose)
