"""Every load engine against the same server: a plan in, an honest and bounded result out."""

import os
import shutil
import time
from collections.abc import Callable
from importlib.util import find_spec

import psutil
import pytest

from tuner.errors import TunerError
from tuner.probe.engines import NAMES, engine
from tuner.probe.guard import no_guard
from tuner.probe.plan import ProbePlan, Request
from tuner.probe.result import ProbeResult

PROGRAMS = {"ab", "wrk", "h2load", "hey", "k6"}
STARTS_SLOWLY = {"locust": 30.0, "k6": 15.0}
"""Seconds that an engine may need beyond the load itself; others get 10."""

LONGER_SECONDS = {"locust": 3.0, "httpx": 1.0}
"""A busy machine lets these begin late."""

Run = Callable[..., ProbeResult]


def plan(url: str, path: str, **changes: object) -> ProbePlan:
    fields: dict[str, object] = {
        "url": url,
        "host": "test.example",
        "requests": (Request(path=path),),
        "concurrency": 4,
        "warmup_seconds": 0.0,
        "duration_seconds": 1.0,
        **changes,
    }
    return ProbePlan.model_validate(fields)


SLOW = ("auto", "h2load", "hey", "k6", "locust")
"""In the fast suite these pass the first test only."""


@pytest.fixture(
    params=[pytest.param(one, marks=pytest.mark.slow) if one in SLOW else one for one in NAMES]
)
def name(request: pytest.FixtureRequest) -> str:
    """Each engine whose program or package is installed."""
    engine_name: str = request.param
    if engine_name in PROGRAMS and shutil.which(engine_name) is None:
        pytest.skip(f"{engine_name} is not installed")
    if engine_name == "locust" and find_spec("locust") is None:
        pytest.skip("locust is not installed")
    return engine_name


@pytest.fixture
def run(name: str) -> Run:
    """Run the engine, and see that no process of it is left."""

    def call(of: ProbePlan, guard: Callable[[], str] = no_guard) -> ProbeResult:
        seconds = of.duration_seconds + LONGER_SECONDS.get(name, 0.0)
        of = of.model_copy(update={"duration_seconds": seconds})
        before = {child.pid for child in psutil.Process().children(recursive=True)}
        begin = time.monotonic()
        result = engine(name)(of, guard)
        seconds = time.monotonic() - begin
        after = {child.pid for child in psutil.Process().children(recursive=True)}
        assert after <= before
        limit = of.warmup_seconds + of.duration_seconds + of.timeout_seconds
        assert seconds < 2 * limit + STARTS_SLOWLY.get(name, 10.0)
        return result

    return call


@pytest.mark.parametrize("name", NAMES, indirect=True)
def test_good_answers_are_counted_and_add_up(name: str, run: Run, server_url: str) -> None:
    result = run(plan(server_url, "/ok", warmup_seconds=0.2))
    assert result.engine == ("native" if name == "auto" else name)
    assert result.mode == "closed"
    assert result.good == result.requests > 10
    assert result.errors == {}
    assert result.error_rate == 0
    assert result.throughput == pytest.approx(result.good / result.elapsed_seconds)
    assert result.statuses.keys() <= {200}
    assert sum(result.statuses.values()) >= (result.good if result.statuses else 0)
    assert 0.5 <= result.elapsed_seconds < 8
    assert result.client.cpu_share > 0
    latency = result.latency
    assert latency is not None
    assert 0 < latency.p50_seconds <= latency.p90_seconds <= latency.p99_seconds
    assert latency.p99_seconds <= latency.p999_seconds <= latency.max_seconds


def test_latency_is_that_of_the_server(run: Run, server_url: str) -> None:
    latency = run(plan(server_url, "/slow", duration_seconds=2)).latency
    assert latency is not None
    assert 0.19 <= latency.p50_seconds < 0.5


def test_without_keep_alive(run: Run, server_url: str) -> None:
    result = run(plan(server_url, "/ok", keep_alive=False))
    assert result.good > 10
    assert result.errors == {}


def test_failing_statuses_are_errors(run: Run, server_url: str) -> None:
    result = run(plan(server_url, "/fail"))
    assert result.good == 0
    assert result.latency is None
    assert result.error_rate == 1
    assert result.errors
    assert all(kind.startswith("status") for kind in result.errors)


def test_refused_connections_are_errors_not_exceptions(run: Run) -> None:
    result = run(plan("http://127.0.0.1:1", "/"))
    assert result.good == 0
    assert result.errors
    assert result.error_rate == 1


def test_connections_that_are_cut_are_errors(run: Run, server_url: str) -> None:
    result = run(plan(server_url, "/cut"))
    assert result.good == 0
    assert result.errors
    assert result.latency is None


def test_timeouts_are_errors_or_unfinished(run: Run, server_url: str) -> None:
    """A program that only counts answers cannot tell of one that never came."""
    result = run(plan(server_url, "/stall", timeout_seconds=1, duration_seconds=2))
    assert result.good == 0
    told = result.errors.get("timeout", 0) + result.censored.count
    assert told or "requests in flight at the end" in result.unknown


def test_requests_are_bounded(run: Run, server_url: str) -> None:
    result = run(plan(server_url, "/ok", max_requests=40, duration_seconds=20))
    assert 0 < result.requests <= 40 + 4
    assert result.elapsed_seconds < 15


def test_a_guard_stops_the_load_with_its_reason(name: str, run: Run, server_url: str) -> None:
    begin = time.monotonic()
    limit = begin + 1.0
    reason = run(
        plan(server_url, "/ok", duration_seconds=60),
        lambda: "enough" if time.monotonic() > limit else "",
    ).stopped
    assert reason == "enough"
    assert time.monotonic() - begin < 10 + STARTS_SLOWLY.get(name, 10.0)


def test_what_an_engine_cannot_do_it_refuses_in_one_line(name: str, run: Run) -> None:
    asked = plan(
        "http://127.0.0.1:1",
        "/",
        requests=(Request(path="/a"), Request(path="/b")),
        http2=True,
        follow_redirects=True,
        workers=("host.invalid",),
    )
    with pytest.raises(TunerError) as raised:
        engine(name)(asked, no_guard)
    assert raised.value.hint
    assert "\n" not in str(raised.value)


def test_a_missing_program_is_named_with_what_to_install(
    name: str, server_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name not in PROGRAMS:
        pytest.skip("no program of its own")
    monkeypatch.setenv("PATH", os.devnull)
    with pytest.raises(TunerError, match=f"{name} is not installed") as raised:
        engine(name)(plan(server_url, "/ok"), no_guard)
    assert raised.value.hint
