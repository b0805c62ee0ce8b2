"""The result of an optimisation as JSON."""

from typing import Any

from tuner import __version__
from tuner.apache.secrets import secrets_of
from tuner.pipeline.optimise.result import OptimiseReport, Side
from tuner.report.clean import clean
from tuner.report.documents import as_json
from tuner.report.optimise_document import OptimiseDocument, request_part
from tuner.search.statistics import mean_with_interval

SCHEMA_VERSION = 1


def render_json(report: OptimiseReport) -> str:
    """Return the report as one JSON document."""
    checked = OptimiseDocument.model_validate(document(report))
    return as_json(clean(checked, secrets_of(report.configuration)))


def document(report: OptimiseReport) -> dict[str, Any]:
    """Return the report as plain data."""
    settings = report.winner.settings if report.winner else report.trials[0].settings
    need = report.need(settings)
    return {
        "schema_version": SCHEMA_VERSION,
        "tuner": __version__,
        "better": report.is_better,
        "verdict": report.verdict,
        "today": _side(report.today) or {"settings": report.trials[0].settings.model_dump()},
        "found": _side(report.winner),
        "confidence": report.confidence,
        "rivals": [_side(one) for one in report.rivals if one.measurements],
        "overload": [one.model_dump() for one in report.overload],
        "outlook": report.outlook.model_dump() if report.outlook else None,
        "alternatives": [one.model_dump() for one in report.alternatives],
        "pareto": list(report.pareto),
        "stopped": report.stopped,
        "throughput_ratio": report.ratio.model_dump() if report.ratio else None,
        "memory": {
            "need_bytes": need.size_bytes,
            "need_formula": need.formula,
            "budget_bytes": report.budget_bytes,
            "budget_formula": report.budget_formula,
        },
        "service_demand": {
            "busy_seconds": report.demand.busy_seconds,
            "waiting_seconds": report.demand.waiting_seconds,
        },
        "request_times": report.times.model_dump() if report.times else None,
        "concurrency": report.request.concurrency,
        "requests": [request_part(one) for one in report.target.requests],
        "machine": report.machine.model_dump(),
        "trials": [one.model_dump() for one in report.trials],
        "rejected": list(report.rejected),
        "doubts": list(report.doubts),
        "changes": [one.model_dump() for one in report.patch.changes] if report.patch else [],
        "restart": report.patch.restart if report.patch else None,
        "run_directory": str(report.run_directory),
        "elapsed_seconds": report.elapsed_seconds,
    }


def _side(side: Side | None) -> dict[str, Any] | None:
    if side is None:
        return None
    mean, half = mean_with_interval(side.throughputs)
    return {
        "settings": side.settings.model_dump(),
        "throughput": {
            "mean": mean,
            "half_width": half if len(side.throughputs) > 1 else None,
            "values": list(side.throughputs),
        },
        "memory_bytes": max(one.memory_bytes for one in side.measurements),
        "probes": [one.probe.model_dump(mode="json") for one in side.measurements],
    }
