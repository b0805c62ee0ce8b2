"""tuner show."""

from typing import Annotated, Literal

import typer

from tuner.cli.options import (
    After,
    Before,
    ConfigPath,
    Defines,
    Env,
    EnvFile,
    HttpdPath,
    Output,
    Quiet,
    Root,
    StaticModules,
    Verbose,
    httpd_soon,
    read_request,
)


def show(
    path: ConfigPath = None,
    directive: Annotated[
        str | None,
        typer.Option(
            "--directive",
            metavar="NAME",
            help="Only this directive, or this option of WSGIDaemonProcess (threads): every place, "
            "which one wins, and why the others do not.",
            show_default=False,
        ),
    ] = None,
    root: Root = None,
    define: Defines = None,
    before: Before = None,
    after: After = None,
    env: Env = None,
    env_file: EnvFile = None,
    static_module: StaticModules = None,
    httpd: HttpdPath = None,
    format: Annotated[
        Literal["text", "json"], typer.Option("--format", help="Form of the report.")
    ] = "text",
    json_schema: Annotated[
        bool, typer.Option("--json-schema", help="Print the JSON Schema of --format json.")
    ] = False,
    output: Output = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Show the configuration as httpd sees it: every directive, active or why not.

    In the tree, "-" marks what httpd does not read and "~" what it reads in vain. What is in
    force follows: the MPM with its corrections, daemon process groups, applications, virtual
    hosts. Passwords, keys and tokens are not shown.

    The layout says what httpd gets beside its files, and is recognised by the main file:

    apache2.conf is Debian's; envvars beside it gives the variables.

    httpd/conf/httpd.conf is Red Hat's; sysconfig/httpd and the unit give variables and $OPTIONS.

    apache2/httpd.conf is openSUSE's with sysconfig/apache2, or Gentoo's with conf.d/apache2.

    httpd.conf beside apachectl and handler.wsgi is mod_wsgi-express's; apachectl gives -D flags.

    Anything else is taken as built from source: ServerRoot is the directory above conf.

    To override: PATH as the main file itself; -C 'ServerRoot DIR'; -D, -C and -c add to the
    layout's own; --env and --env-file win over its variables; --static-module replaces its list
    of modules that are compiled in.

    Exits with 1 when httpd would refuse the configuration; it is shown all the same.
    """
    from tuner.cli.output import emit, say, use_colour

    if json_schema:
        from tuner.report.formats import Document
        from tuner.report.schemas import schema_text

        emit(schema_text(Document.TRACE if directive else Document.SHOW), output)
        return

    soon = httpd_soon(httpd)
    if directive is not None:
        from tuner.pipeline.trace import trace
    else:
        from tuner.pipeline.show import show as run_show
    request = read_request(
        path, root, define, before, after, env, env_file, static_module, soon.result()
    )
    if directive is not None:
        followed = trace(request, directive)
        if format == "json":
            from tuner.report.json_document import render_json

            emit(render_json(followed), output)
        else:
            from tuner.report.trace_text import render_text as render_trace

            emit(render_trace(followed, colour=use_colour(output)), output)
        is_refused = followed.is_refused
    else:
        document = run_show(request)
        if format == "json":
            from tuner.report.json_document import render_json

            emit(render_json(document), output)
        else:
            from tuner.report.show_text import render_text

            emit(render_text(document, colour=use_colour(output), verbose=verbose), output)
        is_refused = document.is_refused
    if output is not None and not quiet:
        say(f"wrote {output}")
    if is_refused:
        raise typer.Exit(1)
