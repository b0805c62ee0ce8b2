"""The run directory."""

import json
from pathlib import Path

import pytest

from tuner.errors import TunerError, UsageError
from tuner.pipeline.record import SCHEMA_VERSION, RunRecord, read_run


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
    assert all(line["schema_version"] == SCHEMA_VERSION for line in lines)


def test_a_place_that_cannot_be_written_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TunerError, match="--run-dir"):
        RunRecord(tmp_path / "file/run", {}).append("trial")


def recorded(directory: Path) -> RunRecord:
    record = RunRecord(directory, {"main": "x"})
    record.append("trial", value=1)
    record.append("trial", value=2)
    return record


def test_a_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    recorded(tmp_path)
    assert [line.get("value") for line in read_run(tmp_path)] == [None, 1, 2]


def test_a_line_that_was_cut_off_is_left_out_and_more_can_be_appended(tmp_path: Path) -> None:
    record = recorded(tmp_path)
    record.path.write_bytes(record.path.read_bytes()[:-7])
    cut = record.path.read_bytes()
    assert [line.get("value") for line in read_run(tmp_path)] == [None, 1]
    assert record.path.read_bytes() == cut, "another tuner may be writing the rest of it"
    assert [line.get("value") for line in read_run(tmp_path, repair=True)] == [None, 1]
    RunRecord(tmp_path, None).append("trial", value=3)
    assert [line.get("value") for line in read_run(tmp_path)] == [None, 1, 3]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "No such file"),
        ("", "it has no start"),
        ("[1]\n", "line 1 is not an object"),
        ("{\n", "is not the record of a run"),
        ('{"kind": "trial"}\n', "it has no start"),
        ('{"kind": "start", "schema_version": 1}\n', "has schema 1"),
    ],
)
def test_what_is_not_a_run_is_refused(tmp_path: Path, content: str | None, message: str) -> None:
    if content is not None:
        (tmp_path / "trials.jsonl").write_text(content)
    with pytest.raises(UsageError, match=message):
        read_run(tmp_path)


def test_a_new_run_does_not_begin_where_another_is_recorded(tmp_path: Path) -> None:
    before = recorded(tmp_path).path.read_text()
    with pytest.raises(UsageError, match="--resume"):
        RunRecord(tmp_path, {"main": "y"})
    assert (tmp_path / "trials.jsonl").read_text() == before


def test_a_record_is_for_its_owner_alone(tmp_path: Path) -> None:
    """It holds the headers and cookies that were sent."""
    assert recorded(tmp_path).path.stat().st_mode & 0o077 == 0


def test_two_runs_in_one_second_get_directories_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("time.strftime", lambda text: "20260101-000000")
    first = RunRecord(None, {"main": "x"})
    first.append("trial")
    second = RunRecord(None, {"main": "x"})
    assert second.directory.name == "20260101-000000-2"
