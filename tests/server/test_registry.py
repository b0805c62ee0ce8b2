"""What a killed tuner leaves behind is ended by pid and start time, never by name."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tuner.server import places
from tuner.server.registry import end_leftovers, new_directory, record_httpd


@pytest.fixture(autouse=True)
def own_temporary_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep these shadows apart from real ones."""
    directory = tmp_path / "t"
    directory.mkdir()
    monkeypatch.setenv("TMPDIR", str(directory))
    if len(str(directory)) > places._MAX_PARENT_CHARACTERS:
        monkeypatch.setattr(places, "_MAX_PARENT_CHARACTERS", 200)


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process that leads its own group, with a child in it: a stand-in for httpd."""
    process = subprocess.Popen(["sh", "-c", "sleep 60 & sleep 60"], start_new_session=True)
    while len(psutil.Process(process.pid).children()) < 2:
        pass
    yield process
    if process.poll() is None:
        os.killpg(process.pid, 9)
        process.wait()


def rewrite_owner(directory: Path, **fields: object) -> None:
    path = directory / "owner.json"
    owner = json.loads(path.read_text())
    path.write_text(json.dumps({**owner, **fields}))


DEAD = [2**22 - 1, 1.0]
"""A pid above the kernel's limit for pids: nobody."""


def test_a_leftover_is_ended_with_its_group_and_removed(
    sleeper: subprocess.Popen[bytes],
) -> None:
    directory = new_directory()
    record_httpd(directory, sleeper.pid)
    rewrite_owner(directory, tuner=DEAD)
    group = psutil.Process(sleeper.pid).children()
    (said,) = end_leftovers()
    assert str(directory) in said
    assert not directory.exists()
    sleeper.wait(timeout=5)
    assert group
    assert psutil.wait_procs(group, timeout=10)[1] == []


def test_the_shadow_of_a_living_tuner_is_left_alone(sleeper: subprocess.Popen[bytes]) -> None:
    directory = new_directory()
    record_httpd(directory, sleeper.pid)
    assert end_leftovers() == []
    assert directory.exists()
    assert sleeper.poll() is None


def test_a_process_that_took_over_the_pid_is_not_touched(
    sleeper: subprocess.Popen[bytes],
) -> None:
    directory = new_directory()
    later = psutil.Process(sleeper.pid).create_time() + 1000
    rewrite_owner(directory, tuner=DEAD, httpd=[sleeper.pid, later])
    assert len(end_leftovers()) == 1
    assert sleeper.poll() is None


def test_a_directory_of_somebody_else_is_not_followed(tmp_path: Path) -> None:
    base = places.base_directory()
    base.symlink_to(tmp_path)
    assert places.shadow_directories() == []


def test_nothing_is_left_after_the_last_shadow() -> None:
    directory = new_directory()
    rewrite_owner(directory, tuner=DEAD)
    end_leftovers()
    assert not places.base_directory().exists()
