"""A ladder as CSV: one line for each probe."""

import csv
import io

from tuner.pipeline.ladder.report import LadderReport

HEAD = (
    *("target", "url", "concurrency", "rate", "repeat", "requests", "good", "throughput"),
    *("p50_seconds", "p90_seconds", "p95_seconds", "p99_seconds", "p999_seconds", "max_seconds"),
    *("mean_seconds", "error_rate", "errors", "elapsed_seconds", "discarded_seconds"),
    *("client_cpu_share", "server_cores", "validity", "checks"),
)


def render_csv(report: LadderReport) -> str:
    """Return the probes in the order of targets, steps and repeats; unknown cells are empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEAD)
    for target in report.targets:
        for step in target.steps:
            for number, probe in enumerate(step.probes, 1):
                latency = probe.latency
                times = [
                    f"{getattr(latency, name):.6f}" if latency else ""
                    for name in HEAD
                    if name.startswith(("p50", "p90", "p95", "p99", "max_", "mean_"))
                ]
                cores = probe.server_cores
                writer.writerow(
                    [
                        *(_plain(target.name), _plain(target.url + target.requests[0].split()[1])),
                        *(probe.concurrency, "" if probe.rate is None else probe.rate, number),
                        *(probe.requests, probe.good, f"{probe.throughput:.3f}", *times),
                        f"{probe.error_rate:.6f}",
                        "; ".join(f"{kind}: {count}" for kind, count in probe.errors.items()),
                        f"{probe.elapsed_seconds:.3f}",
                        f"{probe.discarded_seconds:.3f}",
                        f"{probe.client.cpu_share:.3f}",
                        "" if cores is None else f"{cores:.3f}",
                        probe.validity,
                        " ".join(one.name for one in probe.checks),
                    ]
                )
    return text.getvalue()


def _plain(text: str) -> str:
    """Keep a spreadsheet from taking a name for a formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text
