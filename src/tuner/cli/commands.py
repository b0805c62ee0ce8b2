"""The commands by name; the module of one is imported when it is asked for.

Each start runs one command: importing the others and turning their options into
parsers would be a good part of the time of ``tuner show``.
"""

import functools
from collections.abc import Callable, Iterator, MutableMapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from tuner.errors import Interrupted


class _OnDemand(MutableMapping[str, Any]):
    """Commands that are built at the first look, in a fixed order."""

    def __init__(self, builders: dict[str, Callable[[], Any]]) -> None:
        self._builders = builders
        self._built: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._built:
            self._built[name] = self._builders[name]()
        return self._built[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._builders[name] = lambda: command

    def __delitem__(self, name: str) -> None:
        del self._builders[name]

    def __contains__(self, name: object) -> bool:
        return name in self._builders

    def __iter__(self) -> Iterator[str]:
        return iter(self._builders)

    def __len__(self) -> int:
        return len(self._builders)


class Commands(TyperGroup):
    """The group of all commands."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = _OnDemand(dict(_BUILDERS))


def _command(name: str) -> Any:
    """Build the command that the module of the same name defines; its ``EPILOG`` ends the help."""
    module = import_module(f"tuner.cli.{name}")
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(name, epilog=getattr(module, "EPILOG", None))(_interruptible(getattr(module, name)))
    return typer.main.get_command(app)


def _smoke() -> Any:
    from tuner.cli.smoke import check, record

    app = typer.Typer(
        name="smoke",
        help="Record a baseline and compare with it, for CI.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
    )
    app.command("record")(_interruptible(record))
    app.command("check")(_interruptible(check))
    return typer.main.get_command(app)


def _interruptible(command: Callable[..., None]) -> Callable[..., None]:
    """Let Ctrl-C and SIGTERM end a command in our words, not in the library's."""

    @functools.wraps(command)
    def call(*arguments: Any, **options: Any) -> None:
        try:
            command(*arguments, **options)
        except KeyboardInterrupt:
            raise Interrupted("interrupted") from None

    return call


_NAMES = (
    *("audit", "optimize", "plan", "show", "probe", "smoke"),
    *("measure", "rules", "explain", "schema"),
)
"""In the order of the help."""

_BUILDERS: dict[str, Callable[[], Any]] = {
    name: _smoke if name == "smoke" else functools.partial(_command, name) for name in _NAMES
}
