"""The shape of a rule file."""

import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from tuner.rules.finding import Confidence, Safety, Severity
from tuner.rules.vocabulary import Scope


class RuleModel(BaseModel):
    """Base of the parts of a rule: frozen, nothing beyond its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class RuleFix(RuleModel):
    """What makes the finding go away; every value is an expression."""

    title: str
    safety: Safety = "unsafe"
    set: dict[str, str] = Field(default_factory=dict)
    option: dict[str, str] = Field(default_factory=dict)
    remove: tuple[str, ...] = ()


class RuleExample(RuleModel):
    """The same lines before and after the fix, for ``tuner explain``."""

    before: str
    after: str


class Rule(RuleModel):
    """One rule."""

    id: str = Field(pattern=r"^[A-Z]{2,4}[0-9]{3}$")
    name: str = Field(pattern=r"^[a-z][a-z0-9-]+$")
    title: str
    severity: Severity
    confidence: Confidence
    status: Literal["preview", "stable", "deprecated"] = "stable"
    since: str
    scope: Scope = "server"
    let: dict[str, str] = Field(default_factory=dict)
    when: str
    formula: str = ""
    """Which ``let`` name or expression to show as evidence; default: the condition."""
    message: str
    at: tuple[str, ...] = ()
    """Directives to point at, the first that is set wins; default: the subject."""
    fix: RuleFix | None = None
    why: str
    references: tuple[str, ...] = Field(min_length=1)
    example: RuleExample | None = None

    @field_validator("name")
    @classmethod
    def _name_is_what_one_would_allow(cls, value: str) -> str:
        if re.match(r"(no|disallow|avoid|use)-", value):
            raise ValueError(f"name the bad pattern, so that it reads 'allow {value}'")
        return value

    @property
    def url(self) -> str:
        """The first reference."""
        return self.references[0]


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a rule file."""
    return Rule.model_json_schema()
