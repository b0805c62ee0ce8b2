"""A finding: what is wrong, where, how it is known, and what to do."""

from typing import Literal

from tuner.apache.changes import Change, RestartClass
from tuner.apache.effective.values import Location, Model

Severity = Literal["info", "low", "medium", "high"]
Confidence = Literal["low", "medium", "high"]
Safety = Literal["safe", "unsafe"]

SEVERITIES: tuple[Severity, ...] = ("info", "low", "medium", "high")
CONFIDENCES: tuple[Confidence, ...] = ("low", "medium", "high")


class Input(Model):
    """One value that a finding rests on."""

    name: str
    value: str
    shown: str
    """The value for people, with its unit."""
    unit: str
    origin: str
    source: str


class Evidence(Model):
    """The formula, as written and with values, and every input."""

    formula: str
    substituted: str
    result: str
    """What the formula gives; empty when it is a condition."""
    inputs: tuple[Input, ...]


class Fix(Model):
    """Changes that make the finding go away."""

    title: str
    safety: Safety
    changes: tuple[Change, ...]


class Finding(Model):
    """One rule that fired for one subject."""

    id: str
    name: str
    title: str
    severity: Severity
    confidence: Confidence
    message: str
    locations: tuple[Location, ...]
    """The first is where to look; there is always one."""
    subject: str
    """What it is about: ``server``, ``group app``, ``application /``."""
    evidence: Evidence
    fix: Fix | None = None
    restart: RestartClass = "graceful"
    url: str = ""
    suppressed: str | None = None
    """The reason given in an inline suppression."""
    fingerprint: str = ""
    """The same for the same finding in the next run, wherever its line has moved."""
    known: bool = False
    """Whether it is in the baseline."""

    @property
    def is_open(self) -> bool:
        """Whether it counts: neither suppressed nor known."""
        return self.suppressed is None and not self.known


class Skipped(Model):
    """A rule that could not be decided, and what it would need."""

    id: str
    title: str
    subject: str
    missing: tuple[str, ...]
