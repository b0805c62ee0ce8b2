"""The result as Markdown: renders, computes nothing."""

from collections.abc import Iterator
from typing import Any

_TITLES = {
    "requests_per_second": "Throughput as a multiple of wrk's (more is better)",
    "cpu_ms_per_request": "Client CPU as a multiple of wrk's (less is better)",
    "p50_ms": "Median latency as a multiple of wrk's",
    "p99_ms": "99th percentile as a multiple of wrk's",
}


def render(document: dict[str, Any]) -> str:
    """Return the section, without its heading."""
    return "\n".join(_lines(document)) + "\n"


def _lines(document: dict[str, Any]) -> Iterator[str]:
    yield f"{document['rounds']} rounds of {document['seconds']:g} s for each engine and cell, "
    yield f"interleaved; {document['placement']}; load average "
    yield f"{document['load'][0]:.1f} before and {document['load'][1]:.1f} after (the benchmark "
    yield f"itself makes about 2). {document['server']}."
    yield "\nBrackets: 95 % interval of the median ratio (bootstrap over rounds). wrk's latencies "
    yield "are those it measured, without the values that it fills in afterwards. wrk starts its "
    yield "clock when it writes, native when the answer before is complete.\n"
    for value, title in _TITLES.items():
        yield f"### {title}\n"
        yield from _table(document, value)
    yield "### Targets for native\n"
    yield "| cell | throughput ≥ 0.9 | p50 within 5 % | p99 within 15 % | server is the limit |"
    yield "|---|---|---|---|---|"
    for cell in document["cells"]:
        verdict = cell["targets"]
        words = ("throughput", "p50", "p99", "server_is_limit")
        yield f"| {cell['label']} | {' | '.join(_yes(verdict[word]) for word in words)} |"
    yield "\n### Constant rate (native)\n"
    yield "| asked for | got | deviation |\n|---|---|---|"
    for one in document["constant_rate"]:
        yield f"| {one['rate']:g}/s | {one['got']:.1f}/s | {one['deviation']:+.2%} |"
    failed = document["failed"]
    yield f"\nRuns that failed: {len(failed)}" + (":\n" if failed else ".")
    for one in failed:
        yield f"- {one['engine']}, {one['concurrency']} clients: {one['failed']}"


def _table(document: dict[str, Any], value: str) -> Iterator[str]:
    engines = document["engines"]
    yield f"| cell | wrk | {' | '.join(name for name in engines if name != 'wrk')} |"
    yield "|---" * (len(engines) + 1) + "|"
    for cell in document["cells"]:
        base = cell["medians"].get("wrk", {}).get(value)
        row = [f"{base:.3g}" if base is not None else "-"]
        row += [_ratio(cell["ratios"][name][value]) for name in engines if name != "wrk"]
        yield f"| {cell['label']} | {' | '.join(row)} |"
    yield ""


def _ratio(found: dict[str, Any] | None) -> str:
    if found is None:
        return "-"
    if "low" not in found:
        return f"{found['estimate']:.2f}"
    return f"{found['estimate']:.2f} [{found['low']:.2f}, {found['high']:.2f}]"


def _yes(value: bool | None) -> str:
    return "-" if value is None else "yes" if value else "no"
