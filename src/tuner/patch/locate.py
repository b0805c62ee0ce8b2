"""From a wanted change to the bytes that have to change, or the reason why not."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tuner.apache.changes import (
    Change,
    RemoveDirective,
    RemoveLine,
    SetArguments,
    SetDirective,
    SetOption,
)
from tuner.apache.directives import known_directives, names_by_source
from tuner.apache.effective.values import names_of, occurrences
from tuner.apache.syntax.words import decode, encode, quote_word
from tuner.apache.tree import Configuration, Directive, Source
from tuner.errors import PatchError
from tuner.patch.edits import Edit
from tuner.patch.spans import RawLine

_BEFORE = {"serverlimit": "MaxRequestWorkers", "threadlimit": "ThreadsPerChild"}
"""Limits are written before what they limit, for readers and for httpd 2.2."""

_ELSEWHERE = ("listen",)
"""Every MPM defines it, but it stands in ports.conf or inside <IfModule ssl_module>."""


def locate(configuration: Configuration, changes: Iterable[Change]) -> tuple[Edit, ...]:
    """Return the edits that make ``changes``.

    Raises:
        PatchError: a value comes from somewhere that cannot be edited safely.
    """
    edits: list[Edit] = []
    for change in _merged(changes):
        match change:
            case SetDirective():
                edits += _set_directive(configuration, change)
            case SetOption():
                edits += _set_option(configuration, change)
            case RemoveDirective():
                edits += _remove(configuration, change)
            case SetArguments():
                edits.append(_set_arguments(configuration, change))
            case RemoveLine():
                edits.append(_remove_line(configuration, change))
    return tuple(edits)


def _merged(changes: Iterable[Change]) -> list[Change]:
    """Drop repetitions; two values for one directive are a mistake of the caller."""
    found: dict[tuple[str, ...], Change] = {}
    for change in changes:
        key: tuple[str, ...]
        match change:
            case SetOption():
                key = ("option", change.group, change.option)
            case SetArguments():
                key = ("arguments", change.name, "at", f"{change.file}:{change.line}")
            case RemoveLine():
                key = ("line", change.file, str(change.line))
            case _:
                key = ("directive", names_of(change.name)[0].lower())
        if found.setdefault(key, change) != change:
            raise PatchError(f"two values are wanted for {' '.join(key[1:])}")
    return list(found.values())


def _set_directive(configuration: Configuration, change: SetDirective) -> list[Edit]:
    found = occurrences(configuration, change.name)
    if not found:
        return [_insert(configuration, change)]
    directive = found[-1]
    raw = _editable(configuration, directive)
    words = raw.words()
    if len(words) < 2:
        raise PatchError(f"{directive.location}: {directive.name} has no value to replace")
    start, end = words[1]
    if b"${" in raw.text[start:end]:
        return [_set_variable(configuration, directive, raw.text[start:end], change.value)]
    return [_replace(directive, raw, start, end, quote_word(change.value))]


def _set_option(configuration: Configuration, change: SetOption) -> list[Edit]:
    for directive in configuration.named("WSGIDaemonProcess"):
        if directive.words and directive.words[0] == change.group:
            break
    else:
        raise PatchError(f"there is no daemon process group {change.group}")
    raw = _editable(configuration, directive)
    span = raw.options().get(change.option)
    if span is None:
        last = raw.end_of_words()
        _, end = raw.in_file(last - 1, last)
        text = encode(f" {change.option}={quote_word(change.value)}")
        return [Edit(_real(directive.source), end, end, text)]
    start, end = span
    if b"${" in raw.text[start:end]:
        return [_set_variable(configuration, directive, raw.text[start:end], change.value)]
    return [_replace(directive, raw, start, end, quote_word(change.value))]


def _remove(configuration: Configuration, change: RemoveDirective) -> list[Edit]:
    edits: list[Edit] = []
    for directive in occurrences(configuration, change.name):
        _editable(configuration, directive)
        edits.append(Edit(_real(directive.source), directive.start, directive.end, b""))
    return edits


def _set_arguments(configuration: Configuration, change: SetArguments) -> Edit:
    for directive in configuration.named(change.name):
        if (directive.file, directive.line) != (change.file, change.line):
            continue
        raw = _editable(configuration, directive)
        words = raw.words()
        if len(words) < 2:
            raise PatchError(f"{directive.location}: {directive.name} has no value to replace")
        start, end = words[1][0], words[-1][1]
        if b"${" in raw.text[start:end]:
            raise PatchError(
                f"{directive.name} at {directive.location} is composed of variables",
                hint="change it by hand",
            )
        return _replace(directive, raw, start, end, change.arguments)
    raise PatchError(f"there is no {change.name} at {change.file}:{change.line}")


def _remove_line(configuration: Configuration, change: RemoveLine) -> Edit:
    for directive in configuration.named(change.name):
        if (directive.file, directive.line) == (change.file, change.line):
            _editable(configuration, directive)
            return Edit(_real(directive.source), directive.start, directive.end, b"")
    raise PatchError(f"there is no {change.name} at {change.file}:{change.line}")


def _replace(directive: Directive, raw: RawLine, start: int, end: int, value: str) -> Edit:
    first, last = raw.in_file(start, end)
    return Edit(_real(directive.source), first, last, encode(value))


def _editable(configuration: Configuration, directive: Directive) -> RawLine:
    """Return the line's bytes, or say why they must not be edited."""
    source = directive.source
    if source.macro is not None:
        macro = source.macro
        raise PatchError(
            f"{directive.name} comes from macro {macro.name}",
            hint=f"change {macro.defined_in.path}:{macro.defined_line} by hand",
        )
    if source.real is None:
        raise PatchError(
            f"{directive.name} is given on httpd's command line",
            hint="change the service's options",
        )
    times = Counter(one.real for one in configuration.sources)[source.real]
    if times > 1:
        raise PatchError(
            f"{source.path} is included {times} times",
            hint=f"{directive.name} at line {directive.line} would change in every place",
        )
    return RawLine(directive)


