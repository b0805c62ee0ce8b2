"""The memory of a running server as a table that is drawn again with every sample."""

from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.live import Live
from rich.table import Table

from tuner.pipeline.memory_report import MemoryReport
from tuner.report.memory_table import HEAD, rows


def shown_live(reports: Iterable[MemoryReport], console: Console) -> Iterator[MemoryReport]:
    """Draw each report in the place of the one before, and pass it on."""
    with Live(console=console, auto_refresh=False, transient=True) as live:
        for report in reports:
            live.update(table(report), refresh=True)
            yield report


def table(report: MemoryReport) -> Table:
    """Return one sample as a table."""
    at = report.samples[-1].at_seconds
    title = f"parent process {report.pid}, sample {len(report.samples)}, {at:.0f} s"
    drawn = Table(title=title, title_justify="left")
    for number, name in enumerate(HEAD):
        drawn.add_column(name, justify="right" if number else "left")
    for row in rows(report):
        drawn.add_row(*row)
    return drawn
