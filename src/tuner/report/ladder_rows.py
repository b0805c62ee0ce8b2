"""The tables of a ladder as rows of cells, the same for every format that shows tables."""

from collections.abc import Sequence

from tuner.pipeline.ladder.report import LadderReport, StepReport, TargetReport
from tuner.probe.scaling import ScalabilityLaw
from tuner.units import format_seconds

LEAST_FIT = 0.5
"""A law that explains less of the variation says nothing."""

Row = tuple[str, ...]

DETAIL_HEAD: Row = (
    *("", "requests/s", "p50", "p90", "p95", "p99", "p99.9", "max", "errors", "validity"),
)
_PERCENTILES = ("p50", "p90", "p95", "p99", "p999", "max")


def step_head(report: LadderReport) -> str:
    """Return what the first column of every table counts."""
    return "clients" if report.mode == "closed" else "rate"


def classic(report: LadderReport) -> list[Row]:
    """Return the classic table: requests a second and ms per request, a column each target."""
    rows: list[Row] = [(step_head(report), *(one.name for one in report.targets))]
    labels = dict.fromkeys(step.label for one in report.targets for step in one.steps)
    for label in labels:
        cells = [_classic_cell(_step(target, label)) for target in report.targets]
        rows.append((label, *cells))
    return rows


def _step(target: TargetReport, label: str) -> StepReport | None:
    return next((one for one in target.steps if one.label == label), None)


def _classic_cell(step: StepReport | None) -> str:
    if step is None:
        return "-"
    mark = {"valid": "", "doubtful": " ?", "invalid": " !"}[step.validity]
    each = step.milliseconds_per_request
    return f"{throughput(step)}  {f'{each:.2f} ms' if each else '-'}{mark}"


def throughput(step: StepReport) -> str:
    """Return requests a second with the half-width of the interval, where there is one."""
    digits = 1 if step.throughput < 1000 else 0
    text = f"{step.throughput:.{digits}f}"
    if step.throughput_half_width is not None:
        text += f" +- {step.throughput_half_width:.{digits}f}"
    return text


def details(target: TargetReport, head: str) -> list[Row]:
    """Return percentiles, errors and validity of every step."""
    return [(head, *DETAIL_HEAD[1:]), *(_detail(one) for one in target.steps)]


def _detail(step: StepReport) -> Row:
    latency = step.latency_seconds
    return (
        step.label,
        throughput(step),
        *(format_seconds(latency[name]) if latency else "-" for name in _PERCENTILES),
        f"{step.error_rate:.2%}" if step.error_rate else "0",
        step.validity,
    )


def findings(target: TargetReport) -> list[str]:
    """Return what the ladder of one target says, a sentence each."""
    lines: list[str] = []
    if target.stopped:
        lines.append(f"Stopped: {target.stopped}; higher loads were not tried.")
    found = target.scaling
    if found is None:
        return lines
    if any(one.validity == "invalid" for one in target.steps):
        lines.append("What follows rests on invalid probes too: do not rely on it.")
    knee = f"at {found.knee}: " if found.knee else "none: "
    lines.append(f"Knee {knee}{found.knee_reason}.")
    cliff = f"at {found.cliff}: " if found.cliff else "none: "
    lines.append(f"Error cliff {cliff}{found.cliff_reason}.")
    if found.law is not None:
        lines.append(_law(found.law))
    return [*lines, *(f"Beware: {one}." for one in found.flat)]


def _law(law: ScalabilityLaw) -> str:
    if law.fit < LEAST_FIT:
        return "Scalability law: it does not describe this ladder."
    peak = f", peak near {law.peak_concurrency:.0f} clients" if law.peak_concurrency else ""
    limit = f", limit {law.limit:.0f} requests/s" if law.limit else ""
    return (
        f"Scalability law: one client alone {law.rate:.0f} requests/s, contention "
        f"{_share(law.contention, law.contention_error)}, coherency "
        f"{_share(law.coherency, law.coherency_error)}{peak}{limit}; it explains {law.fit:.0%} of "
        "the variation."
    )


def _share(value: float, error: float) -> str:
    return f"{value:.2g} (standard error {error:.1g})"


def traffic_lines(report: LadderReport) -> list[str]:
    """Return what the access log says, and what the ladder means against it."""
    log = report.traffic
    if log is None:
        return []
    kept = sum(one.count for one in log.shares)
    lines = [
        f"{log.file}: {log.lines} lines{f', {log.cut}' if log.cut else ''}; the mix is "
        f"{len(log.shares)} paths with {kept} requests",
    ]
    if log.remainder_requests:
        lines.append(
            f"left out as rare: {log.remainder_requests} requests of {log.remainder_paths} paths"
        )
    if log.excluded or log.unreadable:
        reasons = [f"{reason} {count}" for reason, count in log.excluded.items()]
        reasons += [f"another format {log.unreadable}"] if log.unreadable else []
        lines.append(f"not sent again: {', '.join(reasons)}")
    if log.mean_rate:
        lines.append(
            f"observed: {log.mean_rate:.2f} requests/s on average, "
            f"{log.busiest_minute_rate:.1f} in the busiest minute, {log.peak_rate} in the busiest "
            f"second; {_concurrency(report)}"
        )
        lines += [_headroom(one, log.peak_rate) for one in report.targets if one.steps]
    return lines


def _concurrency(report: LadderReport) -> str:
    log = report.traffic
    if log is None or log.peak_concurrency is None:
        return "no durations in the log (%D), so the concurrency is not known"
    return f"{log.peak_concurrency:.1f} requests in flight at the peak ({log.duration_source})"


def _headroom(target: TargetReport, peak: int) -> str:
    usable = [one for one in target.steps if one.validity != "invalid" and one.error_rate < 0.01]
    if not usable:
        return f"{target.name}: no step without errors to compare with the log"
    best = max(usable, key=lambda one: one.throughput)
    times = best.throughput / max(1, peak)
    return (
        f"{target.name}: {best.throughput:.0f} requests/s at {best.label} are {times:.1f} times "
        "the busiest second of the log"
    )


def check_lines(target: TargetReport) -> list[str]:
    """Return what the validity checks found."""
    return [
        f"{one.effect} ({one.name}): {one.message}"
        + (f"; {one.advice}" if one.advice and one.effect != "note" else "")
        for one in target.checks
    ]


def machine_line(report: LadderReport) -> str:
    """Return how it was measured, in one line."""
    seconds = f"{report.repeat} x {report.duration_seconds:g} s a step"
    kept = "" if report.keep_alive else ", no keep-alive"
    where = f", beside the server on {report.cores} cores" if report.is_local else ""
    chosen = next(
        (
            f" ({probe.engine}: {probe.engine_reason})"
            for one in report.targets
            for step in one.steps
            for probe in step.probes
            if probe.engine_reason
        ),
        "",
    )
    return f"{report.engine} engine{chosen}, {report.mode} loop{kept}, {seconds}{where}"


def ended_line(report: LadderReport) -> str:
    """Return why the ladder is incomplete; empty when it is complete."""
    if report.interrupted:
        return "Interrupted: what was measured until then is shown."
    return f"Stopped by a guard: {report.stopped}." if report.stopped else ""


def aligned(rows: Sequence[Row]) -> str:
    """Align columns, all but the last to the right; the first row is the heading."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join(f"  {line}" for line in lines)
