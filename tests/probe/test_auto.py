"""Which engine auto takes, and that it says why."""

from pathlib import Path

import pytest

from tuner.probe import auto, calibrate, native
from tuner.probe.external import wrk
from tuner.probe.guard import Guard, no_guard
from tuner.probe.plan import ProbePlan, Request
from tuner.probe.result import ClientLoad, ProbeResult


def plan(url: str, **changes: object) -> ProbePlan:
    fields: dict[str, object] = {
        "url": url,
        "host": "test.example",
        "requests": (Request(path="/ok"),),
        "concurrency": 4,
        "warmup_seconds": 0.0,
        "duration_seconds": 0.5,
        **changes,
    }
    return ProbePlan.model_validate(fields)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def pretend(monkeypatch: pytest.MonkeyPatch, engine: object, **changes: object) -> None:
    """Let an engine say that it measured something else than it did."""
    real = engine.run  # type: ignore[attr-defined]

    def run(of: ProbePlan, guard: Guard = no_guard) -> ProbeResult:
        result: ProbeResult = real(of, guard)
        return result.model_copy(update=changes)

    monkeypatch.setattr(engine, "run", run)


def test_native_is_taken_where_it_is_not_the_limit(
    server_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch, native, client=ClientLoad(cpu_share=0.3))
    result = auto.run(plan(server_url))
    assert result.engine == "native"
    assert result.engine_reason == "native: it used 30% of a core"


def test_wrk_is_taken_where_native_is_the_limit_and_wrk_is_faster(
    server_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not wrk_is_installed():
        pytest.skip("wrk is not installed")
    pretend(monkeypatch, native, client=ClientLoad(cpu_share=0.95), throughput=1.0)
    result = auto.run(plan(server_url))
    assert result.engine == "wrk"
    assert "native used 95% of a core" in result.engine_reason


def test_native_stays_where_wrk_is_not_faster(
    server_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not wrk_is_installed():
        pytest.skip("wrk is not installed")
    pretend(monkeypatch, native, client=ClientLoad(cpu_share=0.95))
    pretend(monkeypatch, wrk, throughput=1.0)
    result = auto.run(plan(server_url))
    assert result.engine == "native"
    assert "wrk is not faster" in result.engine_reason


def test_a_mix_that_wrk_cannot_send_stays_with_native_and_says_so(
    server_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not wrk_is_installed():
        pytest.skip("wrk is not installed")
    pretend(monkeypatch, native, client=ClientLoad(cpu_share=0.95))
    mix = (Request(path="/ok"), Request(path="/ok?2"))
    result = auto.run(plan(server_url, requests=mix))
    assert result.engine == "native"
    assert "may be the limit" in result.engine_reason
    assert "wrk has one path only" in result.engine_reason


def test_redirects_need_httpx(server_url: str) -> None:
    result = auto.run(plan(server_url, follow_redirects=True))
    assert result.engine == "httpx"
    assert "redirects" in result.engine_reason


def test_a_constant_rate_takes_as_many_processes_as_it_needs(
    server_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auto, "native_cost_seconds", lambda keep_alive: 0.01)
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: {0, 1, 2, 3})
    result = auto.run(plan(server_url, rate=100.0))
    assert result.client.processes == 2
    assert "50% of a core in each of 2 processes" in result.engine_reason
    assert "limit" not in result.engine_reason
    beyond = auto.run(plan(server_url, rate=1000.0, concurrency=8))
    assert beyond.client.processes == 4
    assert "may be the limit" in beyond.engine_reason


def test_the_cost_of_a_request_is_measured_once_on_a_machine(
    own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cost = calibrate.native_cost_seconds(keep_alive=True)
    assert 1e-6 < cost < 1e-2
    assert (own_cache / "tuner/native-cost.json").is_file()

    def fail(*_: object) -> ProbeResult:
        raise AssertionError("measured again")

    monkeypatch.setattr(native, "run", fail)
    assert calibrate.native_cost_seconds(keep_alive=True) == cost


@pytest.mark.parametrize("text", ["", "[]", "{", '{"x": "y"}', '{"x": -1}'])
def test_a_broken_cache_is_measured_again(own_cache: Path, text: str) -> None:
    (own_cache / "tuner").mkdir()
    (own_cache / "tuner/native-cost.json").write_text(text)
    assert calibrate.native_cost_seconds(keep_alive=False) > 0


def wrk_is_installed() -> bool:
    import shutil

    return shutil.which("wrk") is not None
