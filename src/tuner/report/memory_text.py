"""What ``tuner measure`` says, as text for people."""

import textwrap
from collections.abc import Sequence

from tuner.capacity.growth import Growth
from tuner.capacity.memory import MemoryNeed
from tuner.host.smaps import Kinds
from tuner.pipeline.memory_report import MemoryReport, NotKnown, Room
from tuner.report.memory_table import HEAD, label, rows, size_or_unknown
from tuner.report.style import Style, printable
from tuner.units import format_size

_WIDTH = 100
_INDENT = 10


def render_text(report: MemoryReport, *, colour: bool, verbose: bool = False) -> str:
    """Return the report."""
    style = Style(colour)
    blocks = [_head(report, style), _table(HEAD, rows(report), style), _made_of(report, style)]
    if verbose:
        blocks.append(_processes(report, style))
    blocks += [_growth(report, style), _budget(report, style)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def sample_line(report: MemoryReport) -> str:
    """Return one sample of a series in one line."""
    now = report.samples[-1]
    parts = [
        f"{label(report, one.memory.role, one.memory.group)} {one.memory.processes} x "
        f"{format_size(one.memory.uss_high_bytes)}"
        for one in report.roles
        if one.memory.role in ("front", "daemon")
    ]
    return (
        f"{now.at_seconds:8.1f} s  {now.processes} processes, PSS "
        f"{size_or_unknown(now.pss_bytes)}, RSS {format_size(now.rss_bytes)}; {', '.join(parts)}"
    )


def _row(name: str, text: str, style: Style) -> str:
    body = textwrap.wrap(
        printable(text), _WIDTH - _INDENT, break_long_words=False, break_on_hyphens=False
    ) or [""]
    lead = style.paint(f"  {name:<{_INDENT - 2}}", "dim")
    return f"\n{' ' * _INDENT}".join([lead + body[0], *body[1:]])


def _head(report: MemoryReport, style: Style) -> str:
    title = f"{report.configuration} ({report.layout} layout)"
    lines = [
        style.paint(printable(title), "bold"),
        _row(
            "server", f"parent process {report.pid}, up {_duration(report.uptime_seconds)}", style
        ),
    ]
    if report.warmed is not None:
        lines.append(_row("warmed", report.warmed.describe(), style))
    lines.append(_row("sure", f"{report.confidence} confidence", style))
    lines += [_row("", doubt, style) for doubt in report.doubts]
    return "\n".join(lines)


def _duration(seconds: float) -> str:
    for unit, size in (("days", 86400), ("hours", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _table(head: tuple[str, ...], body: Sequence[tuple[str, ...]], style: Style) -> str:
    widths = [max(len(row[column]) for row in [head, *body]) for column in range(len(head))]

    def line(row: tuple[str, ...]) -> str:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        return ("  " + "  ".join(cells)).rstrip()

    return "\n".join([style.paint(line(head), "dim"), *(printable(line(row)) for row in body)])


def _made_of(report: MemoryReport, style: Style) -> str:
    lines = []
    for one in report.roles:
        if one.memory.role not in ("front", "daemon"):
            continue
        name = label(report, one.memory.role, one.memory.group)
        lines.append(_row("made of", f"{name}, largest process: {_kinds(one.kinds)}", style))
    shared = format_size(report.shared_bytes)
    lines.append(_row("shared", f"{shared} that processes share, counted once", style))
    return "\n".join(lines)


def _kinds(kinds: Kinds | NotKnown) -> str:
    if isinstance(kinds, NotKnown):
        return f"unknown: {kinds.unknown}"
    parts = [f"{format_size(kinds.heap_bytes)} heap"]
    if kinds.arenas:
        parts.append(f"{format_size(kinds.arenas_bytes)} in {kinds.arenas} arenas of threads")
    reserved = format_size(kinds.stacks_reserved_bytes)
    parts += [
        f"{format_size(kinds.stacks_bytes)} in stacks (touched of {reserved} reserved)",
        f"{format_size(kinds.files_bytes)} programs and libraries",
        f"{format_size(kinds.other_bytes)} other anonymous memory",
    ]
    return f"{format_size(kinds.size_bytes)} = {' + '.join(parts)}"


def _processes(report: MemoryReport, style: Style) -> str:
    head = ("pid", "role", "state", "USS", "PSS", "RSS", "swap", "threads", "requests", "CPU")
    body = [
        (
            str(one.pid),
            label(report, one.role, one.group) if one.role != "other" else one.helper or "other",
            "stopping" if one.is_stopping else one.warmth if one.warmth_reason else "",
            format_size(one.uss_bytes),
            size_or_unknown(one.pss_bytes),
            format_size(one.rss_bytes),
            format_size(one.swap_bytes),
            str(one.threads),
            "" if one.requests is None else str(one.requests),
            f"{one.cpu_seconds:.2f} s",
        )
        for one in report.processes
    ]
    return _table(head, body, style)


def _growth(report: MemoryReport, style: Style) -> str:
    lines = []
    for one in report.roles:
        if one.memory.role in ("front", "daemon"):
            name = label(report, one.memory.role, one.memory.group)
            lines.append(_row("growth", f"{name}: {_grows(one.growth)}", style))
    return "\n".join(lines)


def _grows(growth: Growth | NotKnown) -> str:
    if isinstance(growth, NotKnown):
        return f"unknown: {growth.unknown}"
    interval = (
        f"95 % interval {format_size(growth.low_bytes)} to {format_size(growth.high_bytes)}, "
        f"{growth.points} points of {growth.processes} processes"
    )
    if not growth.is_growing:
        return f"none that can be told from noise ({interval} for each {growth.unit})"
    return f"{format_size(growth.bytes_each)} for each {growth.unit} ({interval})"


def _budget(report: MemoryReport, style: Style) -> str:
    lines = [_row("budget", report.budget_formula, style)]
    lines += [
        _row("", f"{term.name}: {term.source}", style)
        for term in report.budget.terms
        if term.size_bytes
    ]
    if not isinstance(report.need, MemoryNeed):
        lines.append(_row("need", f"unknown: {report.need.unknown}", style))
        return "\n".join(lines)
    lines.append(_row("need", f"at full occupancy {report.need_formula}", style))
    if isinstance(report.room, Room):
        lines += _left(report.need, report.room, style)
    return "\n".join(lines)


def _left(need: MemoryNeed, room: Room, style: Style) -> list[str]:
    if room.left_bytes < 0:
        return [_row("left", f"nothing: {format_size(-room.left_bytes)} are missing", style)]
    more = [f"{room.more_front_processes} more front processes"]
    more += [
        f"{number} more daemon processes of {name}"
        for name, number in room.more_daemon_processes.items()
    ]
    lines = [_row("left", f"{format_size(room.left_bytes)}: {', or '.join(more)} would fit", style)]
    if need.restart:
        enough = "enough" if room.left_at_restart_bytes >= 0 else "more than the budget"
        text = f"a graceful restart at full occupancy needs {format_size(need.restart_bytes)}"
        lines.append(_row("restart", f"{text}: {enough}", style))
    return lines
