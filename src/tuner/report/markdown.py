"""Text from a configuration inside GitHub's Markdown, shown as it is and nothing more."""

import html
import re
from collections.abc import Sequence

from tuner.report.style import printable

_SPECIAL = re.compile(r"[\\`*_\[\]<>|&~$]")
_LEADING = re.compile(r"^([-+=#]+(?=\s|$)|\d+(?=[.)](?:\s|$)))")
"""What would begin a list, a heading or a rule."""


def plain(text: str) -> str:
    """Return one line in which nothing is markup, HTML, a mention or a table's border."""
    line = " ".join(printable(text).split())
    line = _SPECIAL.sub(lambda match: "\\" + match[0], line)
    if match := _LEADING.match(line):
        at = match.end() if match[0].isdigit() else 0
        line = f"{line[:at]}\\{line[at:]}"
    return _quiet(line)


def in_html(text: str) -> str:
    """Return one line for inside an HTML element, where Markdown is not read."""
    return _quiet(html.escape(" ".join(printable(text).split())))


def _quiet(line: str) -> str:
    """Keep GitHub from notifying whoever is called so: no escape does, a joiner does."""
    return line.replace("@", "@\u2060")


def code(text: str) -> str:
    """Return one line as a code span that is safe in a table, too."""
    line = " ".join(printable(text).split())
    if not line:
        return ""
    if "|" in line or "\\" in line:
        # A pipe ends a table's cell even inside a code span, and its escape
        # shows outside of tables; so both become entities.
        return f"<code>{_entities(line)}</code>"
    runs = [len(run) for run in re.findall(r"`+", line)]
    fence = "`" * (max(runs, default=0) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def _entities(text: str) -> str:
    return re.sub(r"[^\w /]", lambda match: f"&#{ord(match[0])};", text).replace("_", "&#95;")


def table(head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Return a table of cells that are Markdown already; ``right`` columns hold numbers."""
    rule = ["---:" if column in right else "---" for column in range(len(head))]
    lines = [head, rule, *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def fenced(text: str, language: str = "") -> str:
    """Return a block of code."""
    runs = [len(run) for run in re.findall(r"`+", text)]
    fence = "`" * max(3, max(runs, default=0) + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"
