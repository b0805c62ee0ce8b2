"""A run that goes on gets what was measured, in order, and nothing else."""

from typing import Any

from tests.search.surfaces import daemon_space
from tuner.pipeline.replay import CUT, Replay, in_force
from tuner.search.space import Point

SPACE = daemon_space()
SMALL = SPACE.settings(Point(processes=1, threads=5))
LARGE = SPACE.settings(Point(processes=4, threads=5))


def line(kind: str, elapsed: float, settings: Any = SMALL, concurrency: int = 64) -> dict[str, Any]:
    return {
        "kind": kind,
        "elapsed_seconds": elapsed,
        "settings": settings.model_dump(mode="json"),
        "probe": {"concurrency": concurrency},
    }


def test_what_is_asked_for_in_the_same_order_is_given_back() -> None:
    replay = Replay([{"kind": "start"}, line("trial", 1.0), line("trial", 2.0, LARGE)])
    assert [one["elapsed_seconds"] for one in replay.take("trial", SMALL, (64,))] == [1.0]
    assert [one["elapsed_seconds"] for one in replay.take("trial", LARGE, (64,))] == [2.0]
    assert replay.take("trial", LARGE, (64,)) == []


def test_lines_without_a_probe_are_no_measurements() -> None:
    result = {"kind": "beside-daemon-result", "trial": {}}
    replay = Replay([line("beside-daemon-trial", 1.0), result, line("beside-daemon-trial", 2.0)])
    assert replay.take("beside-daemon-trial", SMALL, (64,))
    assert replay.take("beside-daemon-trial", SMALL, (64,))


def test_what_failed_then_and_was_not_recorded_does_not_end_the_replay() -> None:
    replay = Replay([line("trial", 1.0)])
    assert replay.take("trial", LARGE, (64,)) == []
    assert replay.take("trial", SMALL, (64,))


def test_part_of_a_group_is_not_given_back() -> None:
    replay = Replay([line("overload", 1.0, concurrency=64), line("overload", 2.0, concurrency=96)])
    assert replay.take("overload", SMALL, (64, 96, 128)) == []


def test_half_a_round_does_not_continue_a_race() -> None:
    replay = Replay([line("race-today", 1.0), line("race-a", 2.0), line("race-a", 3.0)])
    assert replay.continues(["race-today", "race-a"])
    assert replay.take("race-today", SMALL, (64,))
    assert replay.take("race-a", SMALL, (64,))
    assert not replay.continues(["race-a", "race-today"])


def test_what_failed_fails_again_without_a_new_try() -> None:
    failed = {**line("overload", 2.0), "error": "ServerError"}
    del failed["probe"]
    replay = Replay([line("overload", 1.0), failed, line("overload", 3.0)])
    first, second = replay.take("overload", SMALL, (64, 96, 128))
    assert (first["elapsed_seconds"], second["error"]) == (1.0, "ServerError")
    assert replay.upcoming == "overload"


def test_what_failed_last_is_tried_again_and_taken_back() -> None:
    failed = {**line("trial", 2.0), "error": "ServerError"}
    del failed["probe"]
    replay = Replay([line("calibration", 1.0), failed])
    assert replay.take("calibration", SMALL, (64,))
    assert replay.take("trial", SMALL, (64,)) == []
    assert replay.end() == 1
    assert replay.end() is None


def test_what_was_taken_back_is_not_replayed() -> None:
    """A run went on after two measurements; the third had been one of a cut off group."""
    first = [line("trial", 1.0), line("trial", 2.0, LARGE), line("overload", 3.0)]
    cut = {"kind": CUT, "kept": 2}
    lines = [{"kind": "start"}, *first, cut, line("overload", 9.0), {"kind": "end"}]
    times = [one.get("elapsed_seconds") for one in in_force(lines)]
    assert times == [None, 1.0, 2.0, 9.0, None]
    again = [*lines, {"kind": CUT, "kept": 1}, line("trial", 20.0)]
    assert [one.get("elapsed_seconds") for one in in_force(again)] == [None, 1.0, None, 20.0]


def test_ending_tells_how_much_was_given_back_where_more_was_left() -> None:
    replay = Replay([line("trial", 1.0), line("trial", 2.0, LARGE)])
    replay.take("trial", SMALL, (64,))
    assert replay.end() == 1
    assert replay.end() is None
    assert replay.upcoming is None


def test_the_time_is_the_recorded_one_until_the_record_ends() -> None:
    replay = Replay([line("trial", 100.0), line("trial", 200.0)])
    assert replay.elapsed_seconds == 0
    replay.take("trial", SMALL, (64,))
    assert replay.elapsed_seconds == 100
    replay.take("trial", SMALL, (64,))
    assert 200 <= replay.elapsed_seconds < 260


def test_a_new_run_takes_its_time_from_the_clock() -> None:
    replay = Replay()
    first = replay.elapsed_seconds
    assert 0 <= first <= replay.elapsed_seconds < 60
