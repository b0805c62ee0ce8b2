"""The result of an optimisation as text for people."""

import statistics
from collections.abc import Sequence

from tuner.pipeline.measure import Measurement
from tuner.pipeline.optimise.result import Alternative, OptimiseReport, Side
from tuner.report.style import Style, printable
from tuner.report.wording import RESTARTS, written
from tuner.search.statistics import mean_with_interval
from tuner.search.trial import Trial
from tuner.server.watcher import RequestTimes
from tuner.units import format_seconds, format_size


def render_text(report: OptimiseReport, *, colour: bool) -> str:
    """Return the report."""
    style = Style(colour)
    blocks = [
        _headline(report),
        _trials(report),
        _comparison(report),
        _overload(report),
        _memory(report),
        _why(report),
        _outlook(report),
        _alternatives(report),
        _doubts(report),
        _patch(report),
        f"{len(report.trials)} settings tried in {report.elapsed_seconds:.0f} s; every measurement "
        f"is in {report.run_directory}/trials.jsonl",
    ]
    shown = [printable(block) for block in blocks if block]
    shown[0] = style.paint(shown[0], "bold")
    return "\n\n".join(shown) + "\n"


def _headline(report: OptimiseReport) -> str:
    if report.is_better and report.winner is not None:
        return (
            f"Better settings: {report.winner.settings.describe()}\n"
            f"{report.verdict}; confidence {report.confidence}"
        )
    return f"No better settings: {report.verdict}"


def _trials(report: OptimiseReport) -> str:
    percentile = report.request.objective.percentile
    rows: list[tuple[str, ...]] = [("", "settings", "req/s", percentile, "errors", "memory", "")]
    rows += [_trial_row(one, report) for one in report.trials]
    legend = "\n  * no other is better in throughput, latency and memory at once"
    return f"Tried at {report.request.concurrency} concurrent requests:\n{table(rows)}{legend}"


def _trial_row(trial: Trial, report: OptimiseReport) -> tuple[str, ...]:
    label = "today" if trial.number == 0 else str(trial.number)
    if trial.failed:
        return (label, trial.settings.describe(), "-", "-", "-", "-", trial.failed)
    feasible = trial.is_feasible(report.request.objective)
    return (
        label,
        trial.settings.describe(),
        f"{trial.throughput:.1f}",
        format_seconds(trial.latency_seconds) if trial.latency_seconds else "-",
        f"{trial.error_rate:.1%}",
        format_size(trial.memory_bytes),
        ("* " if trial.number in report.pareto else "  ")
        + ("" if feasible else "misses the objective"),
    )


def _comparison(report: OptimiseReport) -> str:
    if report.winner is None:
        return ""
    rows: list[tuple[str, ...]] = [
        ("", "req/s (mean, 95 % interval)", "p50", "p99", "errors", "memory")
    ]
    for name, side in sides(report):
        rows.append((name, *side_row(side)))
    probes = f"{len(report.winner.measurements)} interleaved probes"
    return f"Measured again, in turn ({probes}):\n" + table(rows)


def sides(report: OptimiseReport) -> list[tuple[str, Side]]:
    """Return who ran in the final race, with a name each."""
    found = [("today", report.today), ("found", report.winner)]
    found += [(one.settings.describe(), one) for one in report.rivals]
    return [(name, side) for name, side in found if side is not None and side.measurements]


def side_row(side: Side) -> tuple[str, ...]:
    """Return throughput with interval, p50, p99, errors and memory of one side."""
    mean, half = mean_with_interval(side.throughputs)
    return (
        f"{mean:.1f} +- {half:.1f}",
        _median_latency(side.measurements, "p50_seconds"),
        _median_latency(side.measurements, "p99_seconds"),
        f"{statistics.fmean(one.probe.error_rate for one in side.measurements):.1%}",
        format_size(max(one.memory_bytes for one in side.measurements)),
    )


def _median_latency(measurements: Sequence[Measurement], field: str) -> str:
    values = [
        getattr(one.probe.latency, field) for one in measurements if one.probe.latency is not None
    ]
    return format_seconds(statistics.median(values)) if values else "-"


def _overload(report: OptimiseReport) -> str:
    rows = overload_rows(report)
    return f"The same settings above their load:\n{table(rows)}" if rows else ""


def overload_rows(report: OptimiseReport) -> list[tuple[str, ...]]:
    """Return a heading and a row for each probe above the load; nothing without one."""
    if not report.overload:
        return []
    percentile = report.request.objective.percentile
    rows: list[tuple[str, ...]] = [("load", "req/s", percentile, "errors", "memory", "")]
    rows += [
        (
            f"{one.factor:g} x = {one.concurrency}",
            f"{one.throughput:.1f}",
            format_seconds(one.latency_seconds) if one.latency_seconds else "-",
            f"{one.error_rate:.1%}",
            format_size(one.memory_bytes),
            one.problem,
        )
        for one in report.overload
    ]
    return rows


def _memory(report: OptimiseReport) -> str:
    settings = report.winner.settings if report.winner else report.trials[0].settings
    need = report.need(settings)
    lines = [
        f"Memory at full occupancy: {need.formula}",
        f"Budget: {report.budget_formula}",
    ]
    if report.winner is not None:
        measured = max(one.memory_bytes for one in report.winner.measurements)
        lines.append(
            f"Measured during the probes: {format_size(measured)} "
            "(idle front processes are not all started)"
        )
    return "\n".join(lines)


