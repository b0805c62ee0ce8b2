"""Take out of a document what must not leave the machine or cannot be written as text."""

from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel

from tuner.apache.secrets import Secrets

M = TypeVar("M", bound=BaseModel)


def clean(document: M, secrets: Secrets) -> M:
    r"""Return the document without secrets; bytes that are no UTF-8 become ``\xff``.

    Fields with fixed words keep them, even where a secret is the same word.
    """

    def walk(value: Any) -> Any:
        if isinstance(value, str):
            text = value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
            return secrets.redact(text)
        if isinstance(value, BaseModel):
            fields = type(value).model_fields.items()
            update = {
                name: walk(getattr(value, name))
                for name, field in fields
                if not _is_fixed(field.annotation)
            }
            return value.model_copy(update=update)
        if isinstance(value, dict):
            return {walk(key): walk(one) for key, one in value.items()}
        if isinstance(value, tuple):
            return tuple(map(walk, value))
        return value

    cleaned: M = walk(document)
    return cleaned


def _is_fixed(annotation: Any) -> bool:
    if get_origin(annotation) in (Union, UnionType):
        return all(one is type(None) or _is_fixed(one) for one in get_args(annotation))
    return get_origin(annotation) is Literal
