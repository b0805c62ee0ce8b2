"""The read phase of httpd (server/config.c): files in, directives out.

One loop over a stack of frames, so that deep nesting costs no Python stack.
httpd stops at the first error; the reader notes it and goes on where it can.
"""

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tuner.apache.modules import static_modules
from tuner.apache.reading.commands import execute
from tuner.apache.reading.files import FileTree
from tuner.apache.reading.frames import Frame, Inclusion, Input
from tuner.apache.reading.includes import reason_of
from tuner.apache.reading.loading import learn_directives
from tuner.apache.reading.options import ReadOptions
from tuner.apache.reading.progress import MAX_DIRECTIVES, Progress
from tuner.apache.reading.state import ReadFailure, ReadState
from tuner.apache.reading.variables import expand
from tuner.apache.syntax.lines import MAX_LINE_BYTES, LineTooLongError, LogicalLine, logical_lines
from tuner.apache.syntax.words import decode, encode, next_word
from tuner.apache.tree import COMMAND_LINE, Configuration, Directive, Source


def read_configuration(
    main: str, options: ReadOptions, overlay: Mapping[Path, bytes] | None = None
) -> Configuration:
    """Read ``main`` and all that it includes.

    ``main`` is an absolute path as httpd would use it (inside ``root`` if one is
    given). ``overlay`` replaces the content of real files, to see what a change
    would do. Never raises for what stands in the files: see
    ``Configuration.errors``.
    """
    progress = Progress(_initial_state(options, overlay or {}))
    start = Directive(
        "Include", main, Source(COMMAND_LINE, None, b""), 0, 0, 0, 0, "read", None, 0, None
    )
    with _collector_at_rest():
        _read_command_line(progress, options.before)
        _open_file(progress, main, start)
        _run(progress)
        _read_command_line(progress, options.after)
    state = progress.state
    return Configuration(
        main=main,
        options=options,
        server_root=state.server_root,
        directives=tuple(progress.directives),
        errors=tuple(progress.errors),
        sources=tuple(progress.sources),
        modules=state.modules,
        defines=tuple(state.defines),
        variables=state.variables,
    )


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Keep the garbage collector from searching what only grows: all of it is kept."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def reread(configuration: Configuration, overlay: Mapping[Path, bytes]) -> Configuration:
    """Read a configuration again with some files replaced."""
    again = read_configuration(configuration.main, configuration.options, overlay)
    return replace(again, layout=configuration.layout, assumptions=configuration.assumptions)


def _initial_state(options: ReadOptions, overlay: Mapping[Path, bytes]) -> ReadState:
    static = static_modules(options.static_modules)
    state = ReadState(
        files=FileTree(options.root, overlay),
        server_root=options.server_root.rstrip("/") or "/",
        httpd_version=options.httpd_version,
        version_suffix=options.version_suffix,
        environment=options.environment,
        static_modules=static,
        defines=list(options.defines),
        modules=dict(static),
    )
    for source in static.values():
        learn_directives(state, source)
    return state


def _read_command_line(progress: Progress, directives: Sequence[str]) -> None:
    if not directives:
        return
    lines = [
        LogicalLine(encode(text).strip(), number, number, 0, 0)
        for number, text in enumerate(directives, 1)
    ]
    source = Source(COMMAND_LINE, None, b"")
    progress.sources.append(source)
    progress.frames.append(Frame(Input([(source, iter(lines))]), None, None))
    _run(progress)


def _run(progress: Progress) -> None:
    frames = progress.frames
    while frames and not progress.stopped:
        frame = frames[-1]
        if isinstance(frame, Inclusion):
            _next_file(progress, frame)
            continue
        try:
            is_at_end = _read_lines(progress, frame)
        except LineTooLongError as error:
            path = frame.input.source.path
            message = f"Error reading {path} at line {error.line}: Line too long"
            progress.fail(message, path, error.line)
            is_at_end = True
        if is_at_end:
            _end_of_file(progress, frame)
    frames.clear()


def _next_file(progress: Progress, include: Inclusion) -> None:
    directive = include.directive
    try:
        path = next(include.paths, None)
    except ReadFailure as failure:
        progress.fail(str(failure), directive.source.path, directive.line)
        path = None
    if path is None:
        progress.frames.pop()
        progress.open_includes -= 1
    else:
        _open_file(progress, path, directive)


