"""Documents that are printed as JSON, and their schemas."""

import json
from typing import Any

from pydantic import BaseModel

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def as_json(document: BaseModel) -> str:
    """Return a document as JSON text, ASCII only, in the order of its fields."""
    plain = document.model_dump(mode="json")
    return json.dumps(plain, indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def schema_of(model: type[BaseModel], title: str) -> dict[str, Any]:
    """Return the JSON Schema of a document as it is printed."""
    return {
        "$schema": DIALECT,
        **model.model_json_schema(mode="serialization"),
        "title": title,
    }
