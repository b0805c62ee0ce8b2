"""The space: levels, settings of a point, what memory allows."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.search.surfaces import GB, MB, daemon_space, embedded_space
from tuner.capacity.front import workers_for_daemons
from tuner.capacity.memory import memory_need
from tuner.capacity.settings import GroupSettings
from tuner.search.space import Point

PROPERTY = settings(deadline=None, max_examples=200, derandomize=True)


def test_the_search_starts_from_today() -> None:
    assert daemon_space(processes=3, threads=7).start == Point(processes=3, threads=7)
    assert embedded_space(workers=150).start == Point(processes=150, threads=1)


def test_a_point_sets_the_searched_group_and_leaves_the_others() -> None:
    space = daemon_space()
    other = GroupSettings(name="other", processes=2, threads=3)
    today = space.today.model_copy(update={"groups": (other, *space.today.groups)})
    found = space.model_copy(update={"today": today}).settings(Point(processes=8, threads=10))
    assert found.groups == (other, GroupSettings(name="app", processes=8, threads=10))


@pytest.mark.parametrize(
    ("point", "workers"),
    [
        (Point(processes=1, threads=5), 400),
        (Point(processes=10, threads=25), 400),
        (Point(processes=12, threads=25), 475),
        (Point(processes=64, threads=128), 12_300),
    ],
)
def test_the_front_grows_with_the_daemons_and_never_shrinks(point: Point, workers: int) -> None:
    found = daemon_space().settings(point)
    assert found.front.max_request_workers == workers
    assert found.front.max_request_workers >= workers_for_daemons(found.daemon_capacity)


def test_an_embedded_pool_is_held_open() -> None:
    found = embedded_space(workers=150).settings(Point(processes=12, threads=1))
    front = found.front
    assert (front.max_request_workers, front.start_servers) == (12, 12)
    assert (front.min_spare, front.max_spare) == (12, 13)


def test_a_front_without_an_application_keeps_its_spare_settings() -> None:
    space = embedded_space(workers=150).model_copy(update={"fixed_pool": False})
    front = space.settings(Point(processes=100, threads=1)).front
    assert front.max_request_workers == 100
    assert (front.start_servers, front.min_spare, front.max_spare) == (5, 5, 10)


def test_memory_allows_what_fits_the_budget() -> None:
    space = daemon_space(each=100 * MB, budget=600 * MB)
    allowed = [space.allows(Point(processes=number, threads=5)) for number in range(1, 9)]
    assert allowed == [True] * 5 + [False] * 3


@PROPERTY
@given(st.integers(1, 64), st.integers(1, 128), st.integers(1, 4000))
def test_what_is_allowed_is_what_the_memory_model_says(
    processes: int, threads: int, budget: int
) -> None:
    space = daemon_space(budget=budget * MB)
    point = Point(processes=processes, threads=threads)
    need = memory_need(space.settings(point), space.costs).size_bytes
    assert space.allows(point) == (need <= budget * MB)


@pytest.mark.parametrize(
    ("cores", "processes", "levels"),
    [
        (1, 1, (1, 2, 3)),
        (4, 1, (1, 2, 3, 4, 5, 6, 8)),
        (4, 20, (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20)),
        (64, 1, (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64)),
    ],
)
def test_levels_of_processes_reach_twice_the_cores_or_today(
    cores: int, processes: int, levels: tuple[int, ...]
) -> None:
    assert daemon_space(cores=cores, processes=processes).process_levels() == levels


@pytest.mark.parametrize(
    ("concurrency", "threads", "levels"),
    [
        (1, 1, (1,)),
        (10, 1, (1, 2, 3, 5, 8)),
        (10, 15, (1, 2, 3, 5, 8, 12, 15)),
        (1, 0, (1,)),
    ],
)
def test_levels_of_threads_reach_the_load_or_today(
    concurrency: int, threads: int, levels: tuple[int, ...]
) -> None:
    assert daemon_space(concurrency=concurrency, threads=threads).thread_levels() == levels


def test_levels_of_a_prefork_front_have_a_worker_for_every_client() -> None:
    space = embedded_space(concurrency=10)
    assert space.process_levels() == (10, 12, 16, 20)
    assert space.thread_levels() == (1,)


def test_a_front_that_memory_makes_too_small_for_its_clients_is_as_large_as_fits() -> None:
    space = embedded_space(concurrency=100, each=100 * MB, budget=1 * GB)
    assert space.process_levels() == (10,)


def test_levels_of_a_small_front_leave_something_to_try() -> None:
    assert embedded_space(concurrency=1).process_levels() == (1, 2, 3, 4)


def test_levels_of_a_threaded_front_are_whole_processes() -> None:
    space = daemon_space(concurrency=100).model_copy(update={"group": None})
    assert space.process_levels() == (4, 6, 8)
    assert space.thread_levels() == (25,)


@PROPERTY
@given(st.integers(1, 2000), st.integers(1, 128), st.integers(1, 1024))
def test_there_is_always_a_level_and_they_rise(concurrency: int, cores: int, workers: int) -> None:
    spaces = [
        daemon_space(concurrency=concurrency, cores=cores, processes=workers, budget=GB),
        daemon_space(concurrency=concurrency).model_copy(update={"group": None}),
        embedded_space(concurrency=concurrency, workers=workers),
    ]
    for space in spaces:
        for levels in (space.process_levels(), space.thread_levels()):
            assert levels
            assert list(levels) == sorted(set(levels))
            assert levels[0] >= 1
