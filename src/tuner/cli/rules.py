"""tuner rules."""

from pathlib import Path
from typing import Annotated

import typer

from tuner.cli.options import Output
from tuner.report.formats import ListFormat


def rules(
    rules: Annotated[
        list[Path] | None, typer.Option("--rules", help="More rules, from this directory.")
    ] = None,
    format: Annotated[
        ListFormat, typer.Option("--format", help="Form of the list.")
    ] = ListFormat.TEXT,
    output: Output = None,
) -> None:
    """List the rules."""
    from tuner.cli.output import emit
    from tuner.pipeline.audit import chosen_rules
    from tuner.report.rule_list import render_rules

    found = [one.rule for one in chosen_rules(rules or [], (), ())]
    emit(render_rules(found, format), output)
