"""audit: read, observe, evaluate the rules, put their fixes into one patch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tuner.apache.binary import Httpd
from tuner.apache.changes import Change
from tuner.apache.read import ReadRequest, read
from tuner.apache.tree import Configuration
from tuner.errors import PatchError, UsageError, did_you_mean
from tuner.pipeline.facts.build import build_facts
from tuner.pipeline.observe import Observation, ObserveRequest, observe
from tuner.pipeline.views import Views, views_of
from tuner.rules.baseline import mark_known, read_baseline, with_fingerprints
from tuner.rules.checker import evaluate_rules
from tuner.rules.finding import Finding, Skipped
from tuner.rules.loader import CompiledRule, builtin_rules, load_rules
from tuner.rules.suppress import apply_suppressions

if TYPE_CHECKING:
    from tuner.patch.build import Patch


@dataclass(frozen=True, slots=True)
class AuditRequest:
    """What to audit, and with which rules."""

    read: ReadRequest
    observe: ObserveRequest
    rule_directories: tuple[Path, ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    thresholds: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Values that replace those of rules, by rule id and name."""
    baseline: Path | None = None
    """An earlier report: what it holds is marked as known."""


@dataclass(frozen=True, slots=True)
class AuditReport:
    """Everything that an audit found."""

    configuration: Configuration
    views: Views
    observation: Observation
    findings: tuple[Finding, ...]
    skipped: tuple[Skipped, ...]
    rules: tuple[CompiledRule, ...]
    has_baseline: bool = False


def audit(request: AuditRequest) -> AuditReport:
    """Audit a configuration.

    Raises:
        TunerError: it cannot be found, read or measured.
    """
    baseline = read_baseline(request.baseline) if request.baseline else None
    configuration = read(request.read)
    views = views_of(configuration)
    observation = observe(configuration, views, request.observe)
    rules = chosen_rules(
        request.rule_directories, request.select, request.ignore, request.thresholds
    )
    facts = build_facts(
        configuration, views, observation, is_httpd_known=request.read.httpd is not None
    )
    outcome = evaluate_rules(rules, facts)
    findings = apply_suppressions(configuration, outcome.findings)
    findings = with_fingerprints(configuration, findings)
    return AuditReport(
        configuration=configuration,
        views=views,
        observation=observation,
        findings=mark_known(findings, baseline or frozenset()),
        skipped=outcome.skipped,
        rules=rules,
        has_baseline=baseline is not None,
    )


def chosen_rules(
    directories: Sequence[Path],
    select: Sequence[str],
    ignore: Sequence[str],
    thresholds: Mapping[str, Mapping[str, str]] | None = None,
) -> tuple[CompiledRule, ...]:
    """Load the rule pack and more directories; keep what is selected and not ignored.

    Raises:
        UsageError: a selected or ignored id is that of no rule.
    """
    rules = load_rules([builtin_rules(), *directories], thresholds)
    for option, wanted in (("--select", select), ("--ignore", ignore)):
        for one in wanted:
            if not any(_matches(rule.rule.id, [one]) for rule in rules):
                ids = [rule.rule.id for rule in rules]
                hint = did_you_mean(one.upper(), ids, "tuner rules lists them")
                raise UsageError(f"{option} {one}: no rule begins like this", hint=hint)
    return tuple(
        one
        for one in rules
        if (not select or _matches(one.rule.id, select)) and not _matches(one.rule.id, ignore)
    )


def _matches(rule_id: str, wanted: Sequence[str]) -> bool:
    return any(rule_id.startswith(one.upper()) for one in wanted)


def audit_patch(
    report: AuditReport, httpd: Httpd | None, *, unsafe: bool
) -> "tuple[Patch | None, tuple[str, ...]]":
    """Put the fixes of an audit into one patch; return it and what was refused.

    Safe fixes only, unless ``unsafe``. The changes of one finding go together or
    not at all.
    """
    # An audit without a patch does not load what makes patches.
    from tuner.patch.build import build_patch
    from tuner.pipeline.httpdtest import httpd_test

    open_findings = [
        one
        for one in report.findings
        if one.fix and not one.suppressed and (unsafe or one.fix.safety == "safe")
    ]
    # It starts a server, and loads what that takes; an audit without a patch is quicker.

    accepted, refused = _agreeing_changes(report.configuration, open_findings)
    if not accepted:
        return None, tuple(f"{key}: {reason}" for key, reason in refused.items())
    made = [one for one in open_findings if one.fix and set(one.fix.changes) <= set(accepted)]
    reasons = [f"{one.id} {one.fix.title}: {one.message}" for one in made if one.fix]
    test = httpd_test(report.configuration, httpd) if httpd else None
    header = ["tuner audit: fixes for the findings below.", "", *reasons, ""]
    patch = build_patch(report.configuration, accepted, header, test)
    return patch, tuple(f"{key}: {reason}" for key, reason in refused.items())


def _agreeing_changes(
    configuration: Configuration, findings: Sequence[Finding]
) -> tuple[list[Change], dict[str, str]]:
    """Return the changes that can be made together, and why others cannot.

    A fix that is refused alone may be fine beside another, so the rest is tried
    again as long as something new was accepted.
    """
    from tuner.patch.build import build_patch

    accepted: list[Change] = []
    waiting = list(findings)
    refused: dict[str, str] = {}
    while waiting:
        refused = {}
        left: list[Finding] = []
        for finding in waiting:
            changes = finding.fix.changes if finding.fix else ()
            new = [change for change in changes if change not in accepted]
            try:
                if new:
                    build_patch(configuration, [*accepted, *new], [])
            except PatchError as error:
                refused[finding.id] = str(error)
                left.append(finding)
            else:
                accepted += new
        if len(left) == len(waiting):
            break
        waiting = left
    return accepted, refused
