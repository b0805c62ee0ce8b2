"""Sizing the front: httpd has nothing left to correct."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuner.apache.effective.mpm import MpmSettings, mpm_settings
from tuner.apache.reading.options import ReadOptions
from tuner.apache.reading.reader import read_configuration
from tuner.capacity.front import hold_open, resize_front, workers_for_daemons
from tuner.capacity.settings import FrontSettings, current_settings

PROPERTY = settings(deadline=None, max_examples=300, derandomize=True)

NAMES = {
    "server_limit": "ServerLimit",
    "thread_limit": "ThreadLimit",
    "threads_per_child": "ThreadsPerChild",
    "max_request_workers": "MaxRequestWorkers",
    "start_servers": "StartServers",
}


def directives(front: FrontSettings) -> dict[str, int]:
    """Return what a configuration has to say for these settings."""
    spare = "Servers" if front.mpm == "prefork" else "Threads"
    names = {**NAMES, "min_spare": f"MinSpare{spare}", "max_spare": f"MaxSpare{spare}"}
    values = {name: getattr(front, field) for field, name in names.items()}
    return {name: value for name, value in values.items() if value is not None}


def as_httpd_reads(mpm: str, values: dict[str, int]) -> MpmSettings:
    """Return what httpd makes of a configuration that says ``values``."""
    lines = [f"LoadModule mpm_{mpm}_module modules/mod_mpm_{mpm}.so"]
    lines += [f"{name} {value}" for name, value in values.items()]
    main = "/nowhere/httpd.conf"
    configuration = read_configuration(
        main, ReadOptions("/nowhere"), {Path(main): "\n".join(lines).encode()}
    )
    assert configuration.errors == ()
    found = mpm_settings(configuration)
    assert found is not None
    return found


def front_of(mpm: str, values: dict[str, int]) -> FrontSettings:
    return current_settings(as_httpd_reads(mpm, values), ()).front


@st.composite
def fronts(draw: st.DrawFn) -> FrontSettings:
    """Draw today's front: what httpd makes of numbers that somebody wrote."""
    mpm = draw(st.sampled_from(["prefork", "worker", "event"]))
    spare = "Servers" if mpm == "prefork" else "Threads"
    written = {
        "ServerLimit": st.integers(0, 1000),
        "MaxRequestWorkers": st.integers(0, 3000),
        "StartServers": st.integers(0, 600),
        f"MinSpare{spare}": st.integers(0, 600),
        f"MaxSpare{spare}": st.integers(0, 1200),
    }
    if mpm != "prefork":
        written["ThreadLimit"] = st.integers(0, 300)
        written["ThreadsPerChild"] = st.integers(0, 300)
    values = draw(st.fixed_dictionaries({}, optional=written))
    return front_of(mpm, values)


WORKERS = st.integers(-5, 5000)


@PROPERTY
@given(fronts(), WORKERS)
def test_a_resized_front_leaves_httpd_nothing_to_correct(
    front: FrontSettings, workers: int
) -> None:
    wanted = resize_front(front, workers)
    found = as_httpd_reads(front.mpm, directives(wanted))
    assert found.clamps == ()
    assert current_settings(found, ()).front == wanted


@PROPERTY
@given(fronts(), WORKERS)
def test_a_front_that_is_held_open_leaves_httpd_nothing_to_correct(
    front: FrontSettings, workers: int
) -> None:
    wanted = hold_open(resize_front(front, workers))
    found = as_httpd_reads(front.mpm, directives(wanted))
    assert found.clamps == ()
    assert found.start_servers.effective == found.processes == wanted.processes
    assert found.min_spare.effective == found.workers
    assert found.max_spare.effective > found.workers


@PROPERTY
@given(fronts(), WORKERS)
def test_workers_are_rounded_up_to_whole_processes(front: FrontSettings, workers: int) -> None:
    wanted = resize_front(front, workers)
    assert wanted.threads == front.threads
    assert wanted.max_request_workers % wanted.threads == 0
    assert 0 <= wanted.max_request_workers - max(1, workers) < wanted.threads
    assert wanted.processes * wanted.threads == wanted.max_request_workers


@PROPERTY
@given(fronts(), WORKERS)
def test_what_need_not_change_stays(front: FrontSettings, workers: int) -> None:
    wanted = resize_front(front, workers)
    spare_processes = max(1, -(-wanted.processes // 4)) if front.mpm == "event" else 0
    needed = wanted.processes + spare_processes
    assert wanted.server_limit == max(front.server_limit, needed)
    assert wanted.start_servers == min(front.start_servers, wanted.processes)
    assert wanted.min_spare == min(front.min_spare, wanted.max_request_workers)
    assert wanted.max_spare == front.max_spare
    assert wanted.thread_limit == front.thread_limit


@PROPERTY
@given(fronts(), WORKERS)
def test_resizing_again_changes_nothing(front: FrontSettings, workers: int) -> None:
    once = resize_front(front, workers)
    assert resize_front(once, once.max_request_workers) == once
    assert hold_open(hold_open(once)) == hold_open(once)


@pytest.mark.parametrize(
    ("mpm", "values", "workers", "expected"),
    [
        ("prefork", {}, 500, {"MaxRequestWorkers": 500, "ServerLimit": 500}),
        ("prefork", {}, 100, {"MaxRequestWorkers": 100}),
        ("prefork", {}, 3, {"MaxRequestWorkers": 3, "StartServers": 3, "MinSpareServers": 3}),
        ("prefork", {"MaxRequestWorkers": 9}, 0, {"MaxRequestWorkers": 1, "StartServers": 1,
                                                  "MinSpareServers": 1}),
        ("worker", {}, 410, {"MaxRequestWorkers": 425, "ServerLimit": 17}),
        ("worker", {}, 400, {}),
        ("event", {}, 300, {"MaxRequestWorkers": 300}),
        ("event", {}, 400, {"ServerLimit": 20}),
        ("event", {}, 1000, {"MaxRequestWorkers": 1000, "ServerLimit": 50}),
        ("event", {"ServerLimit": 100}, 1000, {"MaxRequestWorkers": 1000}),
        ("event", {"ServerLimit": 1}, 75, {"MaxRequestWorkers": 75, "ServerLimit": 4}),
        ("event", {}, 10, {"MaxRequestWorkers": 25, "StartServers": 1, "MinSpareThreads": 25}),
    ],
)  # fmt: skip
def test_sizes(mpm: str, values: dict[str, int], workers: int, expected: dict[str, int]) -> None:
    today = front_of(mpm, values)
    before, after = directives(today), directives(resize_front(today, workers))
    assert {name: value for name, value in after.items() if value != before[name]} == expected


@pytest.mark.parametrize(
    ("capacity", "workers"),
    [(0, 20), (1, 20), (6, 20), (7, 20), (8, 22), (15, 32), (60, 100), (300, 460)],
)
def test_workers_for_daemons_follow_mod_wsgi_express(capacity: int, workers: int) -> None:
    assert workers_for_daemons(capacity) == workers
