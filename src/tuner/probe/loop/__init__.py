"""The load loop as one program, to be sent to a Python on this or another machine.

``python3 -I -S - SPEC`` reads the program from standard input and needs nothing
but the standard library, so that ``ssh host python3 -I -S - SPEC`` works too.
"""

import re
from importlib.resources import files

_PARTS = (
    "http1.py",
    "connection.py",
    "tally.py",
    "known.py",
    "wire.py",
    "load.py",
    "closed.py",
    "open.py",
    "main.py",
)
_OWN_IMPORT = re.compile(
    r"^from tuner\.probe\.loop\.\w+ import (?:\([^)]*\)|[^\n]*)\n", re.MULTILINE
)


def program() -> str:
    """Return the source of the whole program: its modules one after the other."""
    package = files("tuner.probe.loop")
    parts = [package.joinpath(name).read_text("utf-8") for name in _PARTS]
    return "\n".join(_OWN_IMPORT.sub("", part) for part in parts)
