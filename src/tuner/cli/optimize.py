"""tuner optimize."""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import typer

from tuner.cli.options import (
    After,
    AppMemory,
    Before,
    BudgetOption,
    ConfigPath,
    Defines,
    Env,
    EnvFile,
    HttpdPath,
    Live,
    Output,
    Pid,
    Quiet,
    Reserve,
    Root,
    StaticModules,
    read_request,
)
from tuner.cli.traffic import (
    AccessLogFile,
    AllowMethods,
    AllowTokens,
    Cookies,
    Headers,
    LogFormat,
    Paths,
    TopPaths,
    traffic_request,
)

_LOAD = "Load"
_LIMITS = "Objective and limits"
_RESULT = "Result"


def optimize(
    host: Annotated[
        str | None,
        typer.Option(
            "--host",
            metavar="URL",
            help="The site to optimise, for example http://shop.example:8080/. It selects port and "
            "virtual host of the configuration; nothing is sent to it.",
        ),
    ] = None,
    path: ConfigPath = None,
    root: Root = None,
    define: Defines = None,
    before: Before = None,
    after: After = None,
    env: Env = None,
    env_file: EnvFile = None,
    static_module: StaticModules = None,
    httpd: HttpdPath = None,
    request_path: Paths = None,
    header: Headers = None,
    cookie: Cookies = None,
    allow_methods: AllowMethods = None,
    access_log: AccessLogFile = None,
    log_format: LogFormat = None,
    top: TopPaths = 20,
    allow_tokens: AllowTokens = False,
    concurrency: Annotated[
        int,
        typer.Option(
            min=1, max=2000, help="Requests in flight at the same time.", rich_help_panel=_LOAD
        ),
    ] = 64,
    engine: Annotated[str, typer.Option(help="Load engine.", rich_help_panel=_LOAD)] = "native",
    slo: Annotated[
        str | None,
        typer.Option(
            "--slo",
            metavar="p99=500ms",
            help="Latency objective: p50, p90, p95 or p99.",
            rich_help_panel=_LIMITS,
        ),
    ] = None,
    objective: Annotated[
        Literal["throughput", "latency", "memory"],
        typer.Option(
            help="What to improve within --slo and --max-error-rate; latency and memory keep "
            "95 % of the best throughput.",
            rich_help_panel=_LIMITS,
        ),
    ] = "throughput",
    max_error_rate: Annotated[
        float,
        typer.Option(
            min=0.0,
            max=1.0,
            help="Share of requests that may fail.",
            rich_help_panel=_LIMITS,
        ),
    ] = 0.01,
    live: Live = None,
    pid: Pid = None,
    app_memory: AppMemory = None,
    budget: BudgetOption = None,
    reserve: Reserve = None,
    max_probes: Annotated[
        int,
        typer.Option(min=1, max=100, help="Settings to try.", rich_help_panel=_LIMITS),
    ] = 12,
    time_limit: Annotated[
        str,
        typer.Option(
            metavar="DURATION",
            help="Search and comparison end by then; what follows them takes some seconds more.",
            rich_help_panel=_LIMITS,
        ),
    ] = "4m",
    probe_time: Annotated[
        str,
        typer.Option(
            metavar="DURATION",
            help="Length of one probe; longer ones leave time for fewer.",
            rich_help_panel=_LIMITS,
        ),
    ] = "3s",
    rounds: Annotated[
        int,
        typer.Option(min=1, max=50, help="Pairs in the final comparison.", rich_help_panel=_LIMITS),
    ] = 6,
    search: Annotated[
        str, typer.Option(help="Search engine: guided or coordinate.", rich_help_panel=_LIMITS)
    ] = "guided",
    consider_mpm: Annotated[
        bool,
        typer.Option(
            "--consider-mpm",
            help="Measure the result under the other MPMs too.",
            rich_help_panel=_LIMITS,
        ),
    ] = False,
    consider_daemon: Annotated[
        bool,
        typer.Option(
            "--consider-daemon",
            help="For an embedded application: search a daemon process group too, and compare.",
            rich_help_panel=_LIMITS,
        ),
    ] = False,
    shadow_port: Annotated[
        int | None,
        typer.Option(
            "--shadow-port",
            min=1,
            max=65535,
            help="Loopback port for the shadow server instead of a free one.",
        ),
    ] = None,
    patch: Annotated[
        Path, typer.Option(help="Where the patch goes.", rich_help_panel=_RESULT)
    ] = Path("tuner.patch"),
    report: Annotated[
        Path | None,
        typer.Option(
            help="Where the HTML report goes. Default: report.html in the run's directory.",
            rich_help_panel=_RESULT,
        ),
    ] = None,
    run_dir: Annotated[
        Path | None,
        typer.Option(
            "--run-dir",
            help="Where every measurement is recorded. Default: tuner-runs/DATE-TIME.",
            rich_help_panel=_RESULT,
        ),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN",
            help="Go on with an interrupted run, as it was asked for; other options are ignored.",
            rich_help_panel=_RESULT,
        ),
    ] = None,
    format: Annotated[
        Literal["text", "json"],
        typer.Option("--format", help="Form of the result.", rich_help_panel=_RESULT),
    ] = "text",
    output: Output = None,
    quiet: Quiet = False,
) -> None:
    """Search settings with load probes on a private copy of the server.

    The copy runs on loopback and is removed again; the server and its configuration are not
    touched. But copy and load compete with it for CPU, disk and database: use a machine like it
    that serves nobody, or a quiet hour.

    Exits with 0 and a patch when something better was found, with 4 when not, with 5 when memory
    ran short, with 130 when interrupted (--resume goes on).
    """
    from tuner.apache.binary import find_httpd
    from tuner.cli.exits import NOTHING_BETTER
    from tuner.cli.output import emit, say, use_colour
    from tuner.cli.parse import parse_length, parse_slo
    from tuner.errors import UsageError
    from tuner.patch.build import write_patch
    from tuner.pipeline.observe import ObserveRequest
    from tuner.pipeline.optimise.request import OptimiseRequest
    from tuner.pipeline.optimise.run import optimise
    from tuner.pipeline.optimise.run import resume as go_on
    from tuner.pipeline.traffic import find_traffic

    for option, file in (("--patch", patch), ("--report", report), ("--output", output)):
        if file is not None and not file.absolute().parent.is_dir():
            raise UsageError(f"{option} {file}: there is no directory {file.absolute().parent}")
    progress = (lambda line: None) if quiet else say
    if resume is not None:
        result = go_on(resume, progress)
    elif host is None:
        raise UsageError("optimize needs --host URL", hint="or --resume RUN")
    else:
        program = find_httpd(httpd)
        reading = read_request(
            path, root, define, before, after, env, env_file, static_module, program
        )
        traffic = find_traffic(
            traffic_request(
                *(request_path, header, cookie, allow_methods, access_log, log_format, top),
                allow_tokens,
                reading,
            ),
            urlsplit(host).hostname,
        )
        if traffic.host is not None:
            raise UsageError("--header Host: the virtual host is selected by --host")
        paths, headers = traffic.options
        result = optimise(
            OptimiseRequest(
                read=reading,
                httpd=program,
                host=host,
                paths=paths,
                headers=headers,
                objective=parse_slo(slo, max_error_rate, objective),
                concurrency=concurrency,
                engine=engine,
                search=search,
                max_probes=max_probes,
                time_limit_seconds=parse_length("--time-limit", time_limit, "1s", "24h"),
                probe_seconds=parse_length("--probe-time", probe_time, "200ms", "10m"),
                rounds=rounds,
                observe=ObserveRequest(
                    live=live,
                    pid=pid,
                    app_memory=tuple(app_memory or ()),
                    budget=budget,
                    reserve=reserve,
                ),
                consider_mpm=consider_mpm,
                consider_daemon=consider_daemon,
                shadow_port=shadow_port,
            ),
            run_dir,
            progress,
        )
    if result.patch is not None:
        write_patch(result.patch, patch)
        if not quiet:
            say(f"wrote {patch}")
    if format == "json":
        from tuner.report.optimise_json import render_json

        emit(render_json(result), output)
    else:
        from tuner.report.optimise_text import render_text

        emit(render_text(result, colour=use_colour(output)), output)
    from tuner.report.optimise_html import render_html

    page = report or result.run_directory / "report.html"
    emit(render_html(result), page)
    if not quiet:
        say(f"wrote {page}")
    if result.patch is None:
        raise typer.Exit(NOTHING_BETTER)
