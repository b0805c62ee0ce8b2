"""The shape of a rule file."""

import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from tuner.rules.finding import Confidence, Safety, Severity
from tuner.rules.vocabulary import Scope


class RuleModel(BaseModel):
    """Base of the parts of a rule: frozen, nothing beyond its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class RuleFix(RuleModel):
    """What makes the finding go away; every value is an expression."""

    title: str
    """What it does, in words."""
    safety: Safety = "unsafe"
    """``unsafe`` needs somebody's decision: it goes into a patch only when asked for."""
    set: dict[str, str] = Field(default_factory=dict)
    """Server-level directives; ``A|B`` is the one that a loaded module knows."""
    option: dict[str, str] = Field(default_factory=dict)
    """Options of the WSGIDaemonProcess line that a rule of scope group is about."""
    remove: tuple[str, ...] = ()
    """Server-level directives to take out."""
    here: str = ""
    """New arguments of the directive that a rule of scope occurrence is about."""
    remove_line: bool = False
    """Whether to take out the very directive that a rule of scope directive is about."""


class RuleExample(RuleModel):
    """The same lines before and after the fix, for ``tuner explain``."""

    before: str
    """Lines that the rule finds."""
    after: str
    """The same when the finding is gone."""


class VersionRange(RuleModel):
    """The versions of a program that a rule is about, both ends included."""

    since: str = Field(default="0", pattern=r"^\d+(\.\d+)*$")
    """The first version."""
    until: str = Field(default="999", pattern=r"^\d+(\.\d+)*$")
    """``2.4.37`` is that version and everything before it; ``4`` is all of 4.x."""


class Rule(RuleModel):
    """One rule."""

    id: str = Field(pattern=r"^[A-Z]{2,4}[0-9]{3}$")
    """Area and number; never used again for another rule."""
    name: str = Field(pattern=r"^[a-z][a-z0-9-]+$")
    """What is wrong, so that it reads ``allow NAME``."""
    title: str = Field(min_length=1)
    """What is wrong, as the heading of a finding."""
    severity: Severity
    """How bad it is where it applies."""
    confidence: Confidence
    """How often it is right when it fires."""
    status: Literal["preview", "stable", "deprecated"] = "stable"
    """``preview`` may still change; ``deprecated`` will go."""
    since: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    """The version of tuner that brought it."""
    scope: Scope = "server"
    """What it is asked of: the server once, or each group, application or directive."""
    about: tuple[str, ...] = ()
    """The directives that a rule of scope occurrence looks at."""
    versions: dict[Literal["httpd", "mod_wsgi"], VersionRange] = Field(default_factory=dict)
    """Where the rule applies; it is skipped where the version is not known."""
    thresholds: dict[str, str] = Field(default_factory=dict)
    """Names for literal values that users may set otherwise (``tuner.toml``)."""
    let: dict[str, str] = Field(default_factory=dict)
    """Names for expressions over facts; each may use those before it."""
    when: str = Field(min_length=1)
    """The condition, an expression over facts: where it is true there is a finding."""
    formula: str = ""
    """Which ``let`` name or expression to show as evidence; default: the condition."""
    message: str = Field(min_length=1)
    """The finding with its numbers: ``{name}`` shows a fact or a ``let`` name."""
    at: tuple[str, ...] = ()
    """Directives to point at, the first that is set wins; default: the subject."""
    fix: RuleFix | None = None
    """What makes the finding go away; left out where no edit does."""
    why: str = Field(min_length=1)
    """What happens in httpd or mod_wsgi, for ``tuner explain``."""
    references: tuple[str, ...] = Field(min_length=1)
    """Addresses of documentation or source; the first is linked in reports."""
    example: RuleExample | None = None
    """Shown by ``tuner explain``."""

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
