"""Results of benchmarks: ``benchmarks/results/NAME.json`` with everything, ``NAME.md`` to read."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

DIRECTORY = Path(__file__).parent / "results"


def write(name: str, document: Mapping[str, Any], markdown: str) -> Path:
    """Write a result whole or not at all; return the file to read."""
    DIRECTORY.mkdir(exist_ok=True)
    text = json.dumps({"benchmark": name, "machine": machine(), **document}, indent=2) + "\n"
    for suffix, content in ((".json", text), (".md", markdown)):
        path = DIRECTORY / (name + suffix)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        temporary.write_text(content, "utf-8")
        temporary.replace(path)
    return DIRECTORY / f"{name}.md"


def machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    return {
        "cores": os.cpu_count(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "kernel": platform.release(),
        "python": platform.python_version(),
    }


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table; columns after the first are aligned to the right."""
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"
