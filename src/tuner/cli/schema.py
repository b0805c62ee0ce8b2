"""tuner schema."""

from typing import Annotated

import typer

from tuner.report.formats import Document


def schema(
    document: Annotated[
        Document,
        typer.Argument(metavar="REPORT", help="What the schema describes: " + ", ".join(Document)),
    ],
) -> None:
    """Print the JSON Schema of a report in JSON, or of a rule file (rule).

    trace is what show --directive prints, baseline what smoke record writes, smoke what smoke
    check prints.
    """
    from tuner.cli.output import emit
    from tuner.report.schemas import schema_text

    emit(schema_text(document), None)
