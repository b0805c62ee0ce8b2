"""tuner explain."""

from pathlib import Path
from typing import Annotated

import typer

from tuner.cli.options import Output
from tuner.report.formats import RuleFormat


def explain(
    rule_id: Annotated[str, typer.Argument(metavar="ID", help="Rule, for example CAP001.")],
    rules: Annotated[
        list[Path] | None, typer.Option("--rules", help="More rules, from this directory.")
    ] = None,
    format: Annotated[
        RuleFormat, typer.Option("--format", help="Form of the explanation.")
    ] = RuleFormat.TEXT,
    output: Output = None,
) -> None:
    """Explain one rule: why, condition, fix, before and after, sources."""
    from tuner.cli.output import emit
    from tuner.errors import UsageError, did_you_mean
    from tuner.pipeline.audit import chosen_rules
    from tuner.report.documents import as_json
    from tuner.report.rule_document import rule_document
    from tuner.report.rule_markdown import render_markdown
    from tuner.report.rule_text import render_text

    found = {one.rule.id: one for one in chosen_rules(rules or [], (), ())}
    chosen = found.get(rule_id.upper())
    if chosen is None:
        hint = did_you_mean(rule_id.upper(), found, "tuner rules lists them")
        raise UsageError(f"there is no rule {rule_id}", hint=hint)
    render = {
        RuleFormat.TEXT: render_text,
        RuleFormat.JSON: as_json,
        RuleFormat.MARKDOWN: render_markdown,
    }
    emit(render[format](rule_document(chosen)), output)
