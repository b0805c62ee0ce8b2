"""Hard limits, guards, and who counts as this machine."""

import time

import pytest

from tests.probe import servers
from tests.probe.servers import serving
from tests.probe.test_checks import plan
from tuner.errors import UsageError
from tuner.probe.context import is_loopback
from tuner.probe.guard import any_of, memory_guard, no_guard
from tuner.probe.manners import (
    Limits,
    bounded,
    demand_within,
    hosts_away,
    is_own_name,
    planned_seconds,
)
from tuner.probe.outsider import outsider


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("192.0.2.1", False),
     ("no-such-host.invalid", False)],
)  # fmt: skip
def test_loopback_is_where_every_address_is(host: str, loopback: bool) -> None:
    assert is_loopback(host) == loopback


def test_hosts_away_are_named_once() -> None:
    urls = ["http://127.0.0.1:80", "http://192.0.2.1/", "http://192.0.2.1:81/", "http://[::1]/"]
    assert hosts_away(urls) == ("192.0.2.1",)


@pytest.mark.parametrize(
    ("host", "own"),
    [("localhost:80", True), ("127.0.0.1", True), ("[::1]", True), ("shop.example", False)],
)
def test_an_address_is_not_the_name_of_a_site(host: str, own: bool) -> None:
    assert is_own_name(host) == own


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"seconds": 5}, "take 7 s, the limit is 5 s"),
        ({"connections": 9}, "10 connections are planned, the limit is 9"),
        ({"rate": 99}, "100 requests a second are planned, --max-rate is 99"),
    ],
)
def test_a_plan_beyond_its_limits_is_refused(limits: dict[str, float], said: str) -> None:
    two = [plan(rate=100, warmup_seconds=0.5, duration_seconds=3)] * 2
    assert planned_seconds(two) == 7
    with pytest.raises(UsageError) as error:
        demand_within(Limits.model_validate(limits), two)
    assert said in str(error.value)
    demand_within(Limits(), two)


def test_a_probe_gets_no_more_requests_than_are_left() -> None:
    one = plan(warmup_seconds=1, duration_seconds=4)
    assert bounded(one, Limits(), 1000).max_requests == 1000
    assert bounded(one, Limits(rate=50), 1000).max_requests == 250


def test_the_first_reason_of_several_guards_counts() -> None:
    assert any_of(no_guard, lambda: "first", lambda: "second")() == "first"
    assert any_of(no_guard)() == ""


def test_memory_that_runs_short_is_a_reason() -> None:
    assert memory_guard(0)() == ""
    assert "available memory fell to" in memory_guard(1.1)()


def wait_for_reason(guard: object, seconds: float) -> str:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if reason := guard():  # type: ignore[operator]
            return str(reason)
        time.sleep(0.02)
    return ""


def test_an_outsider_who_waits_too_long_is_a_reason() -> None:
    with serving(servers.stalls_after(0)) as url, outsider(url + "/", [], 0.2) as guard:
        assert "a request beside the load waited" in wait_for_reason(guard, 5)


def test_an_outsider_who_is_served_is_none() -> None:
    with serving(servers.steady) as url, outsider(url + "/", [], 2.0) as guard:
        assert wait_for_reason(guard, 1.2) == ""
