"""Real trees and golden cases whose truth was made with the real httpd 2.4.71.

The corpus lies beside the checkout and is not part of it.
"""

import gzip
import json
import os
import shutil
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.apache.trees import VERSION, Case, load, write
from tuner.apache.environment import DEBIAN_DEFAULTS
from tuner.apache.reading.options import ReadOptions
from tuner.apache.reading.reader import read_configuration
from tuner.apache.syntax.words import encode
from tuner.apache.tree import Configuration

CORPUS = Path(os.environ.get("TUNER_CORPUS") or Path(__file__).parents[3] / "shared/corpus")

SERVER_ROOTS = {
    "/etc/apache2/apache2.conf": "/etc/apache2",
    "/etc/httpd/conf/httpd.conf": "/etc/httpd",
    "/usr/local/apache2/conf/httpd.conf": "/usr/local/apache2",
}

MISSING = ("Could not open configuration file ", "Include/IncludeOptional: ")
"""How messages about files begin that are missing upstream."""

Row = tuple[int, str, int | None, str, str]
"""Depth, file, line, name and arguments; every byte one character."""


@cache
def records(name: str) -> tuple[dict[str, Any], ...]:
    path = CORPUS / name
    return tuple(json.loads(path.read_text("utf-8"))) if path.is_file() else ()


def every(name: str) -> pytest.MarkDecorator:
    """One test for every record of a file; one that is skipped where the file is missing."""
    found = [pytest.param(one, id=one["id"]) for one in records(name)]
    reason = f"the corpus is not installed in {CORPUS}"
    absent = pytest.param({}, id="absent", marks=pytest.mark.skip(reason=reason))
    return pytest.mark.parametrize("record", found or [absent])


def byte_text(text: str) -> str:
    return encode(text).decode("latin-1")


def copy_tree(identity: str, target: Path) -> None:
    """Copy a tree; its symbolic links are stored as files that hold their target."""
    shutil.copytree(CORPUS / identity / "tree", target, symlinks=True)
    target.chmod(0o755)
    for path in sorted(target.rglob("*")):
        if path.is_dir():
            path.chmod(0o755)
        if path.is_symlink() or not path.is_file() or path.stat().st_size > 200:
            continue
        text = path.read_text("latin-1")
        is_link = text and "\n" not in text and not text.startswith("/")
        if is_link and (path.parent / text).exists():
            path.unlink()
            path.symlink_to(text)


def oracle(identity: str) -> list[Row]:
    with gzip.open(CORPUS / "oracle" / f"{identity}.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [(row["depth"], row["file"], row["line"], row["name"], row["args"]) for row in rows]


def rows_of(configuration: Configuration) -> list[Row]:
    return [
        (one.depth, byte_text(one.file), one.line, byte_text(one.name), byte_text(one.args))
        for one in configuration.tree
    ]


@every("TRUTH.json")
def test_a_real_tree_is_read_as_httpd_reads_it(record: dict[str, Any], tmp_path: Path) -> None:
    root = tmp_path / "tree"
    copy_tree(record["id"], root)
    main = record["main"]
    options = ReadOptions(
        server_root=SERVER_ROOTS.get(main, str(Path(main).parent.parent)),
        defines=tuple(record["defines"]),
        environment={**DEBIAN_DEFAULTS, **record["env"]},
        static_modules=tuple(record["static_modules"]),
        root=root,
        httpd_version=VERSION,
    )
    configuration = read_configuration(main, options)
    assert rows_of(configuration) == oracle(record["id"])
    # The oracle tolerated LoadModule of a static module and had stand-ins for missing files.
    errors = [one for one in configuration.fatal_errors if "is built-in" not in one.message]
    if record["missing_includes"]:
        errors = [one for one in errors if not one.message.startswith(MISSING)]
    assert bool(errors) is not record["read_ok"]


@every("traps.json")
def test_a_trap_is_read_as_httpd_reads_it(record: dict[str, Any], tmp_path: Path) -> None:
    contents = {name: text.encode("latin-1") for name, text in record["files"].items()}
    write(
        tmp_path,
        Case(contents, links=record["symlinks"], directories=tuple(record["mkdir"])),
    )
    arguments = record["args"]
    options = ReadOptions(
        server_root=str(tmp_path),
        defines=tuple(b for a, b in pairwise(arguments) if a == "-D"),
        before=load(record["modules"]),
        environment=record["env"],
        httpd_version=VERSION,
    )
    configuration = read_configuration(f"{tmp_path}/{record['main']}", options)
    if not record["read_ok"]:
        assert configuration.fatal_errors, record["read_message"]
        return
    assert configuration.fatal_errors == ()
    expected = [
        (row["depth"], row["file"], row["line"], row["name"], row["args"]) for row in record["tree"]
    ]
    assert [trap_row(row, tmp_path) for row in rows_of(configuration)] == expected


def trap_row(row: Row, root: Path) -> Row:
    """Write a row as the golden cases do: no line numbers in macros, ``$ROOT`` in arguments."""
    depth, file, line, name, args = row
    args = args.replace(str(root), "$ROOT")
    if file.startswith("macro "):
        return depth, "<macro>", None, name, args
    return depth, file.removeprefix(f"{root}/"), line, name, args
