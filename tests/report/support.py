"""Audits of sample trees, offline, with given memory."""

import re
from pathlib import Path
from typing import Any

from tuner import __version__
from tuner.apache.read import ReadRequest
from tuner.pipeline.audit import AuditReport, AuditRequest, audit
from tuner.pipeline.observe import ObserveRequest
from tuner.report.audit_document import AuditDocument, audit_document
from tuner.report.formats import AuditFormat, Look, render_audit
from tuner.report.select import at_least

SAMPLES = ["founding-prefork-embedded", "debian-event-daemon", "rhel-event-daemon", "container"]


def report_of(
    tree: Path,
    app_memory: tuple[str, ...] = ("40M",),
    after: tuple[str, ...] = (),
    **more: Any,
) -> AuditReport:
    return audit(
        AuditRequest(
            read=ReadRequest(path=tree, after=after),
            observe=ObserveRequest(live=False, app_memory=app_memory, budget="16G"),
            **more,
        )
    )


def document_of(report: AuditReport, base: Path | None = None) -> AuditDocument:
    return audit_document(report, at_least(report.findings, "info"), base)


def rendered(
    form: str, report: AuditReport, base: Path | None = None, look: Look | None = None
) -> str:
    rules = [one.rule for one in report.rules]
    return render_audit(AuditFormat(form), document_of(report, base), rules, look or Look())


def scrubbed(text: str, tree: Path) -> str:
    """Take out what belongs to the machine that runs the test."""
    text = text.replace(str(tree), "(tree)")
    text = text.replace(f'"{__version__}"', '"(version)"')
    text = re.sub(r"  machine [^\n]*(\n {10}[^\n]*)*", "  machine (scrubbed)", text)
    return re.sub(r'("machine": )\{[^}]*\}', r'\1"(scrubbed)"', text)


def configuration(path: Path, *lines: str) -> Path:
    """Write a main file with an MPM and mod_wsgi."""
    main = path / "httpd.conf"
    text = ["LoadModule mpm_event_module x", "LoadModule wsgi_module x", *lines, ""]
    main.write_text("\n".join(text), "utf-8", "surrogateescape")
    return main
