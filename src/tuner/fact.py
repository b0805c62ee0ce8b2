"""A fact is known with its origin, or unknown with the reason; never 0 or None."""

from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

T = TypeVar("T")

Origin = Literal["configuration", "default", "measured", "given", "assumed", "derived"]


@dataclass(frozen=True, slots=True)
class Known(Generic[T]):
    """A value and where it comes from."""

    value: T
    origin: Origin
    source: str = ""
    """In words: a ``file:line``, a process count, a kernel file."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nothing is known, and why."""

    reason: str


Fact = Known[T] | Unknown
