"""The memory model: what settings need, and what fits."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuner.apache.effective.mpm import MpmName
from tuner.capacity.memory import (
    MemoryCosts,
    MemoryNeed,
    ProcessCost,
    fits,
    front_processes_that_fit,
    group_processes_that_fit,
    memory_need,
)
from tuner.capacity.settings import FrontSettings, GroupSettings, Settings

PROPERTY = settings(deadline=None, max_examples=300, derandomize=True)
MB = 2**20


def cost(size_bytes: int) -> ProcessCost:
    return ProcessCost(size_bytes=size_bytes, origin="measured", source="USS")


def costs(parent: int, front: int, shared: int = 0, **groups: int) -> MemoryCosts:
    return MemoryCosts(
        parent=cost(parent),
        front=cost(front),
        groups={name: cost(size) for name, size in groups.items()},
        shared_bytes=shared,
    )


def settings_of(processes: int, threads: int | None = None, **groups: tuple[int, int]) -> Settings:
    front = FrontSettings(
        mpm="prefork" if threads is None else "event",
        max_request_workers=processes * (threads or 1),
        server_limit=processes,
        start_servers=1,
        min_spare=1,
        max_spare=500,
        threads_per_child=threads,
        thread_limit=threads,
    )
    found = tuple(
        GroupSettings(name=name, processes=size[0], threads=size[1])
        for name, size in groups.items()
    )
    return Settings(front=front, groups=found)


def with_front(today: Settings, processes: int) -> Settings:
    workers = processes * today.front.threads
    front = today.front.model_copy(update={"max_request_workers": workers})
    return today.model_copy(update={"front": front})


def with_group(today: Settings, name: str, processes: int) -> Settings:
    groups = tuple(
        one.model_copy(update={"processes": processes}) if one.name == name else one
        for one in today.groups
    )
    return today.model_copy(update={"groups": groups})


def test_the_founding_example() -> None:
    need = memory_need(settings_of(500), costs(4 * MB, 40 * MB))
    assert need.size_bytes == 20_004 * MB
    assert need.formula == "1 x 4 MB parent + 500 x 40 MB front = 19.5 GB"


def test_every_process_counts_and_shared_memory_counts_once() -> None:
    found = settings_of(4, 25, app=(3, 15), other=(2, 5))
    need = memory_need(found, costs(4 * MB, 6 * MB, 30 * MB, app=100 * MB, other=50 * MB))
    assert [(one.name, one.processes, one.size_bytes // MB) for one in need.terms] == [
        ("parent", 1, 4),
        ("front", 4, 24),
        ("daemon app", 3, 300),
        ("daemon other", 2, 100),
        ("shared", 1, 30),
    ]
    assert need.size_bytes == 458 * MB
    assert need.formula.endswith("2 x 50 MB daemon other + 1 x 30 MB shared = 458 MB")


def test_threads_cost_no_process() -> None:
    model = costs(0, 10 * MB)
    assert memory_need(settings_of(4, 25), model) == memory_need(settings_of(4), model)


def test_a_group_of_unknown_cost_is_left_out() -> None:
    need = memory_need(settings_of(1, 25, app=(3, 15)), costs(1, 1))
    assert [one.name for one in need.terms] == ["parent", "front", "shared"]


@pytest.mark.parametrize(("budget", "fitting"), [(16_384, 409), (404, 10), (403, 9), (44, 1)])
def test_front_processes_that_fit(budget: int, fitting: int) -> None:
    found = front_processes_that_fit(settings_of(500), costs(4 * MB, 40 * MB), budget * MB)
    assert found == fitting


def test_at_least_one_process_is_left_even_where_nothing_fits() -> None:
    today, model = settings_of(500, app=(8, 15)), costs(4 * MB, 40 * MB, app=100 * MB)
    assert front_processes_that_fit(today, model, 0) == 1
    assert group_processes_that_fit(today, model, 0) == {"app": 1}


def test_a_process_that_costs_nothing_divides_nothing() -> None:
    today, model = settings_of(5, app=(8, 15)), costs(0, 0, app=0)
    assert front_processes_that_fit(today, model, 100) == 100
    assert group_processes_that_fit(today, model, 100) == {"app": 8}


SIZES = st.integers(1, 10_000)
TODAY = st.builds(
    lambda processes, threads, app, other: settings_of(processes, threads, app=app, other=other),
    st.integers(1, 500),
    st.none() | st.integers(1, 64),
    st.tuples(st.integers(1, 50), st.integers(1, 50)),
    st.tuples(st.integers(1, 50), st.integers(1, 50)),
)
COSTS = st.builds(
    lambda parent, front, shared, app, other: costs(parent, front, shared, app=app, other=other),
    *(SIZES, SIZES, SIZES, SIZES, SIZES),
)
BUDGETS = st.integers(0, 3_000_000)


@PROPERTY
@given(TODAY, COSTS, BUDGETS)
def test_the_front_processes_returned_fit_and_one_more_does_not(
    today: Settings, model: MemoryCosts, budget: int
) -> None:
    fitting = front_processes_that_fit(today, model, budget)
    assert fitting >= 1
    assert fits(with_front(today, fitting), model, budget) or fitting == 1
    assert not fits(with_front(today, fitting + 1), model, budget)


@PROPERTY
@given(TODAY, COSTS, BUDGETS)
def test_all_groups_shrink_together_until_they_fit(
    today: Settings, model: MemoryCosts, budget: int
) -> None:
    fitting = group_processes_that_fit(today, model, budget)
    for group in today.groups:
        assert 1 <= fitting[group.name] <= group.processes
    shrunk = today
    for name, processes in fitting.items():
        shrunk = with_group(shrunk, name, processes)
    assert fits(shrunk, model, budget) or set(fitting.values()) == {1}
    if fits(today, model, budget):
        assert shrunk == today


@PROPERTY
@given(TODAY, COSTS, BUDGETS)
def test_of_a_single_group_one_more_does_not_fit(
    today: Settings, model: MemoryCosts, budget: int
) -> None:
    alone = today.model_copy(update={"groups": today.groups[:1]})
    (name, fitting), *_ = group_processes_that_fit(alone, model, budget).items()
    if fitting < alone.groups[0].processes:
        assert not fits(with_group(alone, name, fitting + 1), model, budget)


def test_two_groups_share_what_there_is() -> None:
    today = settings_of(10, app=(10, 5), other=(10, 5))
    model = costs(4 * MB, 1 * MB, app=200 * MB, other=200 * MB)
    assert group_processes_that_fit(today, model, 3000 * MB) == {"app": 7, "other": 7}


@PROPERTY
@given(TODAY, COSTS)
def test_the_need_is_the_budget_that_it_fits(today: Settings, model: MemoryCosts) -> None:
    need = memory_need(today, model).size_bytes
    assert fits(today, model, need)
    assert not fits(today, model, need - 1)
    assert front_processes_that_fit(today, model, need) == today.front.processes


def rich_cost(size: int, **more: int) -> ProcessCost:
    return ProcessCost(size_bytes=size, origin="measured", source="USS", **more)


def sized(need: MemoryNeed, name: str) -> tuple[int, int]:
    (term,) = [one for one in need.terms if one.name == name]
    return term.processes, term.each_bytes


def test_requests_that_were_not_in_flight_are_added() -> None:
    model = MemoryCosts(
        parent=rich_cost(MB),
        front=rich_cost(MB, request_bytes=64, requests_seen=1),
        groups={"app": rich_cost(MB, request_bytes=64, requests_seen=6)},
    )
    need = memory_need(settings_of(4, 25, app=(2, 30)), model)
    assert sized(need, "requests in front") == (4 * 24, 64)
    assert sized(need, "requests in daemon app") == (2 * 24, 64)


def test_a_prefork_process_that_has_served_adds_no_request() -> None:
    model = costs(MB, MB).model_copy(
        update={"front": rich_cost(MB, request_bytes=64, requests_seen=1)}
    )
    names = [one.name for one in memory_need(settings_of(12), model).terms]
    assert names == ["parent", "front", "shared"]


def test_helpers_count_as_they_are() -> None:
    need = memory_need(settings_of(4), costs(MB, MB).model_copy(update={"helpers_bytes": 7}))
    assert sized(need, "helpers") == (1, 7)


def test_the_kernels_memory_counts_for_every_process() -> None:
    model = MemoryCosts(
        parent=rich_cost(MB, kernel_bytes=1),
        front=rich_cost(MB, kernel_bytes=10),
        groups={"app": rich_cost(MB, kernel_bytes=100)},
    )
    need = memory_need(settings_of(4, app=(2, 5)), model)
    assert sized(need, "kernel") == (1, 1 + 4 * 10 + 2 * 100)


def test_at_most_32_front_processes_load_an_application_at_once() -> None:
    model = MemoryCosts(
        parent=rich_cost(0),
        front=rich_cost(MB, import_bytes=10),
        groups={"app": rich_cost(MB, import_bytes=100)},
    )
    need = memory_need(settings_of(500, app=(40, 5)), model)
    assert sized(need, "loading in front") == (32, 10)
    assert sized(need, "loading in daemon app") == (40, 100)
    assert need.size_bytes - need.steady_bytes == 32 * 10 + 40 * 100
    assert sized(memory_need(settings_of(5), model), "loading in front") == (5, 10)


@pytest.mark.parametrize(
    ("mpm", "server_limit", "old"),
    [("event", 8, 2), ("event", 6, 0), ("event", 40, 6), ("worker", 6, 6), ("prefork", 300, 0)],
)
def test_old_processes_beside_new_ones(mpm: MpmName, server_limit: int, old: int) -> None:
    today = settings_of(6, None if mpm == "prefork" else 10)
    front = today.front.model_copy(update={"mpm": mpm, "server_limit": server_limit})
    need = memory_need(today.model_copy(update={"front": front}), costs(MB, 37 * MB))
    assert need.restart_bytes - need.steady_bytes == old * 37 * MB
    assert sum(one.processes for one in need.restart) == old


def test_the_equation_of_many_groups_shows_the_largest_and_sums_the_rest() -> None:
    names = [f"app{number}" for number in range(40)]
    today = settings_of(10, None, **dict.fromkeys(names, (1, 5)))
    sizes = {name: (400 if name == "app7" else 20) * MB for name in names}
    model = costs(4 * MB, 5 * MB, **sizes)
    need = memory_need(today, model)
    assert "1 x 400 MB daemon app7" in need.formula
    assert need.formula.count("daemon") == 11
    assert "+ 584 MB of 30 more" in need.formula
