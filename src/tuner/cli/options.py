"""Options that several commands share, and turning them into requests."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from concurrent.futures import Future

    from tuner.apache.binary import Httpd
    from tuner.apache.read import ReadRequest

_READING = "Reading the configuration"
_MEMORY = "Memory"

ConfigPath = Annotated[
    Path | None,
    typer.Argument(
        metavar="[PATH]",
        help="Configuration directory or main file, or a directory that holds a whole tree "
        "(etc/apache2/...). Left out: where the installed httpd keeps it.",
        show_default=False,
    ),
]
Root = Annotated[
    Path | None,
    typer.Option(
        "--root", help="Read PATH inside this directory as if it were /.", rich_help_panel=_READING
    ),
]
Defines = Annotated[
    list[str] | None,
    typer.Option("-D", metavar="NAME", help="As httpd's -D.", rich_help_panel=_READING),
]
Before = Annotated[
    list[str] | None,
    typer.Option(
        "-C", metavar="DIRECTIVE", help="As httpd's -C: before the files.", rich_help_panel=_READING
    ),
]
After = Annotated[
    list[str] | None,
    typer.Option(
        "-c", metavar="DIRECTIVE", help="As httpd's -c: after the files.", rich_help_panel=_READING
    ),
]
Env = Annotated[
    list[str] | None,
    typer.Option(
        "--env",
        metavar="NAME=VALUE",
        help="A variable of httpd's environment.",
        rich_help_panel=_READING,
    ),
]
EnvFile = Annotated[
    list[Path] | None,
    typer.Option(
        "--env-file",
        help="envvars or a systemd EnvironmentFile. Debian's envvars and RHEL's sysconfig/httpd "
        "are found without it.",
        rich_help_panel=_READING,
    ),
]
StaticModules = Annotated[
    list[str] | None,
    typer.Option(
        "--static-module",
        metavar="NAME",
        help="A module compiled into that httpd (httpd -l). Default: by layout.",
        rich_help_panel=_READING,
    ),
]
HttpdPath = Annotated[
    Path | None,
    typer.Option(
        "--httpd",
        help="The httpd program to ask and to run. Default: the installed one, or that of "
        "mod_wsgi-standalone.",
        rich_help_panel=_READING,
    ),
]
BudgetOption = Annotated[
    str | None,
    typer.Option(
        "--budget",
        metavar="SIZE|PERCENT",
        help="Memory that Apache may use. Default: measured, control groups included.",
        rich_help_panel=_MEMORY,
    ),
]
Live = Annotated[
    bool | None,
    typer.Option(
        "--live/--no-live",
        help="Measure the running server, or do not. Default: if it runs.",
        show_default=False,
        rich_help_panel=_MEMORY,
    ),
]
Pid = Annotated[
    int | None,
    typer.Option("--pid", help="Parent process of the running server.", rich_help_panel=_MEMORY),
]
AppMemory = Annotated[
    list[str] | None,
    typer.Option(
        "--app-memory",
        metavar="SIZE[@GROUP]",
        help="What one application process costs, where it cannot be measured.",
        rich_help_panel=_MEMORY,
    ),
]
Cores = Annotated[
    int | None,
    typer.Option(
        "--cores",
        min=1,
        help="Cores that the server has, where it is not this machine.",
        rich_help_panel=_MEMORY,
    ),
]
Reserve = Annotated[
    str | None,
    typer.Option(
        "--reserve",
        metavar="SIZE|PERCENT",
        help="Memory to keep free. Default: 10 %, at least 256 MB; nothing with --budget.",
        rich_help_panel=_MEMORY,
    ),
]
Output = Annotated[
    Path | None, typer.Option("--output", help="Write the report to a file instead of stdout.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say less on stderr.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say more.")]


def httpd_soon(path: Path | None) -> "Future[Httpd | None]":
    """Find httpd and ask it what it is, while the rest of the program is imported."""
    from concurrent.futures import ThreadPoolExecutor

    from tuner.apache.binary import find_httpd

    pool = ThreadPoolExecutor(1)
    found = pool.submit(find_httpd, path)
    pool.shutdown(wait=False)
    return found


def read_request(
    path: Path | None,
    root: Path | None,
    defines: list[str] | None,
    before: list[str] | None,
    after: list[str] | None,
    env: list[str] | None,
    env_file: list[Path] | None,
    static_module: list[str] | None,
    httpd: "Httpd | None",
) -> "ReadRequest":
    """Turn the options about reading into a request.

    Raises:
        UsageError: ``--env`` is not NAME=VALUE.
    """
    from tuner.apache.read import ReadRequest
    from tuner.errors import UsageError

    environment: dict[str, str] = {}
    for item in env or []:
        name, equals, value = item.partition("=")
        if not equals or not name:
            raise UsageError(f"--env {item}: write NAME=VALUE")
        environment[name] = value
    return ReadRequest(
        path=path,
        root=root,
        defines=tuple(defines or ()),
        before=tuple(before or ()),
        after=tuple(after or ()),
        environment=environment,
        environment_files=tuple(env_file or ()),
        static_modules=tuple(static_module or ()),
        httpd=httpd,
    )


def split_list(values: list[str] | None) -> tuple[str, ...]:
    """Return the items of repeated options, each of which may hold several after commas."""
    return tuple(
        item.strip() for value in values or () for item in value.split(",") if item.strip()
    )