def _open_file(progress: Progress, path: str, include: Directive) -> None:
    files = progress.state.files
    try:
        data = files.read(path)
        real = files.real_path(path)
    except OSError as error:
        where = include.source.path if include.line else path
        message = f"Could not open configuration file {path}: {reason_of(error)}"
        progress.fail(message, where, include.line)
        return
    source = Source(path, real, data, include if include.line else None)
    if progress.add_source(source, include):
        file = Input([(source, logical_lines(data, MAX_LINE_BYTES))])
        progress.frames.append(Frame(file, include.section, include.condition))


def _read_lines(progress: Progress, frame: Frame) -> bool:
    """Read lines of ``frame`` until another frame is to be read; True at the end of the file."""
    frames, depth = progress.frames, len(progress.frames)
    file, closing = frame.input, frame.closing
    is_after_macro = False
    while True:
        source, lines = file.sources[-1]
        for line in lines:
            if is_after_macro:
                is_after_macro = False
                kept = file.line_after_macro(line)
                if kept is None:
                    return True
                line = kept
            text = line.text
            if not text or text[0] == 35:  # "#"
                continue
            if closing and text[:2] == b"</" and not frame.open and text[2:].lower() == closing:
                frames.pop()
                return False
            if _handle(progress, frame, source, line):
                if len(frames) != depth or progress.stopped:
                    return False
                if file.lines is not lines:
                    break
        else:
            if not file.leave_macro():
                return True
            is_after_macro = True


def _end_of_file(progress: Progress, frame: Frame) -> None:
    """End a file, which must have closed what it opened; a true condition need not end."""
    progress.frames.pop()
    if not frame.closing:
        for section in reversed(frame.open):
            message = f"{section.name}> was not closed."
            progress.fail(message, section.source.path, section.line)


def _handle(progress: Progress, frame: Frame, source: Source, line: LogicalLine) -> bool:
    """Read one line; return whether it may have changed what is to be read next."""
    text, first, last, start, end = line
    state = progress.state
    used: tuple[str, ...] = ()
    if b"${" in text:
        text, used = expand(text, state)
    name, rest = next_word(text)
    if not name:
        return False
    if name[1:2] != b"/":
        if name[-1:] == b">":
            name = name[:-1]
        if name[:1] == b"<" and not rest:
            rest = b">"
    elif name[:1] == b"<":
        _close(progress, frame, line, decode(name))
        return progress.stopped
    display, key, executed = progress.names.get(name) or progress.learn_name(name)
    open_sections = frame.open
    section = open_sections[-1] if open_sections else frame.base
    directive = Directive(
        display,
        str(rest, "utf-8", "surrogateescape"),
        source,
        last,
        first,
        start,
        end,
        "read" if executed else "tree",
        section,
        section.depth + 1 if section else 0,
        frame.condition,
        used,
    )
    directives = progress.directives
    directives.append(directive)
    if len(directives) > MAX_DIRECTIVES:
        progress.stop(f"more than {MAX_DIRECTIVES} directives", directive)
    elif executed:
        execute(progress, frame, directive, key, rest)
    elif key[:1] == "<":
        open_sections.append(directive)
    if state.warnings:
        progress.place_warnings(directive)
    return executed or progress.stopped


def _close(progress: Progress, frame: Frame, line: LogicalLine, name: str) -> None:
    path = frame.input.source.path
    if not frame.open:
        progress.fail(f"{name} without matching <{name[2:]} section", path, line.last)
    elif not name.endswith(">"):
        progress.fail(f"{name}> directive missing closing '>'", path, line.last)
    elif name[2:-1] == (opened := frame.open[-1].name)[1:] or (
        name[2:-1].lower() == opened[1:].lower()
    ):
        frame.open.pop()
    else:
        expected = frame.open[-1].name[1:]
        progress.fail(f"Expected </{expected}> but saw {name}", path, line.last)
        _close_outer(frame, name[2:-1].lower())


def _close_outer(frame: Frame, key: str) -> None:
    """After a wrong closing tag, go on as if the inner sections had been closed."""
    for position, section in enumerate(frame.open):
        if section.key[1:] == key:
            del frame.open[position:]
            return
