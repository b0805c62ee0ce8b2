"""Ask the real httpd: its tree after the read phase, or how it refuses a configuration.

``httpd -t -D DUMP_CONFIG`` with mod_info prints the tree in its own order::

    # In file: /etc/apache2/apache2.conf
    #   4:
    <Directory />
      #   5:
      AllowOverride None
    </Directory>

What mod_info leaves out or shows in another way (modules/generators/mod_info.c):

* It prints only when everything also passes the execution phase and the checks of
  the core before it (``check_config``: the directory of ErrorLog must exist).
  Otherwise there is nothing to compare.
* A section without a directive in it has no closing line, so that the depth has
  to be taken from the indentation.
* The file is named only where it changes.
* What httpd executes while reading (Include, Define, IfModule...) is not in its
  tree at all, as it is not in ours.

Every other node of the tree is printed, with its arguments verbatim.
"""

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.apache.trees import Kept
from tuner.apache.binary import Httpd
from tuner.apache.tree import COMMAND_LINE

_FILE = re.compile(r"# In file: (.*)", re.DOTALL)
_LINE = re.compile(r"((?:  )*)# {0,3}(\d+):")
_CLOSING = re.compile(r" *</[^>]*>")
_REFUSAL = re.compile(
    r"^(?!AH\d)\S+: (Syntax error (?:on line|in -C/-c directive).*)", re.DOTALL | re.MULTILINE
)
"""A refusal of the read phase; one of the execution phase begins with AH00526."""

_PLACE = re.compile(r"Syntax error on line (\d+) of (.*?): ?")
_ON_COMMAND_LINE = "Syntax error in -C/-c directive: "
_UNCLOSED = re.compile(r"(.*?):(\d+): (<.*?> was not closed\.)")

_TIMEOUT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Answer:
    """What httpd makes of a configuration."""

    tree: list[Kept] | None
    """None when httpd does not come far enough to show it."""
    refusal: str
    """What the read phase says against it; empty when it says nothing."""
    output: str
    """Everything that httpd said beside its tree."""

    @property
    def is_cut(self) -> bool:
        """Whether httpd cut its refusal short, as it does with 8192 bytes."""
        return len(self.refusal) > 8000

    @property
    def codes(self) -> list[str]:
        """The AH codes of its warnings."""
        return re.findall(r"AH\d{5}", self.output)


def ask(
    httpd: Httpd,
    server_root: Path,
    main: Path,
    *,
    defines: Sequence[str] = (),
    before: Sequence[str] = (),
    after: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> Answer:
    """Run httpd once; nothing is started, nothing is listened on."""
    command = [str(httpd.path), "-d", str(server_root), "-f", str(main), "-t", "-D", "DUMP_CONFIG"]
    for flag, values in (("-D", defines), ("-C", before), ("-c", after)):
        command += [part for value in values for part in (flag, value)]
    result = subprocess.run(
        command,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C", **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=_TIMEOUT_SECONDS,
        check=False,
    )
    said = result.stderr.decode("utf-8", "surrogateescape")
    if result.returncode == 0:
        return Answer(parse_dump(result.stdout.decode("utf-8", "surrogateescape")), "", said)
    assert result.returncode == 1, f"httpd ended with {result.returncode}: {said}"
    match = _REFUSAL.search(said)
    return Answer(None, match[1].strip() if match else "", said)


def parse_dump(text: str) -> list[Kept]:
    """Return the tree that mod_info printed."""
    found: list[Kept] = []
    file = ""
    body: list[str] = []
    place: tuple[int, int] | None = None

    def finish() -> None:
        if place is not None:
            depth, line = place
            directive = "\n".join(body)[2 * depth :]
            name, _, args = directive.partition(" ")
            found.append(Kept(depth, name, args, file, line))
        body.clear()

    for line in text.split("\n")[:-1]:
        if match := _LINE.fullmatch(line):
            finish()
            place = len(match[1]) // 2, int(match[2])
        elif match := _FILE.fullmatch(line):
            finish()
            place, file = None, match[1]
        elif place is not None and body and _CLOSING.fullmatch(line):
            finish()
            place = None
        elif place is not None:
            body.append(line)
    finish()
    return found


def place_of(refusal: str) -> tuple[str, int, str]:
    """File, line and message of an error, at the end of its chain of Includes.

    Sections that are not closed are listed with places of their own, the inner first.
    """
    file, line = COMMAND_LINE, 0
    refusal = refusal.removeprefix(_ON_COMMAND_LINE)
    while match := _PLACE.match(refusal):
        line, file = int(match[1]), match[2]
        refusal = refusal[match.end() :]
    if match := _UNCLOSED.match(refusal):
        return match[1], int(match[2]), match[3]
    return file, line, refusal


def logged(text: str) -> str:
    """Write a message as httpd's error log does (server/util.c, ap_escape_errorlog_item)."""
    short = {0x5C: "\\\\", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 13: "\\r"}
    return "".join(
        short.get(byte) or (chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}")
        for byte in text.encode("utf-8", "surrogateescape")
    )
