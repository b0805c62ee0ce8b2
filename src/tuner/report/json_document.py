"""A document as JSON, one record a line; bytes that are no UTF-8 become lone surrogates."""

import json
from typing import Any

from pydantic import BaseModel


def render_json(document: BaseModel) -> str:
    """Return a document as JSON text."""
    fields = (
        f"  {json.dumps(key)}: {_field(value)}" for key, value in document.model_dump().items()
    )
    return "{\n" + ",\n".join(fields) + "\n}\n"


def _field(value: Any) -> str:
    """Write a list with one line for every item, which grep can search; else indented."""
    if isinstance(value, list | tuple) and value:
        items = ",\n".join(f"    {json.dumps(item)}" for item in value)
        return f"[\n{items}\n  ]"
    return json.dumps(value, indent=2).replace("\n", "\n  ")
