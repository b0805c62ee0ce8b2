"""tuner rules."""

from pathlib import Path
from typing import Annotated, Literal

import typer


def rules(
    rules: Annotated[
        list[Path] | None, typer.Option("--rules", help="More rules, from this directory.")
    ] = None,
    format: Annotated[
        Literal["text", "json", "schema"],
        typer.Option("--format", help="text, json, or the JSON Schema of a rule file."),
    ] = "text",
) -> None:
    """List the rules."""
    import json

    from tuner.cli.output import emit
    from tuner.pipeline.audit import chosen_rules
    from tuner.rules.schema import json_schema

    if format == "schema":
        emit(json.dumps(json_schema(), indent=2) + "\n", None)
        return
    found = [one.rule for one in chosen_rules(rules or [], (), ())]
    if format == "json":
        document = {"schema_version": 1, "rules": [one.model_dump(mode="json") for one in found]}
        emit(json.dumps(document, indent=2) + "\n", None)
        return
    width = max(len(one.name) for one in found)
    lines = [f"{one.id}  {one.severity:<6}  {one.name:<{width}}  {one.title}" for one in found]
    emit("\n".join([*lines, f"{len(found)} rules; tuner explain ID tells more"]) + "\n", None)
