"""tuner smoke record and tuner smoke check."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tuner.cli.options import Output, Quiet
from tuner.cli.traffic import AllowMethods, Cookies, Headers, Paths, traffic_request

if TYPE_CHECKING:
    from tuner.pipeline.smoke.compare import Tolerance
    from tuner.pipeline.smoke.run import SmokeRequest
    from tuner.pipeline.smoke.series import Load
    from tuner.pipeline.traffic import TrafficRequest

WARMUP_SECONDS = 0.5

_LOAD = "Load"

Url = Annotated[str, typer.Argument(metavar="URL", help="The server to load.")]
Control = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="What to calibrate against. Default: a small server of tuner's own on loopback.",
        rich_help_panel=_LOAD,
    ),
]
Clients = Annotated[
    int, typer.Option("--concurrency", min=1, max=2000, help="Clients.", rich_help_panel=_LOAD)
]
ProbeTime = Annotated[
    str, typer.Option("--duration", metavar="DURATION", help="Of one probe.", rich_help_panel=_LOAD)
]
TimeLimit = Annotated[
    str,
    typer.Option(
        "--time-limit",
        metavar="DURATION",
        help="It ends earlier when the result is clear.",
        rich_help_panel=_LOAD,
    ),
]
KeepAlive = Annotated[bool, typer.Option("--keep-alive/--no-keep-alive", rich_help_panel=_LOAD)]
EngineName = Annotated[str, typer.Option("--engine", help="Load engine.", rich_help_panel=_LOAD)]
Yes = Annotated[
    bool,
    typer.Option("--yes", help="Do not ask before loading a server that is not on loopback."),
]


def record(
    url: Url,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Where the baseline goes.")
    ],
    control: Control = None,
    concurrency: Clients = 16,
    duration: ProbeTime = "2s",
    time_limit: TimeLimit = "60s",
    keep_alive: KeepAlive = True,
    engine: EngineName = "native",
    tolerance: Annotated[
        str,
        typer.Option(
            "--tolerance",
            metavar="PERCENT",
            help="How fine a loss of throughput a check with this baseline shall see.",
        ),
    ] = "10%",
    path: Paths = None,
    header: Headers = None,
    cookie: Cookies = None,
    allow_methods: AllowMethods = None,
    yes: Yes = False,
    quiet: Quiet = False,
) -> None:
    """Record a baseline: the server's performance relative to a control."""
    from tuner.cli.output import emit
    from tuner.cli.progress import Progress
    from tuner.errors import GuardStop, MeasurementError
    from tuner.pipeline.smoke import run
    from tuner.pipeline.smoke.compare import LEAST_PAIRS, Tolerance
    from tuner.pipeline.smoke.series import Load
    from tuner.report.smoke_text import render_record
    from tuner.units import parse_duration, parse_percent

    request = _request(
        url,
        control,
        time_limit,
        Tolerance(throughput=parse_percent(tolerance)),
        traffic_request(path, header, cookie, allow_methods),
        Load(
            requests=(),
            concurrency=concurrency,
            duration_seconds=parse_duration(duration),
            warmup_seconds=WARMUP_SECONDS,
            keep_alive=keep_alive,
            engine=engine,
            control="",
        ),
        yes=yes,
    )
    progress = Progress(quiet)
    try:
        series = run.record(request, progress)
    finally:
        progress.end()
    if series.stopped:
        raise GuardStop(f"stopped, nothing is written: {series.stopped}")
    if len(series.usable) < LEAST_PAIRS:
        doubts = sorted({one for pair in series.pairs for one in pair.target.doubts})
        raise MeasurementError(
            f"only {len(series.usable)} of {len(series.pairs)} pairs are usable: nothing is "
            "written",
            hint=f"doubts: {', '.join(doubts)}" if doubts else "the server does not answer",
        )
    emit(series.model_dump_json(indent=2) + "\n", output)
    emit(render_record(series), None)


