"""tuner audit."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

import typer

from tuner.cli.options import (
    After,
    AppMemory,
    Before,
    BudgetOption,
    ConfigPath,
    Cores,
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
    Verbose,
    httpd_soon,
    read_request,
    split_list,
)
from tuner.report.formats import AuditFormat

if TYPE_CHECKING:
    from tuner.apache.binary import Httpd
    from tuner.pipeline.audit import AuditReport

T = TypeVar("T")
SeverityName = Literal["info", "low", "medium", "high"]

_RULES = "Rules"
_RESULT = "Result"


EPILOG = """A tuner.toml holds defaults for options, which the command line replaces, and
thresholds of rules (tuner explain ID names them). Paths in it are relative to the file:

\b
    [audit]
    select = ["CAP", "MPM"]          # only rules whose id begins like this
    ignore = ["TMO001"]
    min-severity = "low"
    fail-on = "medium"
    budget = "16G"                   # as --budget; so are the next three
    cores = 8
    reserve = "10%"
    app-memory = ["40M", "120M@shop"]
    rules = ["our-rules"]            # directories
    baseline = "known.json"
    [thresholds.TMO001]              # of one rule
    longest = "200s"                 # with a unit, where its own value has one
"""


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
    live: Live = None,
    pid: Pid = None,
    app_memory: AppMemory = None,
    budget: BudgetOption = None,
    cores: Cores = None,
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
    baseline: Annotated[
        Path | None,
        typer.Option(
            help="An earlier report in JSON: what it holds is marked as known, and does not count.",
            rich_help_panel=_RULES,
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            help="Defaults for these options and thresholds of rules. Default: tuner.toml in the "
            "current directory, if there is one.",
            rich_help_panel=_RULES,
        ),
    ] = None,
    min_severity: Annotated[
        SeverityName | None,
        typer.Option(
            help="Report nothing below this severity, and count nothing below it. Default: info.",
            show_default=False,
            rich_help_panel=_RESULT,
        ),
    ] = None,
    fail_on: Annotated[
        SeverityName | None,
        typer.Option(
            help="Exit with 0 when all findings are below this severity. Default: info.",
            show_default=False,
            rich_help_panel=_RESULT,
        ),
    ] = None,
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
        AuditFormat,
        typer.Option("--format", help="Form of the report.", rich_help_panel=_RESULT),
    ] = AuditFormat.TEXT,
    output: Output = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Read a configuration as httpd would, measure memory, and report what is wrong.

    Exits with 0, or with 11 to 14 for the highest severity found (info, low, medium, high). With
    1 when httpd would refuse the configuration; the report is written all the same.
    """
    soon = httpd_soon(httpd)
    from tuner.cli.exits import code_for_severities
    from tuner.cli.output import emit, say, use_colour
    from tuner.pipeline.audit import AuditRequest
    from tuner.pipeline.audit import audit as run_audit
    from tuner.pipeline.observe import ObserveRequest
    from tuner.pipeline.preferences import read_preferences
    from tuner.report.audit_document import audit_document
    from tuner.report.formats import Look, render_audit
    from tuner.report.select import at_least

    preferences = read_preferences(config)
    if verbose and preferences.path:
        say(f"defaults from {preferences.path}")
    said = preferences.audit
    program = soon.result()
    report = run_audit(
        AuditRequest(
            read=read_request(
                path, root, define, before, after, env, env_file, static_module, program
            ),
            observe=ObserveRequest(
                live,
                pid,
                tuple(_first(app_memory, said.app_memory) or ()),
                _first(budget, said.budget),
                _first(reserve, said.reserve),
                _first(cores, said.cores),
            ),
            rule_directories=tuple(_first(rules, preferences.rules) or ()),
            select=split_list(_first(select, said.select)),
            ignore=split_list(_first(ignore, said.ignore)),
            thresholds=preferences.thresholds,
            baseline=_first(baseline, preferences.baseline),
        )
    )
    shown = at_least(report.findings, _first(min_severity, said.min_severity) or "info")
    document = audit_document(report, shown)
    checked = [one.rule for one in report.rules]
    emit(render_audit(format, document, checked, Look(use_colour(output), verbose)), output)
    if patch is not None:
        _write_patch(report, program, patch, unsafe_fixes, quiet)
    fatal = report.configuration.fatal_errors
    if fatal:
        say(f"tuner: httpd would refuse this configuration: {fatal[0]}")
        raise typer.Exit(1)
    if not no_exit_codes:
        counted = at_least(shown, _first(fail_on, said.fail_on) or "info")
        raise typer.Exit(code_for_severities(one.severity for one in counted if one.is_open))


def _first(given: T | None, otherwise: T | None) -> T | None:
    """Return what the command line says, else what tuner.toml says."""
    return otherwise if given is None else given


def _write_patch(
    report: "AuditReport", program: "Httpd | None", path: Path, unsafe: bool, quiet: bool
) -> None:
    from tuner.cli.output import say
    from tuner.patch.build import write_patch
    from tuner.pipeline.audit import audit_patch

    made, refused = audit_patch(report, program, unsafe=unsafe)
    for line in refused:
        say(f"not in the patch: {line}")
    if made is None:
        say("no patch: there are no fixes that can be made")
        return
    write_patch(made, path)
    if not quiet:
        say(f"wrote {path}: {len(made.changes)} changes, {made.restart} needed")
