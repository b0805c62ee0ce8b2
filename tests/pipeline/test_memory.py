"""measure: a real server by role, warm or cold, with its budget, again and again."""

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tuner.apache.binary import Httpd
from tuner.apache.read import ReadRequest, read
from tuner.capacity.memory import MemoryNeed
from tuner.errors import MeasurementError, UsageError
from tuner.fact import Known, Unknown
from tuner.host.smaps import Kinds
from tuner.pipeline.facts.memory import memory_facts
from tuner.pipeline.memory import MeasureRequest, measure
from tuner.pipeline.memory_report import MemoryReport, NotKnown, Room
from tuner.pipeline.observe import ObserveRequest, observe
from tuner.pipeline.views import views_of
from tuner.pipeline.warm import parse_warm
from tuner.probe.context import is_loopback
from tuner.server.shadow import Canary, Shadow, shadow_server

MB = 2**20


class Running:
    """A shadow of a sample configuration, and how to measure it."""

    def __init__(self, main: Path, httpd: Httpd, shadow: Shadow) -> None:
        self.read = ReadRequest(path=main, httpd=httpd)
        self.shadow = shadow

    def request(self, **more: object) -> MeasureRequest:
        return MeasureRequest(read=self.read, pid=self.shadow.pid, **more)  # type: ignore[arg-type]

    def measure(self, **more: object) -> MemoryReport:
        (report,) = measure(self.request(**more))
        return report


def run(
    sample: Callable[[str], Path], httpd: Httpd, name: str, path: str, host: str
) -> Iterator[Running]:
    main = sample(name)
    configuration = read(ReadRequest(path=main, httpd=httpd))
    settings = views_of(configuration).settings
    assert settings is not None
    canary = Canary(port=8080, path=path, host=host)
    with shadow_server(configuration, httpd, settings, canary) as shadow:
        yield Running(main, httpd, shadow)


@pytest.fixture
def embedded(sample: Callable[[str], Path], httpd: Httpd) -> Iterator[Running]:
    """Prefork with an embedded application that no process has loaded yet."""
    tree = sample("founding-prefork-embedded")
    site = tree / "etc/apache2/sites-available/app.conf"
    text = site.read_text()
    site.write_text(text.replace("WSGIScriptAlias / ", "WSGIScriptAlias /app "))

    def copied(name: str) -> Path:
        return tree

    yield from run(copied, httpd, "", "/hello.txt", "app.example")


@pytest.fixture
def daemon(sample: Callable[[str], Path], httpd: Httpd) -> Iterator[Running]:
    """Event in front of one daemon process, which has served one small application."""
    yield from run(sample, httpd, "debian-event-daemon", "/hello/", "apps.example")


@pytest.mark.httpd
def test_a_server_that_has_not_loaded_its_application_is_not_taken_at_its_word(
    embedded: Running,
) -> None:
    report = embedded.measure()
    front = next(one for one in report.roles if one.memory.role == "front")
    assert front.memory.uss_max_bytes < 6 * MB
    assert front.memory.is_cold
    assert isinstance(report.need, NotKnown)
    assert "no process has loaded the application yet" in report.need.unknown
    assert isinstance(report.room, NotKnown)
    assert report.confidence == "low"
    assert {one.warmth for one in report.processes if one.role == "front"} == {"cold"}


@pytest.mark.httpd
def test_warming_loads_the_application_and_tells_the_need(embedded: Running) -> None:
    report = embedded.measure(warm=f"{embedded.shadow.url}/app=60")
    assert report.warmed is not None
    assert (report.warmed.requests, report.warmed.failed) == (60, 0)
    front = next(one for one in report.roles if one.memory.role == "front")
    assert front.memory.warm_processes >= 1
    assert 34 * MB < front.memory.uss_high_bytes < 60 * MB
    assert isinstance(front.kinds, Kinds)
    assert abs(front.kinds.size_bytes - front.memory.uss_max_bytes) < MB
    assert isinstance(report.need, MemoryNeed)
    fronts = next(one for one in report.need.terms if one.name == "front")
    assert fronts.processes == 256
    assert report.need_bytes is not None
    assert report.need_bytes > 256 * 34 * MB
    assert isinstance(report.room, Room)
    assert report.room.left_bytes == report.budget_bytes - report.need_bytes


@pytest.mark.httpd
def test_daemons_fronts_and_the_parent_are_told_apart(daemon: Running) -> None:
    report = daemon.measure(budget="4G")
    roles = {(one.memory.role, one.memory.group) for one in report.roles}
    assert roles == {("parent", None), ("front", None), ("daemon", "apps")}
    assert report.budget_bytes == 4 * 2**30
    assert isinstance(report.room, Room)
    assert report.room.more_front_processes > 0
    assert report.room.more_daemon_processes["apps"] > 0
    assert any(one.startswith("requests in") for one in _names(report))
    assert "kernel" in _names(report)


def _names(report: MemoryReport) -> list[str]:
    assert isinstance(report.need, MemoryNeed)
    return [one.name for one in report.need.terms]


