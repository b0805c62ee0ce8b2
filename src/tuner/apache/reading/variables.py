"""``${NAME}``: replaced in the whole line before it is cut into words (core.c, ap_resolve_env)."""

from tuner.apache.reading.state import ReadFailure, ReadState
from tuner.apache.syntax.words import decode, encode


def expand(text: bytes, state: ReadState) -> tuple[bytes, tuple[str, ...]]:
    """Return ``text`` with variables replaced, and the names that were replaced.

    Define's table is asked first, ignoring case, then the environment. An
    unknown name stays as it is, with httpd's warning unless it holds a colon
    (a RewriteMap). Values are not scanned again and names do not nest.
    """
    pieces: list[bytes] = []
    used: list[str] = []
    position = 0
    while True:
        dollar = text.find(b"${", position)
        closing = text.find(b"}", dollar + 2) if dollar >= 0 else -1
        if closing < 0:
            pieces.append(text[position:])
            return b"".join(pieces), tuple(used)
        name = decode(text[dollar + 2 : closing])
        value = state.variables.get(name.lower())
        if value is None:
            value = state.environment.get(name)
        pieces.append(text[position:dollar])
        if value is None:
            if ":" not in name:
                state.warnings.append(f"AH00111: Config variable ${{{name}}} is not defined")
            pieces.append(text[dollar : closing + 1])
        else:
            used.append(name)
            pieces.append(encode(value))
        position = closing + 1


def define(words: list[str], state: ReadState) -> None:
    """Execute ``Define NAME [VALUE]``; an empty value sets the flag only."""
    if not 1 <= len(words) <= 2 or not words[0]:
        raise ReadFailure(
            "Define takes 1-2 arguments, Define a variable, optionally to a value.  "
            "Same as passing -D to the command line."
        )
    name = words[0]
    _check_name(name)
    if name not in state.defines:
        state.defines.append(name)
    if len(words) == 2 and words[1]:
        state.variables[name.lower()] = words[1]


def undefine(words: list[str], state: ReadState) -> None:
    """Execute ``UnDefine NAME``."""
    if len(words) != 1 or not words[0]:
        raise ReadFailure(
            "UnDefine takes one argument, Undefine the existence of a variable. Undo a Define."
        )
    _check_name(words[0])
    if words[0] in state.defines:
        state.defines.remove(words[0])
    state.variables.pop(words[0].lower(), None)


def _check_name(name: str) -> None:
    if ":" in name:
        raise ReadFailure("Variable name must not contain ':'")
