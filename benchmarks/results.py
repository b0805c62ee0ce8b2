"""Where benchmarks leave what they measured.

A benchmark writes ``results/NAME.json`` (everything) and ``results/NAME.md`` (one
section for people) with ``record``; RESULTS.md is all sections, put together again
each time. Nothing is written by hand.
"""

import json
import os
import platform
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
HEADER = """# Results

Written by the benchmarks themselves; each section names the command that makes it again.
"""


@dataclass(frozen=True)
class Result:
    """What one benchmark found."""

    name: str
    """File name of the section; sections stand in the order of their names."""
    title: str
    command: str
    """The one command that measures it again."""
    body: str
    """Markdown without a heading."""
    data: dict[str, Any]
    """All that was measured, as JSON can hold it."""
    machine: dict[str, str] = field(default_factory=lambda: machine())


def record(result: Result, directory: Path = HERE) -> Path:
    """Write the result below ``directory`` and put RESULTS.md together again; return it."""
    results = directory / "results"
    results.mkdir(exist_ok=True)
    document = {**asdict(result), "measured_at": datetime.now(UTC).isoformat(timespec="seconds")}
    _write(results / f"{result.name}.json", json.dumps(document, indent=2) + "\n")
    _write(results / f"{result.name}.md", section(result))
    sections = [path.read_text("utf-8") for path in sorted(results.glob("*.md"))]
    _write(directory / "RESULTS.md", "\n".join([HEADER, *sections]))
    return directory / "RESULTS.md"


def section(result: Result) -> str:
    """Return the section of RESULTS.md."""
    on = ", ".join(f"{name} {value}" for name, value in result.machine.items())
    return f"## {result.title}\n\n`{result.command}` on: {on}.\n\n{result.body.strip()}\n"


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table; the first column is text, the others are numbers."""
    marks = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, marks, *rows))


def machine() -> dict[str, str]:
    """Return what a reader has to know about the machine."""
    model = ""
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return {
        "cores": f"{os.cpu_count()} x {model or platform.machine()}",
        "Linux": platform.release(),
        "Python": platform.python_version(),
        "load": f"{os.getloadavg()[0]:.1f} at the start",
    }


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(text, "utf-8")
    temporary.replace(path)
