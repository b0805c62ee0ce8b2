"""tuner audit."""

from pathlib import Path
from typing import Annotated, Literal

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
    split_list,
)

Format = Literal["text", "json"]
SeverityName = Literal["info", "low", "medium", "high"]

_MEMORY = "Memory"
_RULES = "Rules"
_RESULT = "Result"


def audit(
    path: ConfigPath = None,
    root: Root = None,
    define: Defines = None,
    before: Before = None,
    after: After = None,
    env: Env = None,
    env_file: EnvFile = None,
    static_module: StaticModules = None,
    httpd: HttpdPath = None,
    live: Annotated[
        bool | None,
        typer.Option(
            "--live/--no-live",
            help="Measure the running server, or do not. Default: if it runs.",
            show_default=False,
            rich_help_panel=_MEMORY,
        ),
    ] = None,
    pid: Annotated[
        int | None,
        typer.Option(help="Parent process of the running server.", rich_help_panel=_MEMORY),
    ] = None,
    app_memory: Annotated[
        list[str] | None,
        typer.Option(
            "--app-memory",
            metavar="SIZE[@GROUP]",
            help="What one application process costs, where it cannot be measured.",
            rich_help_panel=_MEMORY,
        ),
    ] = None,
    budget: BudgetOption = None,
    reserve: Reserve = None,
    rules: Annotated[
        list[Path] | None,
        typer.Option("--rules", help="More rules, from this directory.", rich_help_panel=_RULES),
    ] = None,
    select: Annotated[
        list[str] | None,
        typer.Option(
            help="Only rules whose id begins like this; commas separate several.",
            rich_help_panel=_RULES,
        ),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(
            help="No rules whose id begins like this; commas separate several.",
            rich_help_panel=_RULES,
        ),
    ] = None,
    min_severity: Annotated[
        SeverityName,
        typer.Option(help="Report nothing below this severity.", rich_help_panel=_RESULT),
    ] = "info",
    fail_on: Annotated[
        SeverityName,
        typer.Option(
            help="Exit with 0 when all findings are below this severity.",
            rich_help_panel=_RESULT,
        ),
    ] = "info",
    no_exit_codes: Annotated[
        bool, typer.Option("--no-exit-codes", help="Findings exit with 0.", rich_help_panel=_RESULT)
    ] = False,
    patch: Annotated[
        Path | None,
        typer.Option(help="Write the safe fixes as one patch.", rich_help_panel=_RESULT),
    ] = None,
    unsafe_fixes: Annotated[
        bool,
        typer.Option(
            "--unsafe-fixes",
            help="Put fixes into the patch that need a decision, too.",
            rich_help_panel=_RESULT,
        ),
    ] = False,
    format: Annotated[
        Format, typer.Option("--format", help="Form of the report.", rich_help_panel=_RESULT)
    ] = "text",
    output: Output = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Read a configuration as httpd would, measure memory, and report what is wrong.

    Exits with 0, or with 11 to 14 for the highest severity found.
    """
    from tuner.apache.binary import find_httpd
    from tuner.cli.exits import code_for_severities
    from tuner.cli.output import emit, say, use_colour
    from tuner.pipeline.audit import AuditRequest, audit_patch
    from tuner.pipeline.audit import audit as run_audit
    from tuner.pipeline.observe import ObserveRequest
    from tuner.report.select import at_least

    program = find_httpd(httpd)
    report = run_audit(
        AuditRequest(
            read=read_request(
                path, root, define, before, after, env, env_file, static_module, program
            ),
            observe=ObserveRequest(live, pid, tuple(app_memory or ()), budget, reserve),
            rule_directories=tuple(rules or ()),
            select=split_list(select),
            ignore=split_list(ignore),
        )
    )
    shown = at_least(report.findings, min_severity)
    if format == "json":
        from tuner.report.audit_json import render_json

        emit(render_json(report, shown), output)
    else:
        from tuner.report.audit_text import render_text

        text = render_text(report, shown, colour=use_colour(output), verbose=verbose)
        emit(text, output)
    if patch is not None:
        made, refused = audit_patch(report, program, unsafe=unsafe_fixes)
        for line in refused:
            say(f"not in the patch: {line}")
        if made is None:
            say("no patch: there are no fixes that can be made")
        else:
            from tuner.patch.build import write_patch

            write_patch(made, patch)
            if not quiet:
                say(f"wrote {patch}: {len(made.changes)} changes, {made.restart} needed")
    if report.configuration.fatal_errors:
        raise typer.Exit(1)
    if not no_exit_codes:
        open_findings = [one for one in at_least(shown, fail_on) if not one.suppressed]
        raise typer.Exit(code_for_severities(one.severity for one in open_findings))
