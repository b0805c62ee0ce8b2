"""The memory of a running server as rows of a table: shared by the report and the live view."""

from collections import Counter

from tuner.pipeline.memory_report import MemoryReport
from tuner.units import format_size

HEAD = ("role", "processes", "warm", "USS p95", "median", "max", "RSS max", "PSS sum", "swap",
        "threads")  # fmt: skip


def rows(report: MemoryReport) -> list[tuple[str, ...]]:
    """Return one row for each role, and the whole server in the last one."""
    found: list[tuple[str, ...]] = []
    for one in report.roles:
        memory = one.memory
        serves = memory.role in ("front", "daemon")
        found.append(
            (
                label(report, memory.role, memory.group),
                str(memory.processes),
                str(memory.warm_processes) if serves else "",
                format_size(memory.uss_high_bytes),
                format_size(memory.uss_median_bytes),
                format_size(memory.uss_max_bytes),
                format_size(memory.rss_max_bytes),
                size_or_unknown(memory.pss_sum_bytes),
                format_size(memory.swap_sum_bytes),
                str(memory.threads_max),
            )
        )
    now = report.samples[-1]
    threads = str(sum(one.threads for one in report.processes))
    found.append(
        ("all", str(now.processes), "", "", "", "", f"sum {format_size(now.rss_bytes)}",
         size_or_unknown(now.pss_bytes), format_size(now.swap_bytes), f"sum {threads}")
    )  # fmt: skip
    return found


def label(report: MemoryReport, role: str, group: str | None) -> str:
    """Return a role with its group, or with what kinds of helpers are in it."""
    if role == "daemon":
        return f"daemon {group}" if group else "daemon (group unknown)"
    if role != "other":
        return role
    kinds = Counter(one.helper or "unknown" for one in report.processes if one.role == "other")
    return f"helpers ({', '.join(f'{number} {kind}' for kind, number in sorted(kinds.items()))})"


def size_or_unknown(size_bytes: int | None) -> str:
    """Return a size, or that it is not known."""
    return "unknown" if size_bytes is None else format_size(size_bytes)
