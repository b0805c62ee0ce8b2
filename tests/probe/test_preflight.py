"""What the preflight says about a machine's limits."""

from tests.probe.test_checks import TCP, plan
from tuner.host.network import TcpState
from tuner.probe.plan import ProbePlan
from tuner.probe.preflight import ClientLimits, preflight

LIMITS = ClientLimits(descriptors_soft=1024, descriptors_hard=20_000, cores=2)


def verdicts(
    of: ProbePlan, limits: ClientLimits = LIMITS, tcp: TcpState = TCP, *, is_local: bool = True
) -> dict[str, str]:
    found = preflight([of], limits, tcp, is_local=is_local)
    assert all(one.advice for one in found if one.verdict != "enough")
    assert not any(one.advice for one in found if one.verdict == "enough")
    return {one.name: one.verdict for one in found}


def changed(**changes: object) -> TcpState:
    return TCP.model_copy(update=changes)


def test_a_small_plan_is_within_every_limit() -> None:
    assert set(verdicts(plan()).values()) == {"enough"}
    assert set(verdicts(plan())) == {"descriptors", "ports", "tcp_tw_reuse", "somaxconn", "cores"}


def test_descriptors_are_counted_for_each_process() -> None:
    low = LIMITS.model_copy(update={"descriptors_hard": 300})
    assert verdicts(plan(concurrency=500), low)["descriptors"] == "too low"
    assert verdicts(plan(concurrency=400, processes=2), low)["descriptors"] == "enough"
    unlimited = LIMITS.model_copy(update={"descriptors_hard": -1})
    assert verdicts(plan(concurrency=5000), unlimited)["descriptors"] == "enough"


def test_ports_are_those_that_are_free() -> None:
    few = changed(port_first=40_000, port_last=40_099)
    assert verdicts(plan(concurrency=50), tcp=few)["ports"] == "enough"
    assert verdicts(plan(concurrency=90), tcp=few)["ports"] == "tight"
    assert verdicts(plan(concurrency=200), tcp=few)["ports"] == "too low"
    waiting = changed(port_first=40_000, port_last=40_099, time_wait=60)
    assert verdicts(plan(concurrency=50), tcp=waiting)["ports"] == "tight"


def test_time_wait_matters_without_keep_alive_and_without_reuse() -> None:
    closing = plan(keep_alive=False, duration_seconds=60)
    assert verdicts(closing)["tcp_tw_reuse"] == "enough"
    assert verdicts(closing, is_local=False)["tcp_tw_reuse"] == "tight"
    assert verdicts(closing, tcp=changed(reuse_time_wait=0))["tcp_tw_reuse"] == "tight"
    assert verdicts(closing, tcp=changed(reuse_time_wait=1), is_local=False)["tcp_tw_reuse"] == (
        "enough"
    )
    assert verdicts(plan(), tcp=changed(reuse_time_wait=0))["tcp_tw_reuse"] == "enough"


def test_a_burst_must_fit_the_listen_queue() -> None:
    short = changed(somaxconn=128)
    assert verdicts(plan(concurrency=500), tcp=short)["somaxconn"] == "tight"
    assert verdicts(plan(concurrency=500, connects_per_second=100), tcp=short)["somaxconn"] == (
        "enough"
    )
    assert "somaxconn" not in verdicts(plan(), is_local=False)


def test_a_core_stays_for_the_server() -> None:
    one = LIMITS.model_copy(update={"cores": 1})
    assert verdicts(plan(), one)["cores"] == "tight"
