"""The run directory."""

import json
from pathlib import Path

import pytest

from tuner.errors import TunerError
from tuner.pipeline.record import RunRecord


def test_nothing_is_written_before_the_first_measurement(tmp_path: Path) -> None:
    record = RunRecord(tmp_path / "run", {"main": "x"})
    assert not record.directory.exists()


def test_the_environment_comes_first_and_lines_are_complete(tmp_path: Path) -> None:
    record = RunRecord(tmp_path / "run", {"main": "x"})
    record.append("trial", value=1)
    record.append("trial", value=2)
    lines = [json.loads(line) for line in record.path.read_text().splitlines()]
    assert [line["kind"] for line in lines] == ["start", "trial", "trial"]
    assert [line.get("value") for line in lines] == [None, 1, 2]
    assert all(line["schema_version"] == 1 for line in lines)


def test_a_place_that_cannot_be_written_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TunerError, match="--run-dir"):
        RunRecord(tmp_path / "file/run", {}).append("trial")