def _real(source: Source) -> Path:
    if source.real is None:
        raise PatchError(f"{source.path} is not a file")
    return source.real


def _set_variable(
    configuration: Configuration, directive: Directive, written: bytes, value: str
) -> Edit:
    """Change the Define behind a value that is exactly ``${NAME}`` and used only there."""
    text = decode(written).strip("\"'")
    name = text[2:-1]
    if text != f"${{{name}}}" or "${" in name:
        raise PatchError(f"{directive.location}: {directive.name} is composed of variables: {text}")
    if name.lower() not in configuration.variables:
        raise PatchError(
            f"{directive.name} at {directive.location} comes from the environment variable {name}",
            hint="change it where httpd's environment is set (envvars, the service unit)",
        )
    users = [
        one
        for one in configuration.directives
        if one.active and name.lower() in map(str.lower, one.variables)
    ]
    if len(users) > 1:
        others = ", ".join(one.location for one in users if one is not directive)
        raise PatchError(f"{directive.name} comes from ${{{name}}}, which {others} also uses")
    defines = [
        one
        for one in configuration.directives
        if one.key == "define" and one.active and len(one.words) == 2
        if one.words[0].lower() == name.lower() and one.words[1]
    ]
    if not defines:
        raise PatchError(f"the Define of {name} was not found")
    define = defines[-1]
    raw = _editable(configuration, define)
    start, end = raw.words()[2]
    return _replace(define, raw, start, end, quote_word(value))


def _insert(configuration: Configuration, change: SetDirective) -> Edit:
    """Add a directive that nothing sets: beside its relatives, else at the end of the main file."""
    line = encode(f"{change.name} {quote_word(change.value)}")
    anchor, before = _anchor(configuration, change.name)
    if anchor is None:
        return _append(configuration, line)
    raw = RawLine(anchor)
    data = anchor.source.data
    ending = b"\r\n" if data[anchor.start : anchor.end].endswith(b"\r\n") else b"\n"
    line = raw.indentation + line + ending
    path = _real(anchor.source)
    if before:
        return Edit(path, anchor.start, anchor.start, line)
    if not data[: anchor.end].endswith(b"\n"):
        line = ending + line.removesuffix(ending)
    return Edit(path, anchor.end, anchor.end, line)


def _anchor(configuration: Configuration, name: str) -> tuple[Directive | None, bool]:
    """Return the directive to stand beside, and whether before it."""
    limited = _BEFORE.get(name.lower())
    if limited:
        found = [one for one in occurrences(configuration, limited) if _is_safe(configuration, one)]
        if found:
            return found[-1], True
    loaded = set(configuration.modules.values())
    for kind in known_directives().get(name.lower(), ()):
        if kind.source not in loaded:
            continue
        related = [
            one
            for one in configuration.named(*names_by_source()[kind.source])
            if one.section is None and not one.is_section and one.key not in _ELSEWHERE
            if _is_safe(configuration, one)
        ]
        if kind.source != "core.c" and related:
            return related[-1], False
        loading = [
            one
            for one in configuration.module_lines
            if configuration.modules.get((one.words or ("",))[0]) == kind.source
            and _is_safe(configuration, one)
        ]
        if loading:
            return loading[-1], False
    return None, False


def _is_safe(configuration: Configuration, directive: Directive) -> bool:
    try:
        _editable(configuration, directive)
    except PatchError:
        return False
    return True


def _append(configuration: Configuration, line: bytes) -> Edit:
    main = next(one for one in configuration.sources if one.path == configuration.main)
    ending = b"\r\n" if b"\r\n" in main.data else b"\n"
    start = len(main.data)
    if main.data and not main.data.endswith(b"\n"):
        return Edit(_real(main), start, start, ending + line + ending)
    return Edit(_real(main), start, start, line + ending)
