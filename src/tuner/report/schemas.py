"""The JSON Schemas of everything that is printed as JSON, and of rule files: one line each."""

import json
from importlib import import_module

from tuner.report.documents import schema_of
from tuner.report.formats import Document

_MODELS = {
    Document.AUDIT: "tuner.report.audit_document:AuditDocument",
    Document.OPTIMIZE: "tuner.report.optimise_document:OptimiseDocument",
    Document.PLAN: "tuner.pipeline.plan:Plan",
    Document.MEASURE: "tuner.pipeline.memory_report:MemoryReport",
    Document.PROBE: "tuner.pipeline.ladder.report:LadderReport",
    Document.SMOKE: "tuner.pipeline.smoke.compare:Comparison",
    Document.BASELINE: "tuner.pipeline.smoke.series:Series",
    Document.RULES: "tuner.report.rule_document:RulesDocument",
    Document.EXPLAIN: "tuner.report.rule_document:RuleDocument",
    Document.SHOW: "tuner.pipeline.show:ShowDocument",
    Document.TRACE: "tuner.pipeline.trace:Trace",
}


def schema_text(document: Document) -> str:
    """Return the JSON Schema of a document as text."""
    if document is Document.RULE:
        from tuner.rules.schema import json_schema

        return json.dumps(json_schema(), indent=2) + "\n"
    module, _, name = _MODELS[document].partition(":")
    model = getattr(import_module(module), name)
    return json.dumps(schema_of(model, f"tuner {document} report"), indent=2) + "\n"
