"""The read phase of httpd (server/config.c): files in, directives out.

One loop over a stack of frames, so that deep nesting costs no Python stack.
httpd stops at the first error; the reader notes it and goes on where it can.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tuner.apache.directives import known_directives
from tuner.apache.modules import static_modules
from tuner.apache.reading.conditions import CONDITIONS, evaluate
from tuner.apache.reading.files import FileTree
from tuner.apache.reading.includes import MAX_INCLUDE_DEPTH, find_files, reason_of
from tuner.apache.reading.loading import (
    learn_directives,
    load_module,
    set_runtime_directory,
    set_server_root,
)
from tuner.apache.reading.macros import Macro, MacroError, check_parameters, expand_body
from tuner.apache.reading.options import ReadOptions
from tuner.apache.reading.state import ReadFailure, ReadState, merge_path
from tuner.apache.reading.variables import define, expand, undefine
from tuner.apache.syntax.lines import (
    MAX_LINE_BYTES,
    MAX_MACRO_LINE_BYTES,
    LineTooLongError,
    LogicalLine,
    logical_lines,
)
from tuner.apache.syntax.words import decode, encode, next_word, words
from tuner.apache.tree import COMMAND_LINE, Configuration, Directive, MacroUse, ReadError, Source

MAX_DIRECTIVES = 1_000_000
"""A configuration with more lines than this is refused: it is a loop or an attack."""

_INCLUDE = (
    "Name(s) of the config file(s) to be included; "
    "fails if the wildcard does not match at least one file"
)
_INCLUDE_OPTIONAL = (
    "Name or pattern of the config file(s) to be included; "
    "ignored if the file does not exist or the pattern does not match any files"
)

MAX_SOURCES = 20_000
MAX_ERRORS = 100
"""Fatal ones; as many warnings are kept beside them."""


def read_configuration(
    main: str, options: ReadOptions, overlay: Mapping[Path, bytes] | None = None
) -> Configuration:
    """Read ``main`` and all that it includes.

    ``main`` is an absolute path as httpd would use it (inside ``root`` if one is
    given). ``overlay`` replaces the content of real files, to see what a change
    would do. Never raises for what stands in the files: see
    ``Configuration.errors``.
    """
    return _Reader(options, overlay or {}).read(main)


def reread(configuration: Configuration, overlay: Mapping[Path, bytes]) -> Configuration:
    """Read a configuration again with some files replaced."""
    again = read_configuration(configuration.main, configuration.options, overlay)
    return replace(again, layout=configuration.layout, assumptions=configuration.assumptions)


@dataclass(slots=True)
class _Input:
    """What httpd calls a config file: a file, with macro texts stacked upon it."""

    sources: list[tuple[Source, Iterator[LogicalLine]]]
    last_line: int = 0

    def next_line(self) -> LogicalLine | None:
        after_macro = False
        while True:
            source, lines = self.sources[-1]
            line = next(lines, None)
            if line is not None and after_macro:
                line = _line_after_macro(line, source.data)
            if line is not None:
                self.last_line = line.last
                return line
            if len(self.sources) == 1:
                return None
            self.sources.pop()
            after_macro = True

    @property
    def source(self) -> Source:
        return self.sources[-1][0]


def _line_after_macro(line: LogicalLine, data: bytes) -> LogicalLine | None:
    """Return what httpd makes of the line behind a macro's text.

    mod_macro reads it byte by byte (``array_getstr``) and forgets what the end of
    the file cuts short: a last physical line without a line feed is lost.
    """
    if line.end < len(data) or data.endswith(b"\n") or not data:
        return line
    whole = data[line.start : data.rfind(b"\n") + 1]
    kept = next(logical_lines(whole), None)
    return line._replace(text=kept.text) if kept else None


@dataclass(slots=True)
class _Frame:
    """A file, or the true block of a condition inside a file."""

    input: _Input
    base: Directive | None
    """The section around the whole frame."""
    conditions: tuple[Directive, ...]
    closing: bytes = b""
    """``ifmodule>`` for the block of a condition; empty for a file."""
    open: list[Directive] = field(default_factory=list)


@dataclass(slots=True)
class _Include:
    """An Include that is being read: the files still to come."""

    directive: Directive
    paths: Iterator[str]


class _Reader:
    def __init__(self, options: ReadOptions, overlay: Mapping[Path, bytes]) -> None:
        self.options = options
        static = static_modules(options.static_modules)
        self.state = ReadState(
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
            learn_directives(self.state, source)
        self.directives: list[Directive] = []
        self.errors: list[ReadError] = []
        self.warned = 0
        self.sources: list[Source] = []
        self.frames: list[_Frame | _Include] = []
        self.names: dict[bytes, tuple[str, str, bool]] = {}
        self.stopped = False

    def read(self, main: str) -> Configuration:
        self._read_command_line(self.options.before)
        include = Directive(
            "Include", main, Source(COMMAND_LINE, None, b""), 0, 0, 0, 0, "read", None, 0, ()
        )
        self._open_file(main, include, None, ())
        self._run()
        self._read_command_line(self.options.after)
        return Configuration(
            main=main,
            options=self.options,
            server_root=self.state.server_root,
            directives=tuple(self.directives),
            errors=tuple(self.errors),
            sources=tuple(self.sources),
            modules=self.state.modules,
            defines=tuple(self.state.defines),
            variables=self.state.variables,
        )

    def _read_command_line(self, directives: Sequence[str]) -> None:
        if not directives:
            return
        lines = [
            LogicalLine(encode(text).strip(), number, number, 0, 0)
            for number, text in enumerate(directives, 1)
        ]
        source = Source(COMMAND_LINE, None, b"")
        self.sources.append(source)
        self.frames.append(_Frame(_Input([(source, iter(lines))]), None, ()))
        self._run()

    def _run(self) -> None:
        while self.frames:
            frame = self.frames[-1]
            if self.stopped:
                self.frames.clear()
            elif isinstance(frame, _Include):
                self._next_file(frame)
            else:
                self._next_line(frame)

    # --- frames -----------------------------------------------------------

    def _next_file(self, include: _Include) -> None:
        directive = include.directive
        try:
            path = next(include.paths, None)
        except ReadFailure as failure:
            self._fail(str(failure), directive.source.path, directive.line)
            path = None
        if path is None:
            self.frames.pop()
            return
        self._open_file(path, directive, directive.section, directive.conditions)

    def _open_file(
        self,
        path: str,
        directive: Directive,
        base: Directive | None,
        conditions: tuple[Directive, ...],
    ) -> None:
        if len(self.sources) >= MAX_SOURCES:
            self._stop(f"more than {MAX_SOURCES} files are included", directive)
            return
        try:
            data = self.state.files.read(path)
            real = self.state.files.real_path(path)
        except OSError as error:
            where = directive.source.path if directive.line else path
            message = f"Could not open configuration file {path}: {reason_of(error)}"
            self._fail(message, where, directive.line)
            return
        source = Source(path, real, data, directive if directive.line else None)
        self.sources.append(source)
        lines = logical_lines(data, MAX_LINE_BYTES)
        self.frames.append(_Frame(_Input([(source, lines)]), base, conditions))

    def _next_line(self, frame: _Frame) -> None:
        """Read lines of ``frame`` until the stack of frames changes."""
        read_line = frame.input.next_line
        depth = len(self.frames)
        while len(self.frames) == depth and not self.stopped:
            try:
                line = read_line()
            except LineTooLongError as error:
                path = frame.input.source.path
                self._fail(
                    f"Error reading {path} at line {error.line}: Line too long", path, error.line
                )
                line = None
            if line is None:
                self._end_of_file(frame)
                return
            text = line.text
            if not text or text[0] == 35:  # "#"
                continue
            if (
                frame.closing
                and not frame.open
                and text[:2] == b"</"
                and text[2:].lower() == frame.closing
            ):
                self.frames.pop()
                return
            self._handle(frame, line)

    def _end_of_file(self, frame: _Frame) -> None:
        """End a file, which must have closed what it opened; a true condition need not end."""
        self.frames.pop()
        if not frame.closing:
            for section in reversed(frame.open):
                message = f"{section.name}> was not closed."
                self._fail(message, section.source.path, section.line)

    # --- lines ------------------------------------------------------------

    def _handle(self, frame: _Frame, line: LogicalLine) -> None:
        text = line.text
        used: tuple[str, ...] = ()
        if b"${" in text:
            text, used = expand(text, self.state)
        name, rest = next_word(text)
        if not name:
            return
        if name[1:2] != b"/":
            if name[-1:] == b">":
                name = name[:-1]
            if name[:1] == b"<" and not rest:
                rest = b">"
        elif name[:1] == b"<":
            self._close(frame, line, decode(name))
            return
        known = self.names.get(name) or self._learn_name(name)
        display, key, executed = known
        open_sections = frame.open
        section = open_sections[-1] if open_sections else frame.base
        directive = Directive(
            display,
            decode(rest),
            frame.input.source,
            line.last,
            line.first,
            line.start,
            line.end,
            "read" if executed else "tree",
            section,
            section.depth + 1 if section else 0,
            frame.conditions,
            used,
        )
        self.directives.append(directive)
        if len(self.directives) > MAX_DIRECTIVES:
            self._stop(f"more than {MAX_DIRECTIVES} directives", directive)
        elif executed:
            self._execute(frame, directive, key, rest)
        elif key[:1] == "<":
            open_sections.append(directive)
        if self.state.warnings:
            self._place_warnings(directive)

    def _learn_name(self, raw: bytes) -> tuple[str, str, bool]:
        """Return display name, key, and whether httpd executes it while reading."""
        text = decode(raw)
        key = text.lower()
        known = (text, key, False)
        if key in self.state.directive_names:
            sources = set(self.state.modules.values())
            kinds = [kind for kind in known_directives()[key] if kind.source in sources]
            if kinds:
                known = (kinds[0].name, key, kinds[0].executed_while_reading)
        self.names[raw] = known
        return known

    def _close(self, frame: _Frame, line: LogicalLine, name: str) -> None:
        path = frame.input.source.path
        if not frame.open:
            self._fail(f"{name} without matching <{name[2:]} section", path, line.last)
        elif not name.endswith(">"):
            self._fail(f"{name}> directive missing closing '>'", path, line.last)
        elif name[2:-1].lower() == frame.open[-1].key[1:]:
            frame.open.pop()
        else:
            expected = frame.open[-1].name[1:]
            self._fail(f"Expected </{expected}> but saw {name}", path, line.last)
            self._close_outer(frame, name[2:-1].lower())

    @staticmethod
    def _close_outer(frame: _Frame, key: str) -> None:
        """After a wrong closing tag, go on as if the inner sections had been closed."""
        for position, section in enumerate(frame.open):
            if section.key[1:] == key:
                del frame.open[position:]
                return

    # --- what httpd executes while reading ----------------------------------

    def _execute(self, frame: _Frame, directive: Directive, key: str, rest: bytes) -> None:
        try:
            if key in CONDITIONS:
                self._enter_condition(frame, directive, key)
            elif key in ("include", "includeoptional"):
                self._include(directive, rest, optional=key == "includeoptional")
            elif key == "<macro":
                self._store_macro(frame, directive, rest)
            elif key == "use":
                self._use_macro(frame, directive, rest)
            elif key.startswith("<lua"):
                self._skip_opaque(frame, directive)
            else:
                self._execute_simple(key, rest)
        except (ReadFailure, MacroError) as failure:
            directive.reason = f"httpd refuses it: {failure}"
            self._fail(str(failure), directive.source.path, directive.line)

    def _execute_simple(self, key: str, rest: bytes) -> None:
        arguments = [decode(word) for word in words(rest)]
        if key == "define":
            define(arguments, self.state)
        elif key == "undefine":
            undefine(arguments, self.state)
        elif key == "loadmodule":
            if load_module(arguments, self.state):
                self.names.clear()
        elif key == "serverroot":
            set_server_root(arguments, self.state)
        elif key == "defaultruntimedir":
            set_runtime_directory(arguments, self.state)
        elif key == "undefmacro":
            self._undefine_macro(arguments)

    def _include(self, directive: Directive, rest: bytes, optional: bool) -> None:
        arguments = [decode(word) for word in words(rest)]
        if len(arguments) != 1 or not arguments[0]:
            what = _INCLUDE_OPTIONAL if optional else _INCLUDE
            raise ReadFailure(f"{directive.name} takes one argument, {what}")
        nested = sum(isinstance(frame, _Include) for frame in self.frames)
        if nested >= MAX_INCLUDE_DEPTH:
            self.stopped = True
            raise ReadFailure(
                f"Exceeded maximum include depth of {MAX_INCLUDE_DEPTH}, "
                "There appears to be a recursion."
            )
        path = merge_path(self.state.server_root, arguments[0])
        self.frames.append(_Include(directive, find_files(self.state.files, path, optional)))

    def _enter_condition(self, frame: _Frame, directive: Directive, key: str) -> None:
        verdict = evaluate(key, directive.args, self.state)
        if verdict.true:
            self.frames.append(
                _Frame(
                    frame.input,
                    directive.section,
                    (*frame.conditions, directive),
                    encode(key[1:]) + b">",
                )
            )
            return
        directive.reason = verdict.reason
        self._skip_block(frame, directive, verdict.reason)

    def _skip_block(self, frame: _Frame, directive: Directive, reason: str) -> None:
        """Skip a false block as httpd does: by counting tags, nothing expanded.

        What stands in it is kept as inactive, with the condition that is false.
        """
        why = f"inside {directive.label} at {directive.location}: {reason}"
        open_tags: list[Directive] = [directive]
        while True:
            line = frame.input.next_line()
            if line is None:
                raise ReadFailure(
                    f"Expected </{open_tags[-1].name[1:]}> before end of configuration"
                )
            if not line.text or line.text[0] == 35:
                continue
            name, rest = next_word(line.text)
            if name[:2] == b"</":
                shown = decode(name[:-1])
                if shown[2:].lower() != open_tags[-1].key[1:]:
                    raise ReadFailure(f"Expected </{open_tags[-1].name[1:]}> but saw {shown}>")
                open_tags.pop()
                if not open_tags:
                    return
                continue
            inactive = self._inactive(frame, line, name, rest, open_tags, why)
            if inactive.is_section:
                open_tags.append(inactive)

    def _inactive(
        self,
        frame: _Frame,
        line: LogicalLine,
        name: bytes,
        rest: bytes,
        open_tags: list[Directive],
        why: str,
    ) -> Directive:
        if name[:1] == b"<" and not rest and name[-1:] == b">":
            name, rest = name[:-1], b">"
        display, key, executed = self.names.get(name) or self._learn_name(name)
        kept = [tag for tag in open_tags if tag.key not in CONDITIONS]
        section = kept[-1] if kept else open_tags[0].section
        conditions = open_tags[0].conditions + tuple(
            tag for tag in open_tags if tag.key in CONDITIONS
        )
        directive = Directive(
            display,
            decode(rest),
            frame.input.source,
            line.last,
            line.first,
            line.start,
            line.end,
            "read" if executed or key in CONDITIONS else "tree",
            section,
            section.depth + 1 if section else 0,
            conditions,
            (),
            why,
            active=False,
        )
        self.directives.append(directive)
        if len(self.directives) > MAX_DIRECTIVES:
            self._stop(f"more than {MAX_DIRECTIVES} directives", directive)
            raise ReadFailure("reading stopped")
        return directive

    @staticmethod
    def _skip_opaque(frame: _Frame, directive: Directive) -> None:
        """Skip a raw Lua body up to its closing tag (modules/lua/mod_lua.c)."""
        closing = b"</" + encode(directive.key[1:]) + b">"
        while (line := frame.input.next_line()) is not None:
            if line.text.lower().startswith(closing):
                return
        raise ReadFailure(f"{directive.name}> was not closed.")

    # --- macros -------------------------------------------------------------

    def _store_macro(self, frame: _Frame, directive: Directive, rest: bytes) -> None:
        inner, bracket, _ = rest.rpartition(b">")
        if not bracket:
            raise ReadFailure("<Macro> directive missing closing '>'")
        if not inner:
            raise ReadFailure("<Macro macro definition: empty name")
        found = words(inner)
        name = decode(found[0]).lower() if found else ""
        if not name:
            raise ReadFailure("<Macro macro definition: name not found")
        parameters = tuple(found[1:])
        location = f'defined on line {directive.line} of "{directive.source.path}"'
        if self.state.macros is None:
            self.state.macros = {}
        check_parameters(name, location, parameters)
        if name in self.state.macros:
            previous = self.state.macros[name].location
            self.state.warnings.append(
                f"AH02802: macro '{name}' multiply defined: {previous}, redefined on line "
                f'{directive.line} of "{directive.source.path}"'
            )
        body = self._macro_body(frame, name, location)
        self.state.macros[name] = Macro(
            name,
            parameters,
            tuple(line.text for line in body),
            tuple((line.first, line.last) for line in body),
            directive.source,
            directive.line,
        )

    @staticmethod
    def _macro_body(frame: _Frame, name: str, location: str) -> list[LogicalLine]:
        body: list[LogicalLine] = []
        nested = 1
        while (line := frame.input.next_line()) is not None:
            raw_bytes = line.end - line.start - 2 * (line.last - line.first) - 1
            if raw_bytes > MAX_MACRO_LINE_BYTES - 2:
                break
            if line.text[:1] == b"#":
                continue
            first = next_word(line.text)[0].lower()
            if first == b"</macro>":
                nested -= 1
                if not nested:
                    return body
            elif first == b"<macro":
                nested += 1
            body.append(line)
        raise ReadFailure(
            f"macro '{name}' ({location})\n\tcontents error: expected token not found: </Macro>"
        )

    def _use_macro(self, frame: _Frame, directive: Directive, rest: bytes) -> None:
        if self.state.macros is None:
            raise ReadFailure("no macro defined before Use")
        found = words(rest)
        name = decode(found[0]).lower() if found else ""
        if not name:
            raise ReadFailure("no macro name specified with Use")
        macro = self.state.macros.get(name)
        if macro is None:
            raise ReadFailure(f"macro '{name}' undefined")
        path = directive.source.path
        if f"macro '{macro.name}'" in path:
            raise ReadFailure(f"recursive use of macro '{macro.name}' is invalid")
        text = expand_body(macro, tuple(found[1:]))
        use = MacroUse(macro.name, macro.source, macro.line, directive, macro.body_lines)
        where = (
            f"macro '{macro.name}' ({macro.location}) used on line {directive.line} of \"{path}\""
        )
        source = Source(where, None, text, directive, use)
        self.sources.append(source)
        if len(self.sources) >= MAX_SOURCES:
            self._stop(f"more than {MAX_SOURCES} files and macro uses", directive)
            return
        frame.input.sources.append((source, logical_lines(text, MAX_LINE_BYTES)))

    def _undefine_macro(self, arguments: list[str]) -> None:
        if self.state.macros is None:
            raise ReadFailure("no macro defined before UndefMacro")
        if len(arguments) != 1 or not arguments[0]:
            raise ReadFailure("UndefMacro takes one argument, Remove a macro definition.")
        name = arguments[0].lower()
        if self.state.macros.pop(name, None) is None:
            raise ReadFailure(f"cannot remove undefined macro '{name}'")

    # --- errors ---------------------------------------------------------------

    def _fail(self, message: str, path: str, line: int) -> None:
        if len(self.errors) - self.warned < MAX_ERRORS:
            self.errors.append(ReadError(message, path, line))
        else:
            self.stopped = True

    def _stop(self, message: str, directive: Directive) -> None:
        self._fail(f"tuner stops reading: {message}", directive.source.path, directive.line)
        self.stopped = True

    def _place_warnings(self, directive: Directive) -> None:
        for message in self.state.warnings:
            if self.warned < MAX_ERRORS:
                error = ReadError(message, directive.source.path, directive.line, fatal=False)
                self.errors.append(error)
                self.warned += 1
        self.state.warnings.clear()
