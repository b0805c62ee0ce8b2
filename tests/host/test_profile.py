"""Memory by role: what one more process costs."""

import pytest

from tuner.host.processes import Metric, ProcessMemory, Role
from tuner.host.profile import MemoryProfile, summarise

MIB = 2**20


def process(
    uss: float,
    role: Role = "front",
    group: str | None = None,
    *,
    pss: float | None = -1,
    rss: float = 0,
    swap: float = 0,
    metric: Metric = "uss",
) -> ProcessMemory:
    """A process with sizes in MiB; its PSS is its USS where nothing else is said."""
    known = uss if pss == -1 else pss
    return ProcessMemory(
        pid=1,
        create_time=0.0,
        role=role,
        group=group,
        uss_bytes=int(uss * MIB),
        pss_bytes=None if known is None else int(known * MIB),
        rss_bytes=int(rss * MIB),
        swap_bytes=int(swap * MIB),
        threads=1,
        cpu_seconds=0.0,
        metric=metric,
    )


def test_processes_are_grouped_by_role_and_group() -> None:
    profile = summarise(
        [
            process(3, "parent"),
            process(10),
            process(40, "daemon", "shop"),
            process(20, "daemon", "blog"),
            process(44, "daemon", "shop"),
            process(30, "daemon"),
            process(1, "other"),
        ]
    )
    assert [(one.role, one.group, one.processes) for one in profile.roles] == [
        ("daemon", None, 1),
        ("daemon", "blog", 1),
        ("daemon", "shop", 2),
        ("front", None, 1),
        ("other", None, 1),
        ("parent", None, 1),
    ]
    shop = profile.of("daemon", "shop")
    assert shop is not None
    assert (shop.uss_max_bytes, shop.uss_median_bytes) == (44 * MIB, 42 * MIB)
    assert profile.of("daemon", "nope") is None
    assert profile.of("front", "shop") is None


@pytest.mark.parametrize(
    ("sizes", "warm", "high", "median"),
    [
        ([10], 1, 10, 10),
        ([10, 30], 1, 30, 20),
        ([15, 30], 2, 30, 22.5),
        ([14.5, 30], 1, 30, 22.25),
        ([5, 5, 5, 40], 1, 40, 5),
        ([40, 5, 41, 42], 3, 42, 40.5),
        (list(range(21, 41)), 20, 39, 30.5),
        (list(range(101, 201)), 100, 195, 150.5),
    ],
)
def test_one_more_process_costs_what_warm_ones_cost(
    sizes: list[float], warm: int, high: float, median: float
) -> None:
    (role,) = summarise([process(size) for size in sizes]).roles
    assert (role.processes, role.warm_processes) == (len(sizes), warm)
    assert role.uss_high_bytes == high * MIB
    assert role.uss_median_bytes == median * MIB
    assert role.uss_max_bytes == max(sizes) * MIB


def test_shared_pages_count_once() -> None:
    profile = summarise([process(10, pss=12), process(10, pss=13), process(3, "parent", pss=4)])
    assert profile.shared_bytes == 6 * MIB
    assert profile.pss_sum_bytes == 29 * MIB


def test_shared_pages_are_at_least_those_of_one_process() -> None:
    # Another server maps the same libraries, so that little of them is this one's share.
    profile = summarise([process(10, pss=10.5, rss=18), process(30, pss=30.5, rss=37, swap=1)])
    assert profile.shared_bytes == 8 * MIB
    assert summarise([process(10, pss=None, rss=17)]).shared_bytes == 7 * MIB


def test_swap_is_part_of_uss_but_not_of_pss() -> None:
    profile = summarise([process(10, pss=9, swap=3)])
    assert profile.shared_bytes == 2 * MIB


def test_shared_memory_is_never_negative() -> None:
    assert summarise([process(10, pss=9)]).shared_bytes == 0


def test_without_the_right_to_read_pss_the_sum_is_not_known() -> None:
    profile = summarise([process(10, pss=12), process(10, pss=None, metric="anonymous")])
    (role,) = profile.roles
    assert role.pss_sum_bytes is None
    assert role.metric == "anonymous"
    assert profile.pss_sum_bytes is None
    assert profile.shared_bytes == 2 * MIB


def test_one_role_without_pss_makes_the_whole_unknown() -> None:
    profile = summarise([process(10, pss=12), process(3, "parent", pss=None)])
    front = profile.of("front")
    assert front is not None
    assert front.pss_sum_bytes == 12 * MIB
    assert profile.pss_sum_bytes is None


def test_the_largest_rss_is_kept() -> None:
    (role,) = summarise([process(1, rss=30), process(2, rss=50), process(3, rss=40)]).roles
    assert role.rss_max_bytes == 50 * MIB


def test_no_process_gives_an_empty_profile() -> None:
    assert summarise([]) == MemoryProfile(roles=(), shared_bytes=0)
    assert summarise([]).pss_sum_bytes == 0