def _why(report: OptimiseReport) -> str:
    demand = report.demand
    total = demand.busy_seconds + demand.waiting_seconds
    kind = (
        "it mostly waits, so threads help until the cores or the clients are used up"
        if demand.busy_share < 0.2
        else "it mostly computes, so more threads than cores only add waiting"
        if demand.busy_share > 0.8
        else "it computes and waits"
    )
    text = (
        f"One request takes {format_seconds(total)}, {demand.busy_share:.0%} of it on a CPU: "
        f"{kind}. "
        f"{report.machine.cores} cores can serve at most "
        f"{report.machine.cores / max(demand.busy_seconds, 1e-6):.0f} such requests a second."
    )
    if report.times is not None:
        text += f"\n{_times(report.times)}"
    if report.rejected:
        text += "\nRejected: " + "; ".join(report.rejected)
    return text


def _times(times: RequestTimes) -> str:
    parts = [f"{format_seconds(times.application_seconds)} in the application"]
    if times.lock_seconds is not None:
        parts.append(
            f"{format_seconds(times.lock_seconds)} of them waiting for the interpreter lock"
        )
    if times.queue_seconds:
        parts.insert(0, f"{format_seconds(times.queue_seconds)} until a daemon thread takes it")
    return (
        f"With today's settings at this load mod_wsgi counts for each request: {', '.join(parts)} "
        f"(means of {times.requests})."
    )


_LIMITS = {
    "workers": "the number of requests in service: more processes or threads would give more",
    "clients": "the clients: all of them are in service at the same time",
    "cores": "the cores: more processes or threads only add waiting",
    "interpreter lock": "the interpreter lock: more processes would give more, threads would not",
    "back end": "something behind the server that all requests share",
}


def _outlook(report: OptimiseReport) -> str:
    outlook = report.outlook
    if outlook is None:
        return ""
    return (
        f"By the model, throughput is held by {_LIMITS[outlook.limit]} "
        f"(predicted {outlook.predicted_throughput:.0f} req/s).\n"
        f"What would change the answer: one more core, {_change(outlook.one_more_core)}; "
        f"twice the memory, {_change(outlook.twice_the_memory)}.\n"
        f"The search ended because {report.stopped}."
    )


def _change(factor: float) -> str:
    return f"{factor - 1:+.0%} throughput" if abs(factor - 1) >= 0.01 else "nothing"


def _alternatives(report: OptimiseReport) -> str:
    rows = alternative_rows(report)
    if not rows:
        return ""
    return (
        "Other ways to serve these requests, measured in turn with the result (not in the "
        f"patch):\n{table(rows)}\n"
        "  served alike: Jain's index over the clients, 100 % when all got the same"
    )


def alternative_rows(report: OptimiseReport) -> list[tuple[str, ...]]:
    """Return a heading and a row for each other way to serve; nothing where none was tried."""
    if not report.alternatives:
        return []
    head = ("req/s", "against it", report.request.objective.percentile, "served alike")
    return [
        ("", *head, "at full occupancy", ""),
        *(_alternative_row(one) for one in report.alternatives),
    ]


def _alternative_row(one: Alternative) -> tuple[str, ...]:
    ratio = one.ratio
    if ratio is None:
        return (one.name, "-", "-", "-", "-", "-", one.failed)
    return (
        one.name,
        f"{one.throughput:.1f}",
        f"{ratio.estimate:.2f} times ({ratio.low:.2f} to {ratio.high:.2f})",
        format_seconds(one.latency_seconds) if one.latency_seconds else "-",
        f"{one.fairness:.0%}" if one.fairness is not None else "-",
        format_size(one.need_bytes),
        "; ".join(one.directives),
    )


def _doubts(report: OptimiseReport) -> str:
    return "\n".join(doubt_lines(report))


def doubt_lines(report: OptimiseReport) -> list[str]:
    """Say what is not sure, and what may have been measured instead of the server.

    One example of each kind.
    """
    found: dict[str, str] = {}
    probes = [one.doubts for one in report.trials]
    if report.winner is not None:
        probes += [
            {check.name: check.message for check in one.probe.checks if check.effect != "note"}
            for one in report.winner.measurements
        ]
    for doubts in probes:
        found |= doubts
    lines = [f"Beware ({name}): {message}" for name, message in found.items()]
    known = [f"Beware: {doubt}." for doubt in report.doubts]
    return [*known, *_starvation(report), *lines]


def _starvation(report: OptimiseReport) -> list[str]:
    """Say that not every client had a worker, which throughput does not show."""
    if report.winner is None or report.target.groups:
        return []
    workers, clients = report.winner.settings.front.max_request_workers, report.request.concurrency
    if workers >= clients:
        return []
    return [
        f"Beware: memory holds {workers} workers for {clients} clients. While a client keeps its "
        "connection the others wait; more memory, or a daemon process group behind event, serves "
        "all of them."
    ]


def _patch(report: OptimiseReport) -> str:
    patch = report.patch
    if patch is None:
        return ""
    changes = ", ".join(written(change) for change in patch.changes)
    return f"Patch: {changes}\nhttpd -t: {patch.configtest}. Needs {RESTARTS[patch.restart]}."


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """Align columns; the first row is the heading."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join(f"  {line}" for line in lines)
