"""The commands by name; the module of one is imported when it is asked for.

Each start runs one command: importing the others and turning their options into
parsers would be a good part of the time of ``tuner show``.
"""

import functools
from collections.abc import Callable, Iterator, MutableMapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

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

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # types of typer's own click
        """Write the summaries that stand here: no module is imported for them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_SUMMARIES.items()))


class Command(TyperCommand):
    """A command whose help shows its options under the headings that they name."""

    def format_options(self, ctx: Any, formatter: Any) -> None:  # types of typer's own click
        """Write arguments, options without a heading, then each heading with its own."""
        sections: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": []}
        for one in self.get_params(ctx):
            record = one.get_help_record(ctx)
            if record is not None:
                plain = "Arguments" if one.param_type_name == "argument" else "Options"
                heading = getattr(one, "rich_help_panel", None) or plain
                sections.setdefault(heading, []).append(record)
        for heading, records in sections.items():
            if records:
                with formatter.section(heading):
                    formatter.write_dl(records)


def _command(name: str) -> Any:
    """Build the command that the module of the same name defines; its ``EPILOG`` ends the help."""
    module = import_module(f"tuner.cli.{name}")
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    made = app.command(name, cls=Command, epilog=getattr(module, "EPILOG", None))
    made(_interruptible(getattr(module, name)))
    return typer.main.get_command(app)


def _smoke() -> Any:
    from tuner.cli.smoke import check, record

    app = typer.Typer(
        name="smoke",
        help=_SUMMARIES["smoke"],
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
    )
    app.command("record", cls=Command)(_interruptible(record))
    app.command("check", cls=Command)(_interruptible(check))
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


_SUMMARIES = {
    "audit": "Report what is wrong with a configuration, with fixes.",
    "optimize": "Search the best settings on a private copy of the server.",
    "plan": "Answer for users and hosts from a recorded search.",
    "show": "Show a configuration as httpd sees it.",
    "probe": "Load a server step by step and show where it breaks.",
    "smoke": "Record a baseline and compare with it, for CI.",
    "measure": "Measure the memory of the running server by role.",
    "rules": "List the rules of audit.",
    "explain": "Explain one rule.",
    "schema": "Print the JSON Schema of a report or of a rule file.",
}
"""In the order of the help."""

_BUILDERS: dict[str, Callable[[], Any]] = {
    name: _smoke if name == "smoke" else functools.partial(_command, name) for name in _SUMMARIES
}
