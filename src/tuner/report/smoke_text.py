"""The outcome of a smoke test as text and as Markdown."""

from tuner.pipeline.smoke.compare import Comparison, percent
from tuner.pipeline.smoke.series import Series
from tuner.report.style import Style, printable
from tuner.search.statistics import paired_ratio

_COLOURS = {"ok": "low", "inconclusive": "medium", "regressed": "high"}


def render_check(found: Comparison, *, colour: bool) -> str:
    """Return verdict, metrics with intervals, and what the machine did."""
    style = Style(colour)
    lines = [f"{style.paint(found.verdict, _COLOURS[found.verdict])}: {printable(found.message)}"]
    lines += [f"  {one.name:<11} {one.verdict:<13} {one.message}" for one in found.metrics]
    lines += ["", *_surroundings(found)]
    return "\n".join(lines) + "\n"


def render_check_markdown(found: Comparison) -> str:
    """Return the same as Markdown."""
    rows = [f"| {one.name} | {one.verdict} | {one.message} |" for one in found.metrics]
    return "\n".join(
        [
            f"## Performance: {found.verdict}",
            "",
            "| metric | verdict | |",
            "|---|---|---|",
            *rows,
            "",
            *(f"- {line}" for line in _surroundings(found)),
            "",
        ]
    )


def _surroundings(found: Comparison) -> list[str]:
    lines = [
        f"the machine, by the control: {percent(found.machine)}",
        f"{len(found.today.usable)} pairs of probes now, {len(found.baseline.usable)} in the "
        f"baseline of {found.baseline.started_at}; {found.today.load.concurrency} clients, "
        f"{', '.join(found.today.load.requests[:5])}",
    ]
    if found.today.cores != found.baseline.cores:
        lines.append(
            f"{found.today.cores} cores now, {found.baseline.cores} in the baseline: the control "
            "uses all of them, the target may not"
        )
    if found.today.stopped:
        lines.append(f"stopped early: {found.today.stopped}")
    return [printable(line) for line in lines]


def render_record(series: Series) -> str:
    """Return what was recorded, in two lines."""
    pairs = series.usable
    ratio = paired_ratio(
        [one.control.throughput for one in pairs], [one.target.throughput for one in pairs]
    )
    return (
        f"{printable(series.url)}: {ratio.estimate:.3f} times the control's throughput (95 % "
        f"interval {ratio.low:.3f} to {ratio.high:.3f}), {series.error_rate:.2%} errors\n"
        f"{len(pairs)} of {len(series.pairs)} pairs of probes are usable; "
        f"{series.load.concurrency} clients, {printable(', '.join(series.load.requests[:5]))}\n"
    )
