"""The httpd that is asked and run."""

import os
from pathlib import Path

import pytest

from tuner.apache.binary import Httpd, find_httpd


@pytest.mark.httpd
def test_a_relative_program_is_named_in_full(httpd: Httpd, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shadows run in other directories, where a relative path would mean something else."""
    monkeypatch.chdir("/")
    found = find_httpd(Path(os.path.relpath(httpd.path, "/")))
    assert found is not None
    assert found.path == httpd.path
