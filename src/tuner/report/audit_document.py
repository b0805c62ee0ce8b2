"""The one document behind every form of the audit report, and its JSON Schema.

Renderers get this and nothing else, so that all of them say the same, and no
secret of the configuration can reach any of them.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from tuner import __version__
from tuner.apache.changes import Change, RestartClass
from tuner.apache.effective.applications import Application
from tuner.apache.effective.daemons import DaemonGroup
from tuner.apache.effective.mpm import MpmSettings
from tuner.apache.effective.values import Location, Model
from tuner.apache.secrets import secrets_of
from tuner.apache.tree import Configuration, Directive
from tuner.capacity.budget import Budget, BudgetTerm
from tuner.capacity.memory import MemoryCosts, NeedTerm, memory_need
from tuner.errors import PatchError
from tuner.fact import Origin
from tuner.host.machine import Machine
from tuner.host.profile import MemoryProfile
from tuner.patch.edits import Edit
from tuner.patch.locate import locate
from tuner.pipeline.audit import AuditReport
from tuner.report.clean import clean
from tuner.rules.finding import Confidence, Evidence, Finding, Safety, Severity, Skipped


class Error(Model):
    """What httpd would say while reading."""

    message: str
    file: str
    path: str | None
    """On this machine, as in a place; null when it stands in no file."""
    line: int
    """0 when it is about no line."""
    fatal: bool
    """Whether httpd would refuse to start."""


class ConfigurationPart(Model):
    """What was read."""

    main: str
    layout: str
    root: str | None
    """The directory that was read as if it were ``/``."""
    errors: tuple[Error, ...]
    assumptions: tuple[str, ...]


class EffectivePart(Model):
    """What httpd and mod_wsgi make of it."""

    mpm: MpmSettings | None
    daemon_groups: tuple[DaemonGroup, ...]
    applications: tuple[Application, ...]


class BudgetPart(Model):
    """Memory that Apache may use."""

    size_bytes: int
    formula: str
    origin: Origin
    terms: tuple[BudgetTerm, ...]


class NeedPart(Model):
    """Memory at full occupancy."""

    size_bytes: int
    steady_bytes: int
    """The same without what is needed for a moment only."""
    restart_bytes: int
    """The most that a graceful restart at full occupancy needs."""
    formula: str
    terms: tuple[NeedTerm, ...]
    restart: tuple[NeedTerm, ...]


class UnknownPart(Model):
    """Something that is not known."""

    unknown: str
    """Why."""


class MemoryPart(Model):
    """Memory: what there is, what a process costs, what all together need."""

    machine: Machine
    """Where tuner ran."""
    machine_is_servers: bool
    """Whether it is that of the server: it runs there, or its configuration stands in place."""
    budget: BudgetPart | UnknownPart
    pid: int | None
    """The parent process that was measured."""
    profile: MemoryProfile | None
    costs: MemoryCosts | UnknownPart
    need: NeedPart | UnknownPart


class Place(Model):
    """Where to look."""

    file: str
    """As httpd names it."""
    path: str | None
    """On this machine, links resolved, relative to ``base`` where it lies below;
    null when the line stands in no file."""
    line_first: int
    line_last: int
    directive: str
    """The name of the directive there; empty when it marks a place only."""
    context: str
    """The sections around it; ``server`` at the top level."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line_last}"


class TextEdit(Model):
    """Text to replace in a file. Lines and columns count from 1, columns in code points."""

    path: str
    line_first: int
    column_first: int
    line_last: int
    column_last: int
    """Behind the last character; an insertion ends where it begins."""
    text: str


class FixPart(Model):
    """How to make the finding go away."""

    title: str
    safety: Safety
    changes: tuple[Change, ...]
    edits: tuple[TextEdit, ...]
    """Where the changes go; ``--patch`` verifies them before it writes them."""
    refused: str | None
    """Why they cannot be made for you; null when they can."""
    restart: RestartClass


class FindingPart(Model):
    """One finding."""

    id: str
    name: str
    title: str
    severity: Severity
    confidence: Confidence
    message: str
    locations: tuple[Place, ...]
    """The first is where to look; there is always one."""
    subject: str
    """What it is about: ``server``, ``daemon group app``, ``application /``."""
    evidence: Evidence
    fix: FixPart | None
    url: str
    fingerprint: str
    """The same in the next run, wherever the line has moved."""
    known: bool
    """Whether it is in the baseline."""
    suppressed: str | None
    """The reason given in an inline suppression."""

    @property
    def is_open(self) -> bool:
        """Whether it counts: neither suppressed nor known."""
        return self.suppressed is None and not self.known


class AuditDocument(Model):
    """The report of ``tuner audit``."""

    schema_version: Literal[1]
    tuner: str
    """The version that wrote it."""
    base: str
    """The directory that paths are relative to."""
    configuration: ConfigurationPart
    effective: EffectivePart
    memory: MemoryPart
    rules: tuple[str, ...]
    """The ids of the rules that were evaluated."""
    has_baseline: bool
    findings: tuple[FindingPart, ...]
    skipped: tuple[Skipped, ...]
    """Rules that could not be decided, and what they would need."""


