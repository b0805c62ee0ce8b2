"""One directive as text for people: what is in force, and why the rest is not."""

from collections.abc import Iterator

from tuner.pipeline.trace import HostValue, Place, Trace
from tuner.report.style import Style, printable

_LABEL = 18


def render_text(trace: Trace, *, colour: bool) -> str:
    """Return the trace as text."""
    style = Style(colour)
    lines = [style.paint(printable(_headline(trace)), "bold")]
    if trace.other_names:
        lines.append(_row("", f"also written {', '.join(trace.other_names)}", style))
    lines += [_row("error", f"{one.file}:{one.line}: {one.message}", style) for one in trace.errors]
    for place in trace.places:
        lines += _place(place, style)
    lines += _hosts(trace.hosts, style)
    return "\n".join(lines) + "\n"


def _headline(trace: Trace) -> str:
    read = [one for one in trace.places if one.verdict != "not read"]
    if not read:
        return f"{trace.directive}: not set; httpd's default applies" + (
            f": {trace.effective}" if trace.effective is not None else ""
        )
    if trace.effective is not None and trace.value is not None:
        configured = "" if str(trace.effective) == trace.value else f", configured as {trace.value}"
        return f"{trace.directive}: {trace.effective}{configured}"
    if trace.value is not None:
        return f"{trace.directive}: {trace.value}"
    if trace.effective is not None:
        return f"{trace.directive}: {trace.effective} (default: nothing that counts sets it)"
    return f"{trace.directive}: {len(read)} place{'s' if len(read) > 1 else ''}"


def _row(label: str, text: str, style: Style) -> str:
    return style.paint(f"  {label:<{_LABEL - 2}}", "dim") + printable(text).replace("\n", "\\n")


def _place(place: Place, style: Style) -> Iterator[str]:
    context = "" if place.context in ("server", "unknown") else f"  in {place.context}"
    text = f"{place.file}:{place.line}  {place.name} {place.args}".rstrip() + context
    yield _row(place.verdict, text, style)
    if place.because:
        yield _row("", place.because, style)


def _hosts(hosts: tuple[HostValue, ...], style: Style) -> Iterator[str]:
    """Yield the hosts with a value of their own, and how many have the server's."""
    own = [one for one in hosts[1:] if one.setting.origin in ("host", "first host")]
    for one in own:
        origin = "" if one.setting.origin == "host" else " (from the first host of the address)"
        yield _row("host", f"{one.host}: {one.setting.value}{origin}", style)
    others = len(hosts) - 1 - len(own)
    if others > 0:
        value = hosts[0].setting.value or "httpd's default"
        yield _row("host", f"{others} more with what the main server has: {value}", style)
