"""Warm or cold: what tells whether a process has loaded what it serves."""

import pytest

from tuner.host.processes import ProcessMemory, Role
from tuner.host.warmth import Loading, judged

MB = 2**20


def process(
    uss: float,
    role: Role = "front",
    group: str | None = None,
    *,
    threads: int = 1,
    cpu: float = 1.0,
    requests: int | None = None,
    worker: float | None = None,
    slices: int | None = None,
) -> ProcessMemory:
    return ProcessMemory(
        pid=1,
        create_time=0.0,
        role=role,
        group=group,
        uss_bytes=int(uss * MB),
        pss_bytes=None,
        rss_bytes=int(uss * MB),
        swap_bytes=0,
        threads=threads,
        cpu_seconds=cpu,
        metric="uss",
        requests=requests,
        worker_seconds=worker,
        time_slices=slices,
    )


@pytest.mark.parametrize(
    ("one", "warmth", "reason"),
    [
        (process(30, requests=0, slices=90), "cold", "no request yet"),
        (process(30, requests=4, slices=5), "warm", "4 requests"),
        (process(30, threads=12, worker=0.0001), "cold", "none of its threads"),
        (process(30, threads=12, worker=0.02), "warm", "threads have worked"),
        (process(30, slices=10), "cold", "run only 10 times"),
        (process(30, slices=60), "warm", "run 60 times"),
        (process(30), "unknown", "cannot be read"),
        (process(30, threads=12), "unknown", "cannot be read"),
    ],
)
def test_a_process_alone_in_its_role(one: ProcessMemory, warmth: str, reason: str) -> None:
    (found,) = judged([one])
    assert found.warmth == warmth
    assert reason in found.warmth_reason


def test_a_process_below_half_of_its_largest_sibling_is_cold() -> None:
    found = judged([process(36, slices=90), process(17, slices=90), process(19, slices=90)])
    assert [one.warmth for one in found] == ["warm", "cold", "warm"]


def test_siblings_are_those_of_the_same_group() -> None:
    big, small = process(60, "daemon", "a", slices=90), process(8, "daemon", "b", slices=90)
    assert [one.warmth for one in judged([big, small])] == ["warm", "warm"]


def test_static_requests_load_no_application() -> None:
    one = process(3.6, requests=9, cpu=0.03)
    loading = Loading(serving=frozenset({None}))
    assert judged([one], loading)[0].warmth == "cold"
    assert judged([one])[0].warmth == "warm"


@pytest.mark.parametrize(("requests", "warmth"), [(None, "warm"), (1, "warm"), (0, "cold")])
def test_a_front_process_larger_than_python_has_loaded_its_application(
    requests: int | None, warmth: str
) -> None:
    one = process(36, requests=requests, slices=4, cpu=0.07)
    assert judged([one], Loading(serving=frozenset({None})))[0].warmth == warmth


def test_a_small_application_is_warm_once_it_has_worked() -> None:
    one = process(4.2, requests=900, cpu=0.4)
    assert judged([one], Loading(serving=frozenset({None})))[0].warmth == "warm"


def test_a_daemon_that_has_served_a_small_application_is_warm() -> None:
    loading = Loading(serving=frozenset({"a"}))
    served = process(3.8, "daemon", "a", threads=6, cpu=0.03, worker=0.004)
    idle = process(3.8, "daemon", "a", threads=6, cpu=0.03, worker=0.0001)
    assert [one.warmth for one in judged([served, idle], loading)] == ["warm", "cold"]


def test_what_is_loaded_at_start_needs_no_request() -> None:
    one = process(30, "daemon", "a", threads=18, worker=0.0)
    loading = Loading(serving=frozenset({"a"}), preloaded=frozenset({"a"}))
    assert judged([one], loading)[0].warmth == "warm"
    assert judged([one], Loading(serving=frozenset({"a"})))[0].warmth == "cold"


def test_a_daemon_of_unknown_group_is_not_taken_for_the_front() -> None:
    one = process(3, "daemon", None, cpu=0.01, slices=90)
    loading = Loading(serving=frozenset({None}), preloaded=frozenset({None}))
    assert judged([one], loading)[0].warmth_reason == "has run 90 times since it started"


@pytest.mark.parametrize("role", ["parent", "other"])
def test_only_processes_that_serve_are_judged(role: Role) -> None:
    (found,) = judged([process(30, role, slices=1)])
    assert (found.warmth, found.warmth_reason) == ("unknown", "")