def audit_document(
    report: AuditReport, findings: Sequence[Finding], base: Path | None = None
) -> AuditDocument:
    """Return the document; ``base`` is what paths are relative to, the current directory."""
    configuration, views = report.configuration, report.views
    places = _Places(configuration, (base or Path.cwd()).resolve())
    document = AuditDocument(
        schema_version=1,
        tuner=__version__,
        base=str(places.base),
        configuration=ConfigurationPart(
            main=configuration.main,
            layout=configuration.layout,
            root=str(configuration.root) if configuration.root else None,
            errors=tuple(
                Error(
                    message=one.message,
                    file=one.file,
                    path=places.path(one.file),
                    line=one.line,
                    fatal=one.fatal,
                )
                for one in configuration.errors
            ),
            assumptions=configuration.assumptions,
        ),
        effective=EffectivePart(
            mpm=views.mpm, daemon_groups=views.groups, applications=views.applications
        ),
        memory=_memory(report),
        rules=tuple(one.rule.id for one in report.rules),
        has_baseline=report.has_baseline,
        findings=tuple(_finding(one, places) for one in findings),
        skipped=report.skipped,
    )
    return clean(document, secrets_of(configuration))


def _memory(report: AuditReport) -> MemoryPart:
    observation, settings = report.observation, report.views.settings
    costs, budget = observation.costs, observation.budget
    need: NeedPart | UnknownPart
    if not isinstance(costs, MemoryCosts):
        need = UnknownPart(unknown=costs.reason)
    elif settings is None:
        need = UnknownPart(unknown="no MPM is loaded")
    else:
        sum_of = memory_need(settings, costs)
        need = NeedPart(
            size_bytes=sum_of.size_bytes,
            steady_bytes=sum_of.steady_bytes,
            restart_bytes=sum_of.restart_bytes,
            formula=sum_of.formula,
            terms=sum_of.terms,
            restart=sum_of.restart,
        )
    return MemoryPart(
        machine=observation.machine,
        machine_is_servers=observation.is_here,
        budget=BudgetPart(
            size_bytes=budget.size_bytes,
            formula=budget.formula,
            origin=budget.origin,
            terms=budget.terms,
        )
        if isinstance(budget, Budget)
        else UnknownPart(unknown=budget.reason),
        pid=observation.pid,
        profile=observation.profile,
        costs=costs if isinstance(costs, MemoryCosts) else UnknownPart(unknown=costs.reason),
        need=need,
    )


def _finding(finding: Finding, places: "_Places") -> FindingPart:
    return FindingPart(
        id=finding.id,
        name=finding.name,
        title=finding.title,
        severity=finding.severity,
        confidence=finding.confidence,
        message=finding.message,
        locations=tuple(map(places.place, finding.locations)),
        subject=finding.subject,
        evidence=finding.evidence,
        fix=_fix(finding, places),
        url=finding.url,
        fingerprint=finding.fingerprint,
        known=finding.known,
        suppressed=finding.suppressed,
    )


def _fix(finding: Finding, places: "_Places") -> FixPart | None:
    fix = finding.fix
    if fix is None:
        return None
    edits: tuple[TextEdit, ...] = ()
    refused: str | None = None
    try:
        edits = tuple(map(places.edit, locate(places.configuration, fix.changes)))
    except PatchError as error:
        refused = str(error)
    return FixPart(
        title=fix.title,
        safety=fix.safety,
        changes=fix.changes,
        edits=edits,
        refused=refused,
        restart=finding.restart,
    )


class _Places:
    """Where lines of the configuration stand on this machine."""

    def __init__(self, configuration: Configuration, base: Path) -> None:
        self.configuration, self.base = configuration, base
        self._directives: dict[tuple[str, int], Directive] = {}
        for one in configuration.directives:
            key = (one.file, one.line_first)
            if one.active or key not in self._directives:
                self._directives[key] = one
        self._real = {one.path: one.real for one in configuration.sources if one.macro is None}
        self._data = {one.real: one.data for one in configuration.sources if one.macro is None}

    def place(self, where: Location) -> Place:
        directive = self._directives.get((where.file, where.line_first))
        return Place(
            file=where.file,
            path=self.path(where.file),
            line_first=where.line_first,
            line_last=where.line_last,
            directive=directive.name.lstrip("<") if directive else "",
            context=directive.context if directive else "server",
        )

    def path(self, file: str) -> str | None:
        real = self._real.get(file)
        return self._relative(real) if real else None

    def edit(self, edit: Edit) -> TextEdit:
        data = self._data[edit.path]
        line_first, column_first = _position(data, edit.start)
        line_last, column_last = _position(data, edit.end)
        return TextEdit(
            path=self._relative(edit.path),
            line_first=line_first,
            column_first=column_first,
            line_last=line_last,
            column_last=column_last,
            text=edit.replacement.decode("utf-8", "surrogateescape"),
        )

    def _relative(self, real: Path) -> str:
        return str(real.relative_to(self.base) if real.is_relative_to(self.base) else real)


def _position(data: bytes, offset: int) -> tuple[int, int]:
    """Return line and column of a byte, both from 1; a byte that is no UTF-8 is one column."""
    start = data.rfind(b"\n", 0, offset) + 1
    column = len(data[start:offset].decode("utf-8", "surrogateescape"))
    return data.count(b"\n", 0, offset) + 1, column + 1