def check(
    url: Url,
    baseline: Annotated[Path, typer.Argument(metavar="BASELINE", help="From smoke record.")],
    control: Control = None,
    time_limit: TimeLimit = "60s",
    tolerance: Annotated[
        str,
        typer.Option("--tolerance", metavar="PERCENT", help="Throughput that may be lost."),
    ] = "10%",
    latency_tolerance: Annotated[
        str, typer.Option(metavar="PERCENT", help="By which p95 may rise.")
    ] = "25%",
    inconclusive: Annotated[
        Literal["pass", "fail"],
        typer.Option(help="What it means for the exit code when nothing is clear in time."),
    ] = "pass",
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write JUnit XML, a test for each metric.")
    ] = None,
    format: Annotated[
        Literal["text", "json", "markdown"], typer.Option("--format", help="Form of the result.")
    ] = "text",
    path: Paths = None,
    header: Headers = None,
    cookie: Cookies = None,
    allow_methods: AllowMethods = None,
    output: Output = None,
    yes: Yes = False,
    quiet: Quiet = False,
) -> None:
    """Measure again, under the load that was recorded, and compare with a baseline.

    What was sent with --header and --cookie is not in the baseline: give it again.

    Exits with 0 when nothing regressed, with 6 when something did, with 5 when a guard stopped it.
    Not clear within the time counts as passed, unless --inconclusive fail.
    """
    from tuner.cli.exits import REGRESSED
    from tuner.cli.output import emit
    from tuner.cli.progress import Progress
    from tuner.errors import GuardStop
    from tuner.pipeline.smoke import run
    from tuner.pipeline.smoke.compare import Tolerance
    from tuner.pipeline.smoke.series import read_baseline
    from tuner.units import parse_percent

    before = read_baseline(baseline)
    recorded = before.load.control if "://" in before.load.control else None
    request = _request(
        url,
        control or recorded,
        time_limit,
        Tolerance(throughput=parse_percent(tolerance), latency=parse_percent(latency_tolerance)),
        traffic_request(path, header, cookie, allow_methods),
        before.load,
        yes=yes,
    )
    progress = Progress(quiet)
    try:
        found = run.check(request, before, progress)
    finally:
        progress.end()
    if format == "json":
        emit(found.model_dump_json(indent=2) + "\n", output)
    else:
        from tuner.cli.output import use_colour
        from tuner.report import smoke_text

        text = (
            smoke_text.render_check(found, colour=use_colour(output))
            if format == "text"
            else smoke_text.render_check_markdown(found)
        )
        emit(text, output)
    fails = inconclusive == "fail"
    if junit is not None:
        from tuner.report.smoke_junit import render_junit

        emit(render_junit(found, inconclusive_fails=fails), junit)
    if found.verdict == "regressed":
        raise typer.Exit(REGRESSED)
    if found.today.stopped:
        raise GuardStop(f"stopped: {found.today.stopped}")
    if found.verdict == "inconclusive" and fails:
        raise typer.Exit(REGRESSED)


def _request(
    url: str,
    control: str | None,
    time_limit: str,
    tolerance: "Tolerance",
    traffic: "TrafficRequest",
    load: "Load",
    *,
    yes: bool,
) -> "SmokeRequest":
    """Put a request together, and ask before a load to a server that is not on loopback."""
    from tuner.cli.confirm import confirm_away
    from tuner.pipeline.ladder.request import default_limits, parse_target
    from tuner.pipeline.smoke.run import SmokeRequest
    from tuner.pipeline.traffic import find_traffic
    from tuner.probe.manners import hosts_away
    from tuner.units import parse_duration

    target = parse_target(url)
    seconds = parse_duration(time_limit)
    urls = [target.url, *([control] if control else [])]
    summary = f"{load.concurrency} clients for up to {seconds:.0f} s"
    confirm_away(urls, summary, load=summary, yes=yes)
    return SmokeRequest(
        target=target,
        traffic=find_traffic(traffic, target.host),
        control=control,
        concurrency=load.concurrency,
        duration_seconds=load.duration_seconds,
        warmup_seconds=load.warmup_seconds,
        keep_alive=load.keep_alive,
        engine=load.engine,
        tolerance=tolerance,
        limits=default_limits(bool(hosts_away(urls))).model_copy(update={"seconds": seconds}),
    )
