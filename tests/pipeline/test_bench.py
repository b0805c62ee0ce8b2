"""The bench gives back what was recorded, and takes back what no longer counts."""

from pathlib import Path

import pytest

from tests.pipeline.measured import Make
from tuner.errors import ServerError
from tuner.pipeline.record import read_run
from tuner.pipeline.replay import Replay, in_force

pytestmark = pytest.mark.httpd

HELLO = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""


def test_a_server_that_did_not_start_is_not_started_again(
    laboratory: Make, public_directory: Path, tmp_path: Path
) -> None:
    made = laboratory(HELLO)
    script = public_directory / "app.wsgi"
    script.write_text("broken")
    with pytest.raises(ServerError, match="answers 500") as first:
        made.bench.measure(made.configuration, made.today, (8,), "trial")
    script.write_text(HELLO)
    made.bench.measure(made.configuration, made.today, (8,), "trial")
    made.bench.replay = Replay(read_run(tmp_path / "run"))
    made.calibrate()
    with pytest.raises(ServerError) as second:
        made.bench.measure(made.configuration, made.today, (8,), "trial")
    assert str(second.value) == str(first.value)
    assert made.bench.replay.upcoming == "trial"


def test_another_course_of_events_takes_back_the_rest(laboratory: Make, tmp_path: Path) -> None:
    made = laboratory(HELLO)
    made.bench.measure(made.configuration, made.today, (8,), "trial")
    made.bench.measure(made.configuration, made.today, (8,), "race-today")
    path = tmp_path / "run"
    made.bench.replay = Replay(read_run(path))
    made.calibrate()
    made.bench.measure(made.configuration, made.today, (4,), "trial")
    kinds = [line["kind"] for line in in_force(read_run(path)) if "probe" in line]
    assert kinds == ["calibration", "trial"]
    assert [line["kind"] for line in read_run(path)].count("cut") == 1
    made.bench.replay = Replay(read_run(path))
    made.calibrate()
    (given_back,) = made.bench.measure(made.configuration, made.today, (4,), "trial")
    assert given_back.probe.concurrency == 4
