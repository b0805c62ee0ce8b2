"""Ladders: what is asked for, and what happens on the way up."""

from collections.abc import Callable

import pytest

from tests.pipeline.ladders import BOTH, failing, probe, target
from tests.probe import servers
from tests.probe.servers import answer, serving
from tuner.errors import ServerError, UsageError
from tuner.pipeline.ladder import climb as climbing
from tuner.pipeline.ladder.climb import climb
from tuner.pipeline.ladder.plan import describe
from tuner.pipeline.ladder.report import step_report, target_scaling
from tuner.pipeline.ladder.request import (
    LadderRequest,
    Load,
    parse_loads,
    parse_target,
    parse_targets,
)
from tuner.pipeline.traffic import TrafficRequest, find_traffic
from tuner.probe.guard import Guard
from tuner.probe.manners import Limits
from tuner.probe.plan import ProbePlan
from tuner.probe.result import ProbeResult


class Lines:
    """Keeps what a ladder says."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.begun: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)

    def begin(self, label: str, seconds: float, number: int, count: int) -> None:
        self.begun.append(label)

    def tick(self) -> None:
        return


def request(*urls: str, loads: tuple[int, ...] = (1, 2), **changes: object) -> LadderRequest:
    fields: dict[str, object] = {
        "targets": parse_targets(urls),
        "traffic": find_traffic(TrafficRequest()),
        "loads": tuple(Load(one) for one in loads),
        "duration_seconds": 0.3,
        "warmup_seconds": 0.1,
        "limits": Limits(wait_seconds=0, free_memory_share=0),
        **changes,
    }
    return LadderRequest(**fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "name", "url", "host", "path"),
    [
        ("http://shop.example/", "shop.example", "http://shop.example:80", "shop.example", "/"),
        ("a=http://x/p?q=1", "a", "http://x:80", "x", "/p?q=1"),
        ("http://x/p?q=1", "x/p?...", "http://x:80", "x", "/p?q=1"),
        ("x:8080/p", "x:8080/p", "http://x:8080", "x:8080", "/p"),
        ("daemon p=2 t=10=http://x/?a=b", "daemon p=2 t=10", "http://x:80", "x", "/?a=b"),
        ("a=x:81/p", "a", "http://x:81", "x:81", "/p"),
        ("x/p?q=http://y/", "x/p?...", "http://x:80", "x", "/p?q=http://y/"),
        ("https://[::1]/", "[::1]", "https://[::1]:443", "[::1]", "/"),
        ("http://x:81", "x:81", "http://x:81", "x:81", "/"),
    ],
)
def test_a_target_is_a_url_with_a_name_before_it(
    text: str, name: str, url: str, host: str, path: str
) -> None:
    found = parse_target(text)
    assert (found.name, found.url, found.host, found.path) == (name, url, host, path)


@pytest.mark.parametrize("text", ["ftp://x/", "http://", "http://x:99999/", "http://u:p@x/"])
def test_what_is_no_target_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_target(text)
    assert ":p@" not in str(error.value)


def test_two_columns_have_two_names() -> None:
    with pytest.raises(UsageError, match="two targets are called"):
        parse_targets(("http://x/", "http://x/"))


def test_loads_are_rising_numbers() -> None:
    assert [one.concurrency for one in parse_loads("10,100, 200", None)] == [10, 100, 200]
    assert parse_loads("10,50", "5,7.5") == (Load(50, 5), Load(50, 7.5))
    for bad in ("", "0", "10,10", "20,10", "x", "1.5", "30000"):
        with pytest.raises(UsageError, match="--concurrency"):
            parse_loads(bad, None)
    with pytest.raises(UsageError, match="--rate"):
        parse_loads("10", "0")


def test_targets_are_probed_in_turn_forwards_and_backwards(server_url: str) -> None:
    lines = Lines()
    found = climb(
        request(f"a={server_url}/ok", f"b={server_url}/slow", repeat=2, duration_seconds=0.2), lines
    )
    assert found.stopped == ""
    first, second = ["a at 1", "b at 1", "b at 2", "a at 2"], ["b at 1", "a at 1", "a at 2"]
    assert lines.begun == [*first, *second, "b at 2"]
    assert [one.name for one in found.targets] == ["a", "b"]
    for one in found.targets:
        assert [step.label for step in one.steps] == ["1", "2"]
        assert all(len(step.probes) == 2 for step in one.steps)
        assert all(step.throughput_half_width is not None for step in one.steps)
    assert not found.is_stopped


def test_a_target_that_does_not_answer_is_one_clear_error() -> None:
    with pytest.raises(ServerError, match="does not answer /"):
        climb(request("http://127.0.0.1:1/"), Lines())


def test_a_target_that_fails_is_not_loaded(server_url: str) -> None:
    lines = Lines()
    with pytest.raises(ServerError, match="answers 500 to /fail"):
        climb(request(f"{server_url}/fail"), lines)
    assert lines.begun == []


def test_a_storm_of_errors_ends_a_target_but_not_the_others(server_url: str) -> None:
    with serving(servers.after(10, answer(), answer(b"", "500 Internal Server Error"))) as url:
        found = climb(request(f"bad={url}/", f"good={server_url}/ok", loads=(2, 4)), Lines())
    bad, good = found.targets
    assert [step.label for step in bad.steps] == ["2"]
    assert "of the requests failed at 2" in bad.stopped
    assert [step.label for step in good.steps] == ["2", "4"]
    assert found.is_stopped
    assert not found.stopped


def test_a_guard_ends_the_ladder(server_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(climbing, "memory_guard", lambda floor: lambda: "memory fell")
    found = climb(request(f"{server_url}/ok"), Lines())
    assert "memory fell" in found.stopped
    assert len(found.targets[0].steps) == 1


def test_a_wait_of_those_beside_the_load_ends_the_ladder() -> None:
    """The server stalls after the canary: nobody is served any more."""
    with serving(servers.stalls_after(3)) as url:
        found = climb(
            request(f"{url}/", duration_seconds=20, limits=Limits(wait_seconds=0.3)), Lines()
        )
    assert "a request beside the load waited" in found.stopped
    assert found.elapsed_seconds < 15


def test_a_redirect_is_named_as_what_was_measured() -> None:
    moved = answer(b"", "302 Found", "Location: /login")
    with serving(servers.after(0, b"", moved)) as url:
        (target,) = climb(request(f"{url}/"), Lines()).targets
    assert target.checks[0].name == "redirect"
    assert "302 to /" in target.checks[0].message


def test_the_request_limit_ends_the_ladder(server_url: str) -> None:
    found = climb(request(f"{server_url}/ok", limits=Limits(requests=5, wait_seconds=0)), Lines())
    assert found.stopped == "the limit of 5 requests is used up"
    assert sum(one.requests for step in found.targets[0].steps for one in step.probes) <= 5


def interrupting(after: int) -> Callable[[ProbePlan, Guard], ProbeResult]:
    count = 0

    def run(plan: ProbePlan, guard: Guard) -> ProbeResult:
        nonlocal count
        count += 1
        if count > after:
            raise KeyboardInterrupt
        return probe(plan.concurrency, 100.0)

    return run


@pytest.mark.parametrize("after", [0, 1])
def test_ctrl_c_keeps_what_is_known(
    server_url: str, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    monkeypatch.setattr(climbing, "engine", lambda name: interrupting(after))
    found = climb(request(f"{server_url}/ok"), Lines())
    assert found.interrupted
    assert len(found.targets[0].steps) == after


def test_a_plan_is_described_without_secrets(server_url: str) -> None:
    traffic = find_traffic(
        TrafficRequest(headers=("Authorization: hunter2",), cookies=("s=hunter2",))
    )
    asked = request(f"{server_url}/ok?token=hunter2", traffic=traffic)
    text = describe(asked, verbose=True)
    assert "hunter2" not in text
    assert "GET /ok?..." in text
    assert "User-Agent tuner/" in text
    assert "all targets are on loopback" in text
    assert "hunter2" not in climb(asked, Lines()).model_dump_json()


def test_a_plan_that_takes_too_long_is_refused(server_url: str) -> None:
    asked = request(f"{server_url}/ok", limits=Limits(seconds=0.5))
    with pytest.raises(UsageError, match="the probes take 1 s, the limit is 0 s"):
        describe(asked, verbose=False)


def test_the_interval_needs_two_probes() -> None:
    assert step_report("10", [probe(10, 100.0)]).throughput_half_width is None
    step = step_report("10", [probe(10, 100.0), probe(10, 110.0)])
    assert step.throughput == pytest.approx(105)
    assert step.throughput_half_width == pytest.approx(12.706 * 5, rel=1e-3)
    assert step.milliseconds_per_request == pytest.approx(1000 / 105)


def test_knee_and_cliff_are_found_and_the_worst_check_names_its_step() -> None:
    good, bad = BOTH.targets
    assert good.scaling is not None
    assert (good.scaling.knee, good.scaling.cliff) == (100, None)
    assert good.scaling.law is not None
    assert bad.scaling is not None
    assert bad.scaling.cliff == 500
    assert "timeout" in bad.scaling.cliff_reason
    (check,) = failing("x").checks
    assert check.message.startswith("at 500: the listen queue overflowed")


def test_an_open_loop_has_no_knee() -> None:
    steps = [step_report("5/s", [probe(10, 5.0, rate=5.0)]) for _ in range(2)]
    whole = target("x", (10.0, 20.0))
    assert target_scaling(steps) is None
    assert whole.scaling is not None
