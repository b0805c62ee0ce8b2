"""The configuration as text for people: the tree, then what is in force."""

from collections.abc import Iterator

from tuner.apache.effective.applications import Application
from tuner.apache.effective.hosts import Host
from tuner.apache.effective.mpm import MpmSettings
from tuner.apache.effective.values import Setting
from tuner.pipeline.show import DirectiveRecord, Effective, GroupRecord, ShowDocument
from tuner.report.style import Style, printable

_MAX_INDENT = 20
"""Levels of nesting that are shown by indentation."""

_LABEL = 10
_ORIGINS = {
    "host": "here",
    "first host": "from the first host of the address",
    "server": "from the main server",
    "default": "default",
}
_HOST_SETTINGS = ("Timeout", "KeepAlive", "KeepAliveTimeout", "MaxKeepAliveRequests")


def render_text(document: ShowDocument, *, colour: bool, verbose: bool = False) -> str:
    """Return the document as text; ``verbose`` lists defaults, too."""
    style = Style(colour)
    lines = [style.paint(_title(document.effective), "bold")]
    for error in document.errors:
        place = f"{error.file}:{error.line}" if error.line else error.file
        kind = "error" if error.fatal else "warning"
        lines.append(_row(kind, f"{place}: {error.message}", style))
    lines += [_row("assumed", text, style) for text in document.effective.assumptions]
    lines += _tree(document.directives, style)
    lines += ["", style.paint("In force", "bold")]
    lines += _effective(document.effective, style, verbose)
    if document.is_refused:
        fatal = sum(one.fatal for one in document.errors)
        lines += ["", f"httpd would refuse to start: {fatal} fatal errors, listed at the top"]
    return "\n".join(lines) + "\n"


def _title(effective: Effective) -> str:
    root = f" in {effective.root}" if effective.root else ""
    return printable(f"{effective.main}{root} ({effective.layout} layout)")


def _row(label: str, text: str, style: Style) -> str:
    return style.paint(f"  {label:<{_LABEL - 2}}", "dim") + printable(text).replace("\n", "\\n")


def _tree(directives: tuple[DirectiveRecord, ...], style: Style) -> Iterator[str]:
    """Yield every directive under a line with its file, wherever the file changes."""
    file = None
    width = max((len(str(one.line)) for one in directives), default=1)
    for one in directives:
        if one.file != file:
            file = one.file
            yield ""
            yield style.paint(printable(file), "bold")
        text = f"{one.name} {one.args}".rstrip()
        if one.name.startswith("<"):
            text = text.replace(" >", ">")
        indent = "  " * min(one.depth, _MAX_INDENT)
        shown = printable(indent + text).replace("\n", "\\n")
        place = style.paint(f"{one.line:>{width}} ", "dim")
        if one.active and one.reason is None:
            yield f"{place}  {shown}"
            continue
        mark = "~" if one.active else "-"
        note = printable(f"  # {one.reason or 'inactive'}").replace("\n", "\\n")
        yield f"{place}{mark} {style.paint(shown + note, 'dim')}"


def _effective(effective: Effective, style: Style, verbose: bool) -> Iterator[str]:
    yield from _mpm(effective.mpm, style)
    for group in effective.daemon_groups:
        yield from _group(group, style, verbose)
    yield from (_row("wsgi", _application(one), style) for one in effective.applications)
    if effective.applications:
        yield _row("", f"all applications together: {effective.wsgi_mode}", style)
    for host in effective.hosts:
        yield from _host(host, style, verbose)


def _application(one: Application) -> str:
    groups = f"process group {one.process_group}, application group {one.application_group}"
    host = f" in the virtual host at {one.virtual_host}" if one.virtual_host else ""
    loaded = ", loaded at start" if one.is_preloaded else ""
    return f"{one.mount} {one.script}: {one.mode}, {groups}{loaded} ({one.location}){host}"


def _mpm(mpm: MpmSettings | None, style: Style) -> Iterator[str]:
    if mpm is None:
        yield _row("mpm", "none is loaded: httpd does not start", style)
        return
    size = f"{mpm.workers} requests at a time"
    if mpm.is_threaded:
        size += f" = {mpm.processes} processes x {mpm.threads} threads"
    yield _row("mpm", f"{mpm.name}: {size}", style)
    for field in MpmSettings.model_fields:
        setting = getattr(mpm, field)
        if isinstance(setting, Setting):
            yield _row("", _setting(setting), style)
    for clamp in mpm.clamps:
        code = clamp.code or "without a word"
        text = f"{clamp.directive} {clamp.configured} -> {clamp.effective} ({code})"
        yield _row("", f"corrected: {text}: {clamp.because}", style)


def _setting(setting: Setting) -> str:
    if setting.configured is None:
        return f"{setting.name} {setting.effective} (default)"
    text = f"{setting.name} {setting.effective} ({setting.location})"
    if str(setting.effective) != setting.configured:
        text += f", configured as {setting.configured}"
    return text


def _group(group: GroupRecord, style: Style, verbose: bool) -> Iterator[str]:
    host = f" in the virtual host at {group.virtual_host}" if group.virtual_host else ""
    size = f"{group.processes} processes x {group.threads} threads"
    yield _row("daemon", f"{group.name}: {size} ({group.location}){host}", style)
    for error in group.errors:
        yield _row("", f"mod_wsgi refuses it: {error}", style)
    written = [one for one in group.options if one.configured is not None]
    for option in group.options if verbose else written:
        value = option.effective if option.effective is not None else "that of the server"
        meaning = f" ({option.meaning})" if option.meaning else ""
        default = "" if option.configured is not None else " [default]"
        yield _row("", f"{option.name}={value}{meaning}{default}", style)


def _host(host: Host, style: Style, verbose: bool) -> Iterator[str]:
    place = f" ({host.location})" if host.location else ""
    yield _row("host", host.label + place, style)
    if host.aliases:
        yield _row("", f"also {' '.join(host.aliases)}", style)
    if host.first_for:
        yield _row("", f"default for {' '.join(host.first_for)}", style)
    if host.shadowed_by:
        yield _row("", f"never asked: {host.shadowed_by} has the same name and address", style)
    for setting in host.settings:
        is_own = setting.origin != "default" and (
            host.location is None or setting.origin != "server"
        )
        if not (verbose or is_own or setting.name in _HOST_SETTINGS):
            continue
        origin = _ORIGINS[setting.origin] if host.location else "default"
        if host.location is None and setting.location is not None:
            origin = "set"
        where = f", {setting.location}" if setting.location else ""
        yield _row("", f"{setting.name} {setting.value} ({origin}{where})", style)
