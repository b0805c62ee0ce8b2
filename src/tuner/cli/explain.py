"""tuner explain."""

from pathlib import Path
from typing import Annotated

import typer


def explain(
    rule_id: Annotated[str, typer.Argument(metavar="ID", help="Rule, for example CAP001.")],
    rules: Annotated[
        list[Path] | None, typer.Option("--rules", help="More rules, from this directory.")
    ] = None,
) -> None:
    """Explain one rule: why, condition, fix, before and after, sources."""
    import difflib

    from tuner.cli.output import emit
    from tuner.errors import UsageError
    from tuner.pipeline.audit import chosen_rules
    from tuner.report.rule_text import render_rule

    found = {one.rule.id: one for one in chosen_rules(rules or [], (), ())}
    chosen = found.get(rule_id.upper())
    if chosen is None:
        near = difflib.get_close_matches(rule_id.upper(), found, n=1)
        hint = f"did you mean {near[0]}?" if near else "tuner rules lists them"
        raise UsageError(f"there is no rule {rule_id}", hint=hint)
    emit(render_rule(chosen), None)
