"""The audit as Markdown for a pull request: one table, and the details folded."""

from collections.abc import Sequence

from tuner.report.audit_document import AuditDocument, FindingPart
from tuner.report.formats import Look
from tuner.report.markdown import code, in_html, plain, table
from tuner.report.style import count_of
from tuner.report.wording import (
    budget_line,
    counts,
    formula,
    how,
    mpm_line,
    need_line,
    undecided,
    written,
)
from tuner.rules.schema import Rule


def render(document: AuditDocument, rules: Sequence[Rule], look: Look) -> str:
    """Return the report; suppressed findings are counted, known ones come last."""
    shown = [one for one in document.findings if one.suppressed is None]
    ordered = [one for one in shown if one.is_open] + [one for one in shown if one.known]
    blocks = [
        f"### tuner audit: {counts(document.findings)}",
        _summary(document),
        *(_error(one.message, f"{one.file}:{one.line}") for one in document.configuration.errors),
    ]
    if ordered:
        blocks.append(_overview(ordered))
        blocks += [_details(one) for one in ordered]
    blocks += _ending(document)
    return "\n\n".join(blocks) + "\n"


def _summary(document: AuditDocument) -> str:
    rows = [("configuration", code(document.configuration.main))]
    effective = document.effective
    if effective.mpm is not None:
        rows.append(("MPM", plain(mpm_line(effective.mpm))))
    rows += [
        (
            "daemon group",
            f"{code(one.name)} {count_of(one.processes, 'process', 'processes')} x "
            + count_of(one.threads, "thread"),
        )
        for one in effective.daemon_groups
    ]
    rows.append(("memory needed", plain(need_line(document))))
    rows.append(("memory budget", plain(budget_line(document))))
    return table(("", ""), rows)


def _error(message: str, where: str) -> str:
    return f"> **httpd:** {plain(message)} ({code(where)})"


def _overview(findings: Sequence[FindingPart]) -> str:
    rows = [
        (
            f"**{one.severity}**" if one.is_open else "known",
            f"[{one.id}]({one.url})",
            plain(one.title),
            code(_where(one)),
            ", ".join(code(written(change)) for change in one.fix.changes) if one.fix else "",
        )
        for one in findings
    ]
    return table(("severity", "rule", "finding", "where", "fix"), rows)


def _where(finding: FindingPart) -> str:
    """Return the place in the repository, else as httpd names it."""
    place = finding.locations[0]
    path = place.path if place.path and not place.path.startswith("/") else place.file
    return f"{path}:{place.line_last}"


def _details(finding: FindingPart) -> str:
    lines = [
        "<details>",
        f"<summary>{in_html(f'{finding.id} {finding.title}, {_where(finding)}')}</summary>",
        "",
        plain(finding.message),
    ]
    if finding.confidence != "high":
        lines += ["", f"Confidence: {finding.confidence}."]
    evidence = finding.evidence
    if evidence.result:
        lines += ["", code(formula(evidence))]
    if evidence.inputs:
        rows = [(code(one.name), plain(one.shown), plain(one.source)) for one in evidence.inputs]
        lines += ["", table(("input", "value", "from"), rows, right=(1,))]
    fix = finding.fix
    if fix is not None:
        changes = ", ".join(code(written(change)) for change in fix.changes)
        places = ", ".join(dict.fromkeys(code(f"{one.path}:{one.line_first}") for one in fix.edits))
        lines += [
            "",
            f"**Fix:** {plain(fix.title)}: {changes}" + (f" in {places}" if places else ""),
        ]
        lines += ["", plain(how(fix)[:1].upper() + how(fix)[1:]) + "."]
    return "\n".join([*lines, "", "</details>"])


def _ending(document: AuditDocument) -> list[str]:
    blocks: list[str] = []
    suppressed = [one for one in document.findings if one.suppressed is not None]
    if suppressed:
        rows = [
            f"- {one.id} at {code(_where(one))}: {plain(one.suppressed or '')}"
            for one in suppressed
        ]
        blocks.append("Ignored by a comment:\n\n" + "\n".join(rows))
    if document.skipped:
        rows = [f"- {plain(why)}: {', '.join(ids)}" for why, ids in undecided(document.skipped)]
        blocks.append("Could not be decided:\n\n" + "\n".join(rows))
    return blocks
