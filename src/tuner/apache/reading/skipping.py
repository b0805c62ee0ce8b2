"""Text that httpd reads over: the blocks of false conditions, and Lua in the middle of a file."""

from tuner.apache.reading.conditions import CONDITIONS
from tuner.apache.reading.frames import Frame
from tuner.apache.reading.progress import Progress
from tuner.apache.reading.state import ReadFailure
from tuner.apache.syntax.lines import LogicalLine
from tuner.apache.syntax.words import decode, encode, next_word
from tuner.apache.tree import Directive


def skip_block(progress: Progress, frame: Frame, condition: Directive, reason: str) -> None:
    """Skip a false block as httpd does: by counting tags, nothing expanded.

    What stands in it is kept as inactive, with the condition that is false.

    Raises:
        ReadFailure: the tags do not balance.
    """
    why = f"inside {condition.label} at {condition.location}: {reason}"
    open_tags = [condition]
    while True:
        line = frame.input.next_line()
        if line is None:
            raise ReadFailure(f"Expected </{open_tags[-1].name[1:]}> before end of configuration")
        if not line.text or line.text[0] == 35:  # "#"
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
        inactive = _inactive(progress, frame, line, name, rest, open_tags, why)
        progress.directives.append(inactive)
        progress.stop_at_too_many(inactive)
        if inactive.is_section:
            open_tags.append(inactive)


def _inactive(
    progress: Progress,
    frame: Frame,
    line: LogicalLine,
    name: bytes,
    rest: bytes,
    open_tags: list[Directive],
    why: str,
) -> Directive:
    if name[:1] == b"<" and not rest and name[-1:] == b">":
        name, rest = name[:-1], b">"
    display, key, executed = progress.names.get(name) or progress.learn_name(name)
    inner = open_tags[-1]
    is_condition = inner.key in CONDITIONS
    section = inner.section if is_condition else inner
    return Directive(
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
        inner if is_condition else inner.condition,
        (),
        why,
        active=False,
    )


def skip_opaque(frame: Frame, directive: Directive) -> None:
    """Skip a raw Lua body up to its closing tag (modules/lua/mod_lua.c).

    Raises:
        ReadFailure: there is none.
    """
    closing = b"</" + encode(directive.key[1:]) + b">"
    while (line := frame.input.next_line()) is not None:
        if line.text.lower().startswith(closing):
            return
    raise ReadFailure(f"{directive.name}> was not closed.")
