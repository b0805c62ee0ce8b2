"""The program: commands, and what happens to errors.

Command modules import only typer and the standard library at the top, so that
``tuner --help`` and shell completion stay fast.
"""

import contextlib
import functools
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Annotated, Any

import typer

from tuner import __version__
from tuner.cli.audit import TOML_HELP, audit
from tuner.cli.explain import explain
from tuner.cli.measure import measure
from tuner.cli.optimize import optimize
from tuner.cli.plan import plan
from tuner.cli.probe import probe
from tuner.cli.rules import rules
from tuner.cli.schema import schema
from tuner.cli.show import show
from tuner.cli.smoke import check, record
from tuner.errors import Interrupted, TunerError
from tuner.server.places import shadow_directories

app = typer.Typer(
    name="tuner",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _interruptible(command: Callable[..., None]) -> Callable[..., None]:
    """Let Ctrl-C and SIGTERM end a command in our words, not in the library's."""

    @functools.wraps(command)
    def call(*arguments: Any, **options: Any) -> None:
        try:
            command(*arguments, **options)
        except KeyboardInterrupt:
            raise Interrupted("interrupted") from None

    return call


app.command("audit", epilog=TOML_HELP)(_interruptible(audit))
app.command("optimize")(_interruptible(optimize))
app.command("plan")(_interruptible(plan))
app.command("show")(_interruptible(show))
app.command("probe")(_interruptible(probe))
smoke = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
smoke.command("record")(_interruptible(record))
smoke.command("check")(_interruptible(check))
app.add_typer(smoke, name="smoke", help="Record a baseline and compare with it, for CI.")
app.command("measure")(_interruptible(measure))
app.command("rules")(_interruptible(rules))
app.command("explain")(_interruptible(explain))
app.command("schema")(_interruptible(schema))


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
    # No plugin of pydantic has a say here; looking for them costs a tenth of the start.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
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
