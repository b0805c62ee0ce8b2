"""Every validity check finds what it is for, and is quiet on a sound probe."""

import pytest

from tuner.host.activity import Load
from tuner.host.network import TcpState
from tuner.probe.checks import RULES, check
from tuner.probe.context import Surroundings
from tuner.probe.histogram import Latency
from tuner.probe.plan import ProbePlan, Request
from tuner.probe.result import Censored, ClientLoad, ProbeResult


def latency(seconds: float = 0.01, **changes: float) -> Latency:
    fields: dict[str, float] = {
        "count": 1000,
        "mean_seconds": seconds,
        "p50_seconds": seconds,
        "p90_seconds": seconds,
        "p95_seconds": seconds,
        "p99_seconds": seconds,
        "p999_seconds": seconds,
        "max_seconds": seconds,
        **changes,
    }
    return Latency.model_validate(fields)


def plan(**changes: object) -> ProbePlan:
    fields: dict[str, object] = {
        "url": "http://127.0.0.1:80",
        "host": "x",
        "requests": (Request(path="/"),),
        "concurrency": 10,
        **changes,
    }
    return ProbePlan.model_validate(fields)


def result(**changes: object) -> ProbeResult:
    fields: dict[str, object] = {
        "engine": "test",
        "mode": "closed",
        "concurrency": 10,
        "elapsed_seconds": 2.0,
        "discarded_seconds": 0.5,
        "requests": 2000,
        "good": 2000,
        "throughput": 1000.0,
        "latency": latency(),
        "errors": {},
        "statuses": {200: 2000},
        "body_bytes": 0,
        "keep_alive_races": 0,
        "client": ClientLoad(cpu_share=0.3, lag_p99_seconds=0.001),
        "fairness": 1.0,
        **changes,
    }
    return ProbeResult.model_validate(fields)


TCP = TcpState(
    counters={},
    time_wait=0,
    port_first=32768,
    port_last=60999,
    reuse_time_wait=2,
    somaxconn=4096,
    max_syn_backlog=1024,
)
LOAD = Load(seconds=2.0, busy_cores=1.0, steal_share=0.0, swapped_pages=0)


def around(**changes: object) -> Surroundings:
    fields: dict[str, object] = {
        "is_local": True,
        "cores": 2,
        "tcp": TCP,
        "tcp_change": {},
        "load": LOAD,
        "server_cores": 0.7,
        "own_cores": 0.3,
        "clock_error_seconds": 0.0,
        **changes,
    }
    return Surroundings.model_validate(fields)


def effects(
    probe: ProbeResult, surroundings: Surroundings | None = None, of: ProbePlan | None = None
) -> dict[str, str]:
    found = check(of or plan(), probe, surroundings or around())
    return {one.name: one.effect for one in found}


def test_a_sound_probe_passes_every_check() -> None:
    assert effects(result()) == {}
    assert len(RULES) >= 20


def client(**changes: float) -> ClientLoad:
    return ClientLoad.model_validate({"cpu_share": 0.3, "lag_p99_seconds": 0.001, **changes})


BUSY = Load(seconds=2.0, busy_cores=2.0, steal_share=0.0, swapped_pages=0)


@pytest.mark.parametrize(
    ("name", "effect", "probe", "surroundings", "of"),
    [
        ("client-cpu", "doubt", {"client": client(cpu_share=0.75)}, {}, {}),
        ("client-cpu", "invalid", {"client": client(cpu_share=0.97)}, {}, {}),
        ("engine", "note", {"engine": "wrk", "engine_reason": "wrk: native was busy"}, {}, {}),
        ("client-starved", "note", {"client": client(queue_share=0.4)}, {}, {}),
        ("client-starved", "doubt", {"client": client(queue_share=0.4)}, {"load": BUSY}, {}),
        (
            "client-starved",
            "invalid",
            {"client": client(queue_share=0.65)},
            {"is_local": False, "server_cores": None},
            {},
        ),
        ("loop-lag", "doubt", {"client": client(lag_p99_seconds=0.02)}, {}, {}),
        ("ports", "invalid", {"errors": {"no ports": 3}}, {}, {}),
        ("descriptors", "invalid", {"errors": {"no descriptors": 3}}, {}, {}),
        ("listen-queue", "doubt", {}, {"tcp_change": {"ListenOverflows": 7}}, {}),
        ("syn-retries", "doubt", {"connect": latency(0.001, max_seconds=1.04)}, {}, {}),
        ("syn-retries", "note", {}, {"tcp_change": {"TCPSynRetrans": 2}}, {}),
        ("steal", "doubt", {}, {"load": LOAD.model_copy(update={"steal_share": 0.1})}, {}),
        ("foreign-load", "doubt", {}, {"load": BUSY}, {}),
        ("swap", "invalid", {}, {"load": LOAD.model_copy(update={"swapped_pages": 5})}, {}),
        ("clock", "note", {}, {"clock_error_seconds": -3.0}, {}),
        ("littles-law", "doubt", {"latency": latency(0.0085)}, {}, {}),
        ("littles-law", "invalid", {"latency": latency(0.005)}, {}, {}),
        ("steady-state", "doubt", {"is_steady": False}, {}, {}),
        ("steady-state", "doubt", {"drift": -0.3}, {}, {}),
        ("few-samples", "note", {"good": 500, "requests": 500, "throughput": 250.0}, {}, {}),
        ("few-samples", "doubt", {"good": 50, "requests": 50}, {}, {}),
        ("mismatches", "doubt", {"mismatches": 1}, {}, {}),
        ("mismatches", "invalid", {"mismatches": 100}, {}, {}),
        ("rate-limiting", "invalid", {"statuses": {200: 1000, 429: 1000}}, {}, {}),
        ("overload", "doubt", {"mode": "open", "backlog": 900}, {}, {"rate": 1500}),
        ("intended-rate", "doubt", {"mode": "open"}, {}, {"rate": 1100}),
        ("censored", "doubt", {"censored": Censored(count=50, max_age_seconds=3.0)}, {}, {}),
        ("fairness", "doubt", {"fairness": 0.5}, {}, {}),
        ("keep-alive-races", "note", {"keep_alive_races": 500}, {}, {}),
    ],
)
def test_a_check_finds_what_it_is_for(
    name: str,
    effect: str,
    probe: dict[str, object],
    surroundings: dict[str, object],
    of: dict[str, object],
) -> None:
    assert effects(result(**probe), around(**surroundings), plan(**of)).get(name) == effect


def test_the_worst_effect_is_the_validity() -> None:
    probe = result(client=client(cpu_share=0.75))
    checked = probe.model_copy(update={"checks": check(plan(), probe, around())})
    assert checked.validity == "doubtful"
    assert result().validity == "valid"


def test_the_usual_engine_is_no_news() -> None:
    assert effects(result(engine="native", engine_reason="native: it used 30% of a core")) == {}


def test_an_engine_that_was_the_limit_is_named_with_a_better_one() -> None:
    probe = result(engine="httpx", client=client(cpu_share=0.97))
    (found,) = [one for one in check(plan(), probe, around()) if one.name == "client-cpu"]
    assert "httpx" in found.message
    assert "--engine native" in found.advice


def test_an_open_loop_at_its_rate_passes() -> None:
    assert effects(result(mode="open"), of=plan(rate=1000)) == {}


def test_every_finding_says_what_to_do() -> None:
    probe = result(client=client(cpu_share=0.97), mismatches=100, is_steady=False)
    for one in check(plan(), probe, around(load=BUSY)):
        assert one.message
        assert one.advice