@pytest.mark.httpd
def test_samples_are_taken_at_the_interval_and_end(daemon: Running) -> None:
    slept: list[float] = []
    ticks = itertools.count(1_000_000_000_000)
    reports = list(
        measure(
            daemon.request(samples=4, interval_seconds=7.5),
            clock=lambda: float(next(ticks)),
            sleep=slept.append,
        )
    )
    assert slept == [7.5] * 3
    assert [len(one.samples) for one in reports] == [1, 2, 3, 4]
    assert [one.at_seconds for one in reports[-1].samples] == [1, 2, 3, 4]
    assert {one.processes for one in reports[-1].samples} == {len(reports[0].processes)}


@pytest.mark.httpd
def test_growth_is_measured_over_requests_where_the_scoreboard_counts_them(
    daemon: Running,
) -> None:
    def busy(_: float) -> None:
        daemon.measure(warm=f"{daemon.shadow.url}/hello/=150")

    *_, report = measure(daemon.request(samples=5, interval_seconds=1), sleep=busy)
    front = next(one for one in report.roles if one.memory.role == "front")
    assert report.scoreboard
    assert not isinstance(front.growth, NotKnown), front.growth.unknown
    assert front.growth.unit == "request"
    assert front.growth.points >= 5
    assert front.growth.low_bytes <= front.growth.bytes_each <= front.growth.high_bytes
    daemons = next(one for one in report.roles if one.memory.role == "daemon")
    if not isinstance(daemons.growth, NotKnown):
        assert daemons.growth.unit == "CPU second"


@pytest.mark.httpd
def test_facts_tell_what_was_seen(daemon: Running) -> None:
    configuration = read(daemon.read)
    views = views_of(configuration)
    seen = memory_facts(views, observe(configuration, views, ObserveRequest(pid=daemon.shadow.pid)))
    used, swap, budget = seen["memory.used"], seen["memory.swap"], seen["memory.budget"]
    assert isinstance(used, Known)
    assert isinstance(swap, Known)
    assert isinstance(budget, Known)
    assert 5 * MB < used.value < 200 * MB  # type: ignore[operator]
    assert swap.value == 0
    assert seen["memory.old_processes"] == Known(
        0, "measured", "front processes that listen no more"
    )
    cold = seen["memory.cold_processes"]
    assert isinstance(cold, Known)
    assert 0 <= cold.value <= 3  # type: ignore[operator]
    assert isinstance(seen["memory.front_growth"], Unknown | Known)
    unread = {name for name, fact in seen.items() if isinstance(fact, Unknown)}
    assert unread <= {"memory.oom_kills", "memory.front_growth"}


@pytest.mark.httpd
def test_without_rights_stand_ins_are_named_and_the_confidence_is_lower(
    daemon: Running, unprivileged: Callable[[Callable[[], str]], str]
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can start a server of another user")
    own = daemon.measure()
    text = unprivileged(lambda: daemon.measure().model_dump_json())
    report = MemoryReport.model_validate_json(text)
    assert report.confidence == "medium", report.doubts
    assert any("anonymous memory stands in" in doubt for doubt in report.doubts)
    assert any("number of threads" in doubt for doubt in report.doubts)
    roles = {(one.memory.role, one.memory.group): one for one in report.roles}
    assert set(roles) == {("parent", None), ("front", None), ("daemon", "apps")}
    assert all(isinstance(one.kinds, NotKnown) for one in roles.values())
    assert report.samples[-1].pss_bytes is None
    assert isinstance(report.need, MemoryNeed)
    assert report.need_bytes is not None
    assert own.need_bytes is not None
    assert own.need_bytes <= report.need_bytes <= 2 * own.need_bytes


@pytest.mark.httpd
def test_nothing_is_sent_to_another_machine_without_permission(daemon: Running) -> None:
    with pytest.raises(UsageError, match=r"not on this machine.*--yes"):
        daemon.measure(warm="http://192.0.2.1/")


@pytest.mark.httpd
def test_a_warm_up_in_which_nothing_succeeds_is_an_error(daemon: Running) -> None:
    with pytest.raises(MeasurementError, match="none of 10 requests succeeded"):
        daemon.measure(warm=f"{daemon.shadow.url}/missing=10")


def test_without_a_server_there_is_nothing_to_measure(sample: Callable[[str], Path]) -> None:
    request = MeasureRequest(read=ReadRequest(path=sample("debian-event-daemon")))
    with pytest.raises(MeasurementError, match="no Apache runs with this configuration"):
        list(measure(request))


@pytest.mark.parametrize(
    ("text", "url", "count"),
    [
        ("http://127.0.0.1/app", "http://127.0.0.1/app", None),
        ("http://127.0.0.1/app=200", "http://127.0.0.1/app", 200),
        ("http://127.0.0.1/app?id=200", "http://127.0.0.1/app?id=200", None),
        ("http://127.0.0.1/app?id=5=200", "http://127.0.0.1/app?id=5", 200),
        ("localhost:8080=7", "localhost:8080", 7),
    ],
)
def test_a_count_stands_behind_the_url(text: str, url: str, count: int | None) -> None:
    assert parse_warm(text) == (url, count)


@pytest.mark.parametrize("text", ["http://localhost/=0", "http://localhost/=10001"])
def test_requests_are_bounded(text: str) -> None:
    with pytest.raises(UsageError, match="between 1 and 10000"):
        parse_warm(text)


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("192.0.2.1", False), ("", False)],
)
def test_loopback_is_every_address_of_this_machine_alone(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
