"""The program: what happens before a command, and to its errors.

Command modules import only typer and the standard library at the top, so that
``tuner --help`` and shell completion stay fast.
"""

import contextlib
import os
import signal
import sys
from types import FrameType
from typing import Annotated

import typer

from tuner import __version__
from tuner.cli.commands import Commands
from tuner.errors import TunerError
from tuner.server.places import shadow_directories

app = typer.Typer(
    name="tuner",
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"tuner {__version__}")
        raise typer.Exit


@app.callback()
def tuner(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Measure, audit and tune Apache httpd with mod_wsgi.

    Nothing is changed on a running server: tuner reads, measures, tries settings on a private
    copy of the server, and writes patches for review.

    Exit codes: 0 clean or better settings found, 1 error, 2 usage, 3 no configuration found,
    4 nothing better than today, 5 stopped by a guard, 6 smoke test regressed, 11 to 14 the
    highest severity found (info, low, medium, high), 130 interrupted.
    """
    _end_leftovers()


def main() -> None:
    """Run the program; every expected error becomes one line and its exit code."""
    # Looking for plugins of pydantic in all installed packages costs 15 ms; none is wanted.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        app()
    except TunerError as error:
        _fail(error)
    except BrokenPipeError:
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _end_leftovers() -> None:
    """End what a killed tuner left behind, before anything else is done."""
    if shadow_directories():
        from tuner.server.registry import end_leftovers

        for line in end_leftovers():
            sys.stderr.write(line + "\n")


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _fail(error: TunerError) -> None:
    sys.stdout.flush()
    message = " ".join(str(error).split())
    sys.stderr.write(f"tuner: {message}\n")
    sys.exit(error.exit_code)
