"""Run the installed program as a user does."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.probe.conftest import server_url
from tuner.report.formats import Document
from tuner.report.schemas import schema_text

__all__ = ["server_url"]

Run = Callable[..., subprocess.CompletedProcess[str]]

COMMAND = [sys.executable, "-m", "tuner"]


def keeps_to_schema(document: Document, text: str) -> Any:
    """Check what a command printed against its published schema; return it as data."""
    data = json.loads(text)
    jsonschema.Draft202012Validator(json.loads(schema_text(document))).validate(data)
    return data


@pytest.fixture(scope="session")
def shadows() -> Iterator[Path]:
    """A place for shadow servers, apart from those of other tuners on this machine.

    Not below pytest's own directory, which the user of the server may not enter.
    """
    with tempfile.TemporaryDirectory(prefix="tuner-tests-") as path:
        Path(path).chmod(0o1777)
        yield Path(path)


@pytest.fixture(autouse=True)
def _shadows_are_looked_for_there(shadows: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(shadows))


@pytest.fixture
def environment(shadows: Path) -> dict[str, str]:
    """A scrubbed environment."""
    kept = ("PATH", "HOME", "PYTHONPATH", "VIRTUAL_ENV")
    return {
        **{name: os.environ[name] for name in kept if name in os.environ},
        "TMPDIR": str(shadows),
        "NO_COLOR": "1",
        "COLUMNS": "100",
        "LC_ALL": "C.UTF-8",
    }


@pytest.fixture
def tuner(environment: dict[str, str], tmp_path: Path) -> Run:
    """Run ``tuner ARGUMENTS`` in an empty directory."""

    def run(*arguments: object, timeout: float = 170) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *map(str, arguments)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            timeout=timeout,
            check=False,
        )

    return run
