"""What ``tuner measure`` says, as JSON: the same data as the text, complete."""

import json

from tuner.pipeline.memory_report import MemoryReport


def render_json(report: MemoryReport) -> str:
    """Return the report as one JSON document."""
    return json.dumps(report.model_dump(mode="json"), indent=2, ensure_ascii=True) + "\n"
