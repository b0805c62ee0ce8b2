"""mod_macro: text templates that are expanded while reading (modules/core/mod_macro.c)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuner.apache.syntax.lines import MAX_MACRO_LINE_BYTES

if TYPE_CHECKING:
    from tuner.apache.tree import Source

_ESCAPED_PREFIX = b"@"


class MacroError(ValueError):
    """A macro cannot be defined or expanded; the text is httpd's."""


@dataclass(slots=True)
class Macro:
    """A stored macro: parameters and body lines, comments already dropped."""

    name: str
    parameters: tuple[bytes, ...]
    body: tuple[bytes, ...]
    body_lines: tuple[tuple[int, int], ...]
    source: "Source"
    line: int

    @property
    def location(self) -> str:
        """Where it is defined, in httpd's words."""
        return f'defined on line {self.line} of "{self.source.path}"'


def check_parameters(name: str, location: str, parameters: tuple[bytes, ...]) -> None:
    """Refuse empty and repeated parameter names.

    Raises:
        MacroError: with httpd's message.
    """
    for position, parameter in enumerate(parameters, 1):
        if not parameter:
            raise MacroError(f"macro '{name}' ({location}): empty argument #{position} name")
        if parameter in parameters[position:]:
            other = parameters.index(parameter, position) + 1
            raise MacroError(
                f"argument name conflict in macro '{name}' ({location}): argument "
                f"'{parameter.decode('utf-8', 'replace')}': #{position} and #{other}, "
                "change argument names!"
            )


def expand_body(macro: Macro, values: tuple[bytes, ...]) -> bytes:
    """Return the macro's text with every parameter replaced, one body line a line.

    Raises:
        MacroError: the number of values is wrong or a line grows too long.
    """
    if len(values) != len(macro.parameters):
        raise MacroError(
            f"macro '{macro.name}' ({macro.location}) used "
            f"with {len(values)} arguments instead of {len(macro.parameters)}"
        )
    return b"".join(_substitute(line + b"\n", macro.parameters, values) for line in macro.body)


def _substitute(line: bytes, parameters: tuple[bytes, ...], values: tuple[bytes, ...]) -> bytes:
    """Replace the leftmost parameter, the longest of those, again and again.

    The scan goes on behind the length of the plain value, so that part of an
    escaped value (``@name``) is scanned again, as httpd does.
    """
    position = 0
    while True:
        found = [
            (at, -len(name), index)
            for index, name in enumerate(parameters)
            if (at := line.find(name, position)) >= 0
        ]
        if not found:
            return line
        at, _, index = min(found)
        name, value = parameters[index], values[index]
        if name != value:
            line = line[:at] + _replacement(name, value) + line[at + len(name) :]
            if len(line) >= MAX_MACRO_LINE_BYTES:
                raise MacroError("cannot substitute, buffer size too small")
        position = at + len(value)


def _replacement(name: bytes, value: bytes) -> bytes:
    if not name.startswith(_ESCAPED_PREFIX):
        return value
    return b'"' + value.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
