"""<Macro>, Use and UndefMacro, which httpd executes while it reads (mod_macro.c)."""

from tuner.apache.reading.frames import Frame
from tuner.apache.reading.macros import Macro, check_parameters, expand_body
from tuner.apache.reading.progress import Progress
from tuner.apache.reading.state import ReadFailure, ReadState
from tuner.apache.syntax.lines import (
    MAX_LINE_BYTES,
    MAX_MACRO_LINE_BYTES,
    LogicalLine,
    logical_lines,
)
from tuner.apache.syntax.words import decode, next_word, words
from tuner.apache.tree import Directive, MacroUse, Source


def store_macro(state: ReadState, frame: Frame, directive: Directive, rest: bytes) -> None:
    """Execute ``<Macro NAME PARAMETER ...>``: keep the body, which is not read now.

    Raises:
        ReadFailure, MacroError: httpd refuses it.
    """
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
    if state.macros is None:
        state.macros = {}
    check_parameters(name, location, parameters)
    if name in state.macros:
        previous = state.macros[name].location
        state.warnings.append(
            f"AH02802: macro '{name}' multiply defined: {previous}, redefined on line "
            f'{directive.line} of "{directive.source.path}"'
        )
    body = _body(frame, name, location)
    state.macros[name] = Macro(
        name,
        parameters,
        tuple(line.text for line in body),
        tuple((line.first, line.last) for line in body),
        directive.source,
        directive.line,
    )


def _body(frame: Frame, name: str, location: str) -> list[LogicalLine]:
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


def use_macro(progress: Progress, frame: Frame, directive: Directive, rest: bytes) -> None:
    """Execute ``Use NAME VALUE ...``: its text is read next.

    Raises:
        ReadFailure, MacroError: httpd refuses it.
    """
    macros = progress.state.macros
    if macros is None:
        raise ReadFailure("no macro defined before Use")
    found = words(rest)
    name = decode(found[0]).lower() if found else ""
    if not name:
        raise ReadFailure("no macro name specified with Use")
    macro = macros.get(name)
    if macro is None:
        raise ReadFailure(f"macro '{name}' undefined")
    path = directive.source.path
    if f"macro '{macro.name}'" in path:
        raise ReadFailure(f"recursive use of macro '{macro.name}' is invalid")
    text = expand_body(macro, tuple(found[1:]))
    use = MacroUse(macro.name, macro.source, macro.line, directive, macro.body_lines)
    where = f"macro '{macro.name}' ({macro.location}) used on line {directive.line} of \"{path}\""
    source = Source(where, None, text, directive, use)
    if progress.add_source(source, directive):
        frame.input.sources.append((source, logical_lines(text, MAX_LINE_BYTES)))


def undefine_macro(state: ReadState, arguments: list[str]) -> None:
    """Execute ``UndefMacro NAME``.

    Raises:
        ReadFailure: httpd refuses it.
    """
    if state.macros is None:
        raise ReadFailure("no macro defined before UndefMacro")
    if len(arguments) != 1 or not arguments[0]:
        raise ReadFailure("UndefMacro takes one argument, Remove a macro definition.")
    name = arguments[0].lower()
    if state.macros.pop(name, None) is None:
        raise ReadFailure(f"cannot remove undefined macro '{name}'")
