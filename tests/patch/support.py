"""Small configurations on disk, and what edits make of them."""

import subprocess
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path

from tuner.apache.changes import Change
from tuner.apache.read import ReadRequest, read
from tuner.apache.tree import Configuration
from tuner.patch.edits import apply_edits
from tuner.patch.locate import locate

PREFORK = b"LoadModule mpm_prefork_module modules/mod_mpm_prefork.so\n"
EVENT = b"LoadModule mpm_event_module modules/mod_mpm_event.so\n"
WSGI = b"LoadModule wsgi_module modules/mod_wsgi.so\n"


def load(directory: Path, main: bytes, /, **request: object) -> Configuration:
    """Write ``httpd.conf`` into ``directory`` and read it; no error is allowed."""
    path = directory / "httpd.conf"
    path.write_bytes(main)
    configuration = read(ReadRequest(path=path, **request))  # type: ignore[arg-type]
    assert configuration.fatal_errors == ()
    return configuration


def edited(configuration: Configuration, changes: Iterable[Change]) -> Mapping[str, bytes]:
    """Return the files that ``locate`` changes, by name."""
    edits = sorted(locate(configuration, changes), key=lambda edit: str(edit.path))
    return {
        path.name: apply_edits(path, path.read_bytes(), group).after
        for path, group in groupby(edits, key=lambda edit: edit.path)
    }


def run(directory: Path, *command: str, stdin: bytes = b"") -> None:
    """Run a program in ``directory``; git finds no repository and no settings there."""
    done = subprocess.run(
        command,
        cwd=directory,
        input=stdin,
        capture_output=True,
        env={
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(directory),
            "GIT_CEILING_DIRECTORIES": str(directory.parent),
            "GIT_CONFIG_NOSYSTEM": "1",
            "LC_ALL": "C",
        },
        check=False,
    )
    assert done.returncode == 0, (done.stdout, done.stderr, stdin)
