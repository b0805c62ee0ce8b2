"""The audit as JSON: the same data as the text, complete."""

import json
from collections.abc import Sequence
from typing import Any

from tuner import __version__
from tuner.capacity.memory import MemoryCosts, memory_need
from tuner.pipeline.audit import AuditReport
from tuner.rules.finding import Finding

SCHEMA_VERSION = 1


def render_json(report: AuditReport, findings: Sequence[Finding]) -> str:
    """Return the report as one JSON document."""
    return json.dumps(document(report, findings), indent=2, ensure_ascii=True) + "\n"


def document(report: AuditReport, findings: Sequence[Finding]) -> dict[str, Any]:
    """Return the report as plain data."""
    configuration, views = report.configuration, report.views
    return {
        "schema_version": SCHEMA_VERSION,
        "tuner": __version__,
        "configuration": {
            "main": configuration.main,
            "layout": configuration.layout,
            "root": str(configuration.root) if configuration.root else None,
            "errors": [
                {"message": e.message, "file": e.file, "line": e.line, "fatal": e.fatal}
                for e in configuration.errors
            ],
            "assumptions": list(configuration.assumptions),
        },
        "effective": {
            "mpm": views.mpm.model_dump(mode="json") if views.mpm else None,
            "daemon_groups": [one.model_dump(mode="json") for one in views.groups],
            "applications": [one.model_dump(mode="json") for one in views.applications],
        },
        "memory": _memory(report),
        "findings": [one.model_dump(mode="json") for one in findings],
        "skipped": [one.model_dump(mode="json") for one in report.skipped],
    }


def _memory(report: AuditReport) -> dict[str, Any]:
    observation = report.observation
    costs, settings = observation.costs, report.views.settings
    result: dict[str, Any] = {
        "machine": observation.machine.model_dump(mode="json"),
        "budget": {
            **observation.budget.model_dump(mode="json"),
            "size_bytes": observation.budget.size_bytes,
            "formula": observation.budget.formula,
        },
        "pid": observation.pid,
        "profile": observation.profile.model_dump(mode="json") if observation.profile else None,
    }
    if isinstance(costs, MemoryCosts):
        result["costs"] = costs.model_dump(mode="json")
        if settings is not None:
            need = memory_need(settings, costs)
            result["need"] = {
                **need.model_dump(mode="json"),
                "size_bytes": need.size_bytes,
                "steady_bytes": need.steady_bytes,
                "restart_bytes": need.restart_bytes,
                "formula": need.formula,
            }
    else:
        result["costs"] = {"unknown": costs.reason}
    return result
