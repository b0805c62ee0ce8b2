"""audit: read, observe, evaluate the rules, put their fixes into one patch."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tuner.apache.binary import Httpd
from tuner.apache.changes import Change
from tuner.apache.read import ReadRequest, read
from tuner.apache.tree import Configuration
from tuner.errors import PatchError
from tuner.patch.build import Patch, build_patch
from tuner.pipeline.facts import build_facts
from tuner.pipeline.httpdtest import httpd_test
from tuner.pipeline.observe import Observation, ObserveRequest, observe
from tuner.pipeline.views import Views, views_of
from tuner.rules.checker import evaluate_rules
from tuner.rules.finding import Finding, Skipped
from tuner.rules.loader import CompiledRule, builtin_rules, load_rules
from tuner.rules.suppress import apply_suppressions


@dataclass(frozen=True, slots=True)
class AuditRequest:
    """What to audit, and with which rules."""

    read: ReadRequest
    observe: ObserveRequest
    rule_directories: tuple[Path, ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AuditReport:
    """Everything that an audit found."""

    configuration: Configuration
    views: Views
    observation: Observation
    findings: tuple[Finding, ...]
    skipped: tuple[Skipped, ...]
    rules: tuple[CompiledRule, ...]


def audit(request: AuditRequest) -> AuditReport:
    """Audit a configuration.

    Raises:
        TunerError: it cannot be found, read or measured.
    """
    configuration = read(request.read)
    views = views_of(configuration)
    observation = observe(configuration, views, request.observe)
    rules = chosen_rules(request.rule_directories, request.select, request.ignore)
    outcome = evaluate_rules(rules, build_facts(configuration, views, observation))
    return AuditReport(
        configuration=configuration,
        views=views,
        observation=observation,
        findings=apply_suppressions(configuration, outcome.findings),
        skipped=outcome.skipped,
        rules=rules,
    )


def chosen_rules(
    directories: Sequence[Path], select: Sequence[str], ignore: Sequence[str]
) -> tuple[CompiledRule, ...]:
    """Load the rule pack and more directories; keep what is selected and not ignored."""
    rules = load_rules([builtin_rules(), *directories])
    return tuple(
        one
        for one in rules
        if (not select or _matches(one.rule.id, select)) and not _matches(one.rule.id, ignore)
    )


def _matches(rule_id: str, wanted: Sequence[str]) -> bool:
    return any(rule_id.startswith(one.upper()) for one in wanted)


def audit_patch(
    report: AuditReport, httpd: Httpd | None, *, unsafe: bool
) -> tuple[Patch | None, tuple[str, ...]]:
    """Put the fixes of an audit into one patch; return it and what was refused.

    Safe fixes only, unless ``unsafe``. The changes of one finding go together or
    not at all.
    """
    accepted: list[Change] = []
    reasons: list[str] = []
    refused: list[str] = []
    for finding in report.findings:
        fix = finding.fix
        if fix is None or finding.suppressed or (fix.safety == "unsafe" and not unsafe):
            continue
        try:
            build_patch(report.configuration, [*accepted, *fix.changes], [])
        except PatchError as error:
            refused.append(f"{finding.id}: {error}")
            continue
        accepted += [change for change in fix.changes if change not in accepted]
        reasons.append(f"{finding.id} {fix.title}: {finding.message}")
    if not accepted:
        return None, tuple(refused)
    test = httpd_test(report.configuration, httpd) if httpd else None
    header = ["tuner audit: fixes for the findings below.", "", *reasons, ""]
    return build_patch(report.configuration, accepted, header, test), tuple(refused)
