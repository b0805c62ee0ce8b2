"""Build a patch: locate, edit, verify, diff, and say in its header what it does."""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from tuner.apache.changes import Change, RestartClass, restart_class
from tuner.apache.tree import Configuration
from tuner.errors import PatchError
from tuner.patch.diff import unified_diff
from tuner.patch.edits import Edit, FileChange, apply_edits
from tuner.patch.locate import locate
from tuner.patch.verify import verify

ConfigTest = Callable[[Configuration, Sequence[FileChange]], str]
"""Runs httpd's own test on the patched tree; returns what it says for the header.
Raises PatchError when httpd refuses it."""


@dataclass(frozen=True, slots=True)
class Patch:
    """A verified patch."""

    text: bytes
    base: Path
    """The directory that the paths in the patch are relative to."""
    files: tuple[FileChange, ...]
    changes: tuple[Change, ...]
    restart: RestartClass
    configtest: str
    patched: Configuration


def build_patch(
    configuration: Configuration,
    changes: Iterable[Change],
    reasons: Sequence[str],
    configtest: ConfigTest | None = None,
    base: Path | None = None,
) -> Patch:
    """Build and verify a patch; ``reasons`` become its header.

    Raises:
        PatchError: a change cannot be made safely, or does not have its effect.
    """
    wanted = tuple(changes)
    files = _apply(configuration, locate(configuration, wanted))
    if not files:
        raise PatchError("there is nothing to change")
    patched = verify(configuration, files, wanted)
    tested = configtest(patched, files) if configtest else "not run: no httpd here"
    directory = base or _base(configuration, files)
    restart = restart_class(wanted)
    header = _header(reasons, files, directory, restart, tested)
    diffs = [
        unified_diff(change, os.path.relpath(change.path, directory))
        for change in sorted(files, key=lambda change: str(change.path))
    ]
    return Patch(
        text=b"".join([header, *diffs]),
        base=directory,
        files=files,
        changes=wanted,
        restart=restart,
        configtest=tested,
        patched=patched,
    )


def _apply(configuration: Configuration, edits: Iterable[Edit]) -> tuple[FileChange, ...]:
    data = {one.real: one.data for one in configuration.sources if one.real is not None}
    ordered = sorted(edits, key=lambda edit: str(edit.path))
    changes = [
        apply_edits(path, data[path], group)
        for path, group in groupby(ordered, key=lambda edit: edit.path)
    ]
    return tuple(change for change in changes if change.before != change.after)


def _base(configuration: Configuration, files: Sequence[FileChange]) -> Path:
    """Choose what paths are relative to: ``--root``, the current directory, or ``/``."""
    if configuration.root is not None:
        return configuration.root.resolve()
    here = Path.cwd().resolve()
    if all(change.path.is_relative_to(here) for change in files):
        return here
    return Path("/")


def _header(
    reasons: Sequence[str],
    files: Sequence[FileChange],
    base: Path,
    restart: RestartClass,
    tested: str,
) -> bytes:
    binary = " --binary" if any(b"\r\n" in change.before for change in files) else ""
    restart_notes = {
        "graceful": "a graceful restart (apachectl graceful)",
        "restart": "a restart (apachectl restart); graceful is not enough",
        "stop+start": "a stop and a start; httpd ignores ServerLimit, ThreadLimit and "
        "ListenBacklog on any restart",
    }
    lines = [
        *reasons,
        f"In force after {restart_notes[restart]}.",
        "Any restart ends requests that mod_wsgi daemons are serving after 3 seconds.",
        f"httpd -t on the patched configuration: {tested}",
        f"Apply:     patch -p1{binary} -d {base} < THIS_FILE",
        f"Roll back: patch -R -p1{binary} -d {base} < THIS_FILE",
    ]
    shown = [f"# {line}" if line else "#" for text in lines for line in text.split("\n")]
    return ("\n".join(shown) + "\n").encode("utf-8", "surrogateescape")


def write_patch(patch: Patch, path: Path) -> None:
    """Write a patch completely or not at all.

    Raises:
        PatchError: the file cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(patch.text)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise PatchError(f"{path}: {error.strerror}") from error
