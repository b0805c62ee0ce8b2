"""Configurations that are broken or meant to harm: a clear error or a correct reading.

Every case runs ``tuner show`` as a program without root's rights, with bounds on its
memory and its CPU time that are far above what an ordinary configuration takes.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

MEMORY_BYTES = 3 * 2**30
CPU_SECONDS = 60

PROGRAM = f"""
import resource
from tuner.cli.app import main
resource.setrlimit(resource.RLIMIT_AS, ({MEMORY_BYTES}, {MEMORY_BYTES}))
resource.setrlimit(resource.RLIMIT_CPU, ({CPU_SECONDS}, {CPU_SECONDS}))
main()
"""

UNPRIVILEGED = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
"""Root without the right to read what its mode forbids."""

Files = dict[str, str | bytes]


@dataclass(frozen=True)
class Hostile:
    """Files below a directory that stands for ``/``, and what is said about them."""

    files: Files
    error: str = ""
    """Part of the first fatal error; empty when httpd would read it all."""
    kept: tuple[str, ...] | None = None
    """The whole tree, ``NAME ARGUMENTS``; None where only its end is worth comparing."""
    last: str = ""
    """The last directive of the tree."""
    prepare: Callable[[Path], object] = lambda root: None


def main(text: str | bytes, **others: str | bytes) -> Files:
    return {"etc/apache2/apache2.conf": text, **others}


def conf(root: Path) -> Path:
    return root / "etc/apache2"


def pipe(root: Path) -> None:
    (conf(root) / "d").mkdir()
    os.mkfifo(conf(root) / "d/pipe")
    (conf(root) / "d/z.conf").write_text("Timeout 7\n")


def links(root: Path) -> None:
    (conf(root) / "a").symlink_to("b")
    (conf(root) / "b").symlink_to("a")
    (conf(root) / "d").symlink_to(".")


def sparse(root: Path) -> None:
    with (conf(root) / "big.conf").open("wb") as file:
        file.truncate(100 * 2**20)


def full(root: Path) -> None:
    (conf(root) / "big.conf").write_bytes(b"# sixteen bytes\n" * (60 * 2**20 // 16))


def unreadable(root: Path) -> None:
    (conf(root) / "secret.conf").write_text("Timeout 1\n")
    (conf(root) / "secret.conf").chmod(0)


def outside(root: Path) -> None:
    (root.parent / "outside.conf").write_text("Timeout 666\n")
    (conf(root) / "x.conf").symlink_to(root.parent / "outside.conf")
    (conf(root) / "y.conf").symlink_to("../../../outside.conf")


DEEP = 10_000
MIB = 2**20
NEVER = "<IfModule never.c>\n"

CASES = {
    "a binary file": Hostile(main(bytes(range(256)) * 64 + b"\nTimeout 5\n"), last="Timeout 5"),
    "an executable": Hostile(main(Path(sys.executable).read_bytes()[: 2 * MIB])),
    "a file of 100 MB": Hostile(
        main("Include big.conf\nTimeout 5\n"),
        error="Could not open configuration file /etc/apache2/big.conf: larger than 64 MiB",
        kept=("Timeout 5",),
        prepare=sparse,
    ),
    "60 MiB of comments": Hostile(
        main("Include big.conf\nTimeout 5\n"), kept=("Timeout 5",), prepare=full
    ),
    "60 MiB included again and again": Hostile(
        main("Include big.conf\n" * 10),
        error="tuner stops reading: more than 128 MiB of configuration",
        kept=(),
        prepare=full,
    ),
    "NUL bytes": Hostile(
        main(b"Timeout 5\0 6\0\nKeepAlive\0 On\n\0\nServerName a\n"),
        kept=("Timeout 5", "KeepAlive", "ServerName a"),
    ),
    "nothing but NUL bytes": Hostile(main(b"\0" * MIB), kept=()),
    "carriage returns only": Hostile(
        main(b"Timeout 5\rKeepAlive On\r"), kept=("Timeout 5\rKeepAlive On",)
    ),
    "a byte order mark": Hostile(
        main(b"\xef\xbb\xbfTimeout 5\nTimeout 6\n"), kept=("\ufeffTimeout 5", "Timeout 6")
    ),
    "an unreadable file": Hostile(
        main("Include secret.conf\nTimeout 5\n"),
        error="Could not open configuration file /etc/apache2/secret.conf: Permission denied",
        kept=("Timeout 5",),
        prepare=unreadable,
    ),
    "a pipe in an Include directory": Hostile(
        main("Include d\nTimeout 5\n"),
        error="Could not open configuration file /etc/apache2/d/pipe: not a regular file",
        kept=("Timeout 7", "Timeout 5"),
        prepare=pipe,
    ),
    "links that lead to themselves": Hostile(
        main("Include a\nTimeout 5\n"),
        error="Could not open configuration file /etc/apache2/a: Too many levels",
        kept=("Timeout 5",),
        prepare=links,
    ),
    "a directory that holds itself": Hostile(
        main("Timeout 5\nInclude d/\n"), error="", last="Timeout 5", prepare=links
    ),
    "a file that includes itself": Hostile(
        main("Timeout 5\nInclude apache2.conf\n"),
        error="Exceeded maximum include depth of 128, There appears to be a recursion.",
        last="Timeout 5",
    ),
    "files that include each other twice": Hostile(
        main(
            "Include a.conf\nInclude a.conf\n",
            **{
                "etc/apache2/a.conf": "Include b.conf\nInclude b.conf\n",
                "etc/apache2/b.conf": "Include a.conf\nInclude a.conf\n",
            },
        ),
        error="Exceeded maximum include depth of 128",
        kept=(),
    ),
    "a tree of Includes with 2**16 leaves": Hostile(
        main(
            "Include 0.conf\nInclude 0.conf\n",
            **{
                f"etc/apache2/{number}.conf": f"Include {number + 1}.conf\n" * 2
                for number in range(16)
            },
            **{"etc/apache2/16.conf": "Timeout 5\n"},
        ),
        error="tuner stops reading: more than 20000 files and macro uses",
        last="Timeout 5",
    ),
    "a macro that grows": Hostile(
        main(
            b"LoadModule macro_module x\n<Macro A $x>\n"
            + b"UnsetEnv $x $x\n" * 1000
            + b"</Macro>\n"
            + b"Use A aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n" * 1000
        ),
        error="tuner stops reading: more than 300000 directives",
    ),
    "a line of 16 MiB": Hostile(
        main(b"Timeout 5\nServerAlias " + b"a" * (16 * MIB - 100) + b"\nTimeout 6\n"),
        last="Timeout 6",
    ),
    "a quoted word of 16 MiB": Hostile(
        main(b'ServerAlias "' + b'\\"' * (8 * MIB - 100) + b"\nTimeout 6\n"), last="Timeout 6"
    ),
    "16 MiB of ${": Hostile(
        main(b"ServerAlias " + b"${" * (8 * MIB - 100) + b"\nTimeout 6\n"), last="Timeout 6"
    ),
    "16 MiB of continuations": Hostile(
        main(b"ServerAlias a" + b"\\\n" * (8 * MIB - 100) + b"\nTimeout 6\n"), last="Timeout 6"
    ),
    "16 MiB of short continued lines": Hostile(
        main(b"ServerAlias a" + b"a\\\n" * (4 * MIB) + b"\nTimeout 6\n"), last="Timeout 6"
    ),
    "a line that is too long": Hostile(
        main(b"Timeout 5\nServerAlias " + b"a" * 17 * MIB + b"\nTimeout 6\n"),
        error="Line too long",
        kept=("Timeout 5",),
    ),
    "a line that is too long in a false block": Hostile(
        main(NEVER.encode() + b"a" * 17 * MIB + b"\n</IfModule>\nTimeout 6\n"),
        error="Line too long",
        kept=(),
    ),
    "10,000 nested sections": Hostile(
        main("<Files a>\n" * DEEP + "Timeout 5\n" + "</Files>\n" * DEEP), last="Timeout 5"
    ),
    "10,000 nested sections that stay open": Hostile(
        main("<Files a>\n" * DEEP), error="<Files> was not closed.", last="<Files a>"
    ),
    "10,000 nested true blocks": Hostile(
        main("<IfModule core.c>\n" * DEEP + "Timeout 5\n" + "</IfModule>\n" * DEEP),
        kept=("Timeout 5",),
    ),
    "10,000 nested false blocks": Hostile(
        main(NEVER * DEEP + "Timeout 5\n" + "</IfModule>\n" * DEEP + "Timeout 6\n"),
        kept=("Timeout 6",),
    ),
    "10,000 Includes below 10,000 blocks": Hostile(
        main(
            "<IfModule core.c>\n" * DEEP + "Include a.inc\n" * DEEP + "</IfModule>\n" * DEEP,
            **{"etc/apache2/a.inc": "Timeout 5\n"},
        ),
        last="Timeout 5",
    ),
    "latin-1": Hostile(
        main("ServerAdmin J\u00fcrgen@example\n".encode("latin-1")),
        kept=("ServerAdmin J\udcfcrgen@example",),
    ),
    "broken UTF-8": Hostile(
        main(b"ServerName \xc3\nSetEnv \xed\xa0\x80 \xff\xfe\n"),
        kept=("ServerName \udcc3", "SetEnv \udced\udca0\udc80 \udcff\udcfe"),
    ),
    "a device": Hostile(
        main("Include /dev/zero\nTimeout 5\n"),
        error="Could not open configuration file /dev/zero: No such file or directory",
        kept=("Timeout 5",),
    ),
    "links out of the root": Hostile(
        main("Timeout 5\nInclude x.conf\nInclude y.conf\nInclude ../../../outside.conf\n"),
        error="Could not open configuration file /etc/apache2/x.conf: No such file",
        kept=("Timeout 5",),
        prepare=outside,
    ),
    "a catastrophic regular expression": Hostile(
        main("<IfVersion ~ ^(2+)+$>\nTimeout 5\n</IfVersion>\nTimeout 6\n"), kept=("Timeout 6",)
    ),
}


def run(root: Path, *options: str) -> subprocess.CompletedProcess[str]:
    first = UNPRIVILEGED if os.geteuid() == 0 else ()
    command = [*first, sys.executable, "-c", PROGRAM, "show", str(conf(root)), "--root", str(root)]
    return subprocess.run(
        [*command, *options],
        capture_output=True,
        text=True,
        cwd="/",
        env={
            **{"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "NO_COLOR": "1"},
            "PYTHONPATH": os.pathsep.join(sys.path),
        },
        stdin=subprocess.DEVNULL,
        timeout=300,
        check=False,
    )


def shown(record: dict[str, Any]) -> str:
    return f"{record['name']} {record['args']}".rstrip()


SLOW = ("a macro that grows",)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=name, marks=[pytest.mark.slow] if name in SLOW else [])
        for name, case in CASES.items()
    ],
)
def test_a_hostile_configuration_is_refused_or_read(case: Hostile, public_directory: Path) -> None:
    root = public_directory / "root"
    for name, content in case.files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    case.prepare(root)
    result = run(root, "--format", "json")
    assert result.stderr == ""
    document = json.loads(result.stdout)
    errors = [one["message"] for one in document["errors"] if one["fatal"]]
    if case.error or not errors:
        assert result.returncode == (1 if case.error else 0)
        assert case.error in (errors[0] if errors else "")
    tree = [
        shown(one) for one in document["directives"] if one["active"] and one["phase"] == "tree"
    ]
    if case.kept is not None:
        assert tuple(tree) == case.kept
    if case.last:
        assert tree[-1] == case.last


def test_a_hostile_configuration_never_reaches_the_terminal_raw(public_directory: Path) -> None:
    root = public_directory / "root"
    conf(root).mkdir(parents=True)
    (conf(root) / "apache2.conf").write_bytes(bytes(range(256)) * 64 + b"\nTimeout 5\n")
    result = run(root)
    assert result.stderr == ""
    assert all(char.isprintable() or char == "\n" for char in result.stdout)
    assert "Timeout 5" in result.stdout
