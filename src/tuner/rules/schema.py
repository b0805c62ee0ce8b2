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
    """Server-level directives; ``A|B`` is the one that a loaded module knows."""
    option: dict[str, str] = Field(default_factory=dict)
    remove: tuple[str, ...] = ()
    here: str = ""
    """New arguments of the directive that a rule of scope occurrence is about."""
    remove_line: bool = False
    """Whether to take out the very directive that a rule of scope directive is about."""


class RuleExample(RuleModel):
    """The same lines before and after the fix, for ``tuner explain``."""

    before: str
    after: str


class VersionRange(RuleModel):
    """The versions of a program that a rule is about, both ends included."""

    since: str = Field(default="0", pattern=r"^\d+(\.\d+)*$")
    until: str = Field(default="999", pattern=r"^\d+(\.\d+)*$")
    """``2.4.37`` is that version and everything before it; ``4`` is all of 4.x."""


class Rule(RuleModel):
    """One rule."""

    id: str = Field(pattern=r"^[A-Z]{2,4}[0-9]{3}$")
    name: str = Field(pattern=r"^[a-z][a-z0-9-]+$")
    title: str = Field(min_length=1)
    severity: Severity
    confidence: Confidence
    status: Literal["preview", "stable", "deprecated"] = "stable"
    since: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    """The version of tuner that brought it."""
    scope: Scope = "server"
    about: tuple[str, ...] = ()
    """The directives that a rule of scope occurrence looks at."""
    versions: dict[Literal["httpd", "mod_wsgi"], VersionRange] = Field(default_factory=dict)
    """Where the rule applies; it is skipped where the version is not known."""
    thresholds: dict[str, str] = Field(default_factory=dict)
    """Names for literal values that users may set otherwise (``tuner.toml``)."""
    let: dict[str, str] = Field(default_factory=dict)
    when: str = Field(min_length=1)
    formula: str = ""
    """Which ``let`` name or expression to show as evidence; default: the condition."""
    message: str = Field(min_length=1)
    at: tuple[str, ...] = ()
    """Directives to point at, the first that is set wins; default: the subject."""
    fix: RuleFix | None = None
    why: str = Field(min_length=1)
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
    """Return the JSON Schema (draft 2020-12) of a rule file.

    Editors check rule files with it while they are written. Names of facts, and
    expressions, are checked only when rules are loaded.
    """
    schema = Rule.model_json_schema()
    of_directives = {"properties": {"scope": {"const": "occurrence"}}, "required": ["scope"]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "tuner rule",
        "if": of_directives,
        "then": {"required": ["about"], "properties": {"about": {"minItems": 1}}},
        "else": {"properties": {"about": {"maxItems": 0}}},
    }
