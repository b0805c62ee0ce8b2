"""What a fact is."""

from typing import Literal, NamedTuple

from tuner.rules.expression.nodes import Kind

Scope = Literal["server", "group", "application", "directive", "occurrence"]


class FactSpec(NamedTuple):
    """What a fact is."""

    kind: Kind
    meaning: str
