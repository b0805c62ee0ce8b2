"""A document as JSON; bytes that are no UTF-8 stand in it as lone surrogates."""

import json

from pydantic import BaseModel


def render_json(document: BaseModel) -> str:
    """Return a document as JSON text."""
    return json.dumps(document.model_dump(), indent=2, ensure_ascii=True) + "\n"
