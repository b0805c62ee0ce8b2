"""Smoke tests: verdicts on given numbers, and on a server that really got slower."""

import json
import random
import threading
import time
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest

from tests.pipeline.test_ladder import Lines
from tests.probe import servers
from tests.probe.servers import Handler, answer, serving
from tuner.errors import UsageError
from tuner.pipeline.ladder.request import parse_target
from tuner.pipeline.smoke import run
from tuner.pipeline.smoke.compare import Tolerance, compare
from tuner.pipeline.smoke.run import SmokeRequest
from tuner.pipeline.smoke.series import Load, Pair, Series, Side, read_baseline
from tuner.pipeline.traffic import TrafficRequest, find_traffic
from tuner.probe.manners import Limits
from tuner.report.smoke_junit import render_junit
from tuner.report.smoke_text import render_check, render_check_markdown, render_record

LOAD = Load(
    requests=("/=1",),
    concurrency=8,
    duration_seconds=2,
    warmup_seconds=0.5,
    keep_alive=True,
    engine="native",
    control="built in, version 1",
)


def series(
    target: float = 100.0,
    control: float = 1000.0,
    noise: float = 0.01,
    pairs: int = 8,
    error_rate: float = 0.0,
    validity: str = "valid",
    p95: float | None = None,
    seed: int = 1,
) -> Series:
    """A run whose throughputs are around the given ones."""
    rng = random.Random(seed)

    def side(rate: float, wait: float) -> Side:
        return Side.model_validate(
            {
                "throughput": rate * rng.gauss(1, noise),
                "p95_seconds": wait * rng.gauss(1, noise),
                "error_rate": 0.0,
                "validity": "valid",
                "doubts": (),
            }
        )

    def pair() -> Pair:
        changed: dict[str, object] = {"error_rate": error_rate, "validity": validity}
        if validity == "invalid":
            changed["doubts"] = ("client-cpu",)
        return Pair(
            control=side(control, 8 / control),
            target=side(target, p95 or 8 / target).model_copy(update=changed),
        )

    return Series(
        tuner="0.0.0",
        started_at="2026-11-23T10:00:00Z",
        url="http://127.0.0.1:80",
        load=LOAD,
        cores=2,
        pairs=tuple(pair() for _ in range(pairs)),
    )


def verdict(baseline: Series, today: Series) -> str:
    return compare(baseline, today, Tolerance()).verdict


def test_the_same_server_on_the_same_machine_is_ok() -> None:
    assert verdict(series(), series(seed=2)) == "ok"


def test_less_throughput_is_a_regression() -> None:
    found = compare(series(), series(target=80, seed=2), Tolerance())
    assert found.verdict == "regressed"
    assert found.metrics[0].verdict == "regressed"
    assert found.metrics[0].change.estimate == pytest.approx(0.8, rel=0.03)
    assert "throughput -2" in found.message or "throughput -1" in found.message


def test_a_slower_machine_is_no_regression() -> None:
    assert verdict(series(), series(target=50, control=500, seed=2)) == "ok"


def test_a_slower_machine_does_not_hide_a_regression() -> None:
    assert verdict(series(), series(target=35, control=500, seed=2)) == "regressed"


def test_an_application_that_waits_may_not_follow_a_faster_machine() -> None:
    """Its ratio to the control falls, its own throughput does not: nobody can tell."""
    found = compare(series(), series(target=100, control=2000, seed=2), Tolerance())
    assert found.verdict == "inconclusive"
    assert "2.0" in found.message


def test_a_control_that_trembles_does_not_make_a_regression_of_an_unchanged_server() -> None:
    noisy = [series(seed=seed) for seed in (1, 2)]
    shaken = [
        one.model_copy(
            update={
                "pairs": tuple(
                    pair.model_copy(
                        update={
                            "control": pair.control.model_copy(
                                update={"throughput": 1000.0 * factor, "p95_seconds": 8 / factor}
                            )
                        }
                    )
                    for pair, factor in zip(
                        one.pairs, (0.5, 1.5, 0.8, 1.2, 1, 0.6, 1.4, 1), strict=True
                    )
                )
            }
        )
        for one in noisy
    ]
    found = compare(shaken[0], shaken[1], Tolerance())
    high = found.metrics[0].change.high
    assert high is not None
    assert high - found.metrics[0].change.low > 0.5
    assert found.verdict == "ok"


def test_higher_latency_alone_is_a_regression() -> None:
    found = compare(series(), series(p95=0.2, seed=2), Tolerance())
    assert found.verdict == "regressed"
    assert [one.verdict for one in found.metrics] == ["ok", "regressed", "ok"]


def test_errors_alone_are_a_regression() -> None:
    assert verdict(series(), series(error_rate=0.05, seed=2)) == "regressed"
    assert verdict(series(), series(error_rate=0.005, seed=2)) == "ok"


def test_noise_that_hides_the_answer_is_called_so() -> None:
    found = compare(series(noise=0.3), series(noise=0.3, target=95, seed=3), Tolerance())
    assert found.verdict == "inconclusive"


def test_too_few_usable_pairs_are_called_so() -> None:
    found = compare(series(), series(pairs=8, validity="invalid", seed=2), Tolerance())
    assert found.verdict == "inconclusive"
    assert "0 of 8 pairs of this run are usable (client-cpu)" in found.message


def test_false_alarms_are_rare_and_real_ones_found() -> None:
    """Two hundred comparisons each, with 5 % noise."""
    alarms = found = 0
    for seed in range(200):
        before = series(noise=0.05, seed=3 * seed)
        alarms += verdict(before, series(noise=0.05, seed=3 * seed + 1)) == "regressed"
        found += verdict(before, series(noise=0.05, target=75, seed=3 * seed + 2)) == "regressed"
    assert alarms <= 2
    assert found >= 190


def test_a_baseline_is_read_back(tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    file.write_text(series().model_dump_json())
    assert read_baseline(file) == series()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema_version": 2}', "\0"])
def test_what_is_no_baseline_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "baseline.json"
    file.write_text(text)
    with pytest.raises(UsageError, match="is not a baseline of this version"):
        read_baseline(file)
    with pytest.raises(UsageError, match="No such file"):
        read_baseline(tmp_path / "none")


def test_reports_say_verdict_and_interval() -> None:
    found = compare(series(), series(target=80, seed=2), Tolerance())
    text = render_check(found, colour=False)
    assert text.startswith("regressed: throughput -")
    assert "95 % interval" in text
    assert "## Performance: regressed" in render_check_markdown(found)
    assert "0.10" in render_record(series()) or "0.09" in render_record(series())


@pytest.mark.parametrize("pairs", [0, 1, 8])
def test_json_keeps_its_schema(pairs: int) -> None:
    found = compare(series(), series(pairs=pairs, seed=2), Tolerance())
    for document in (found, found.baseline):
        schema = type(document).model_json_schema(mode="serialization")
        jsonschema.validate(json.loads(document.model_dump_json()), schema)


@pytest.mark.parametrize(
    ("today", "strict", "failures", "skipped"),
    [
        (series(seed=2), False, 0, 0),
        (series(target=60, seed=2), False, 2, 0),
        (series(noise=0.3, target=95, seed=3), False, 0, 1),
        (series(noise=0.3, target=95, seed=3), True, 1, 0),
    ],
)
def test_junit_counts_what_ci_counts(
    today: Series, strict: bool, failures: int, skipped: int
) -> None:
    found = compare(series(), today, Tolerance(latency=5.0 if skipped or strict else 0.25))
    root = ElementTree.fromstring(render_junit(found, inconclusive_fails=strict))
    (suite,) = root
    assert len(suite) == int(suite.attrib["tests"]) == 3
    assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure")) == failures
    assert int(suite.attrib["skipped"]) == len(suite.findall("testcase/skipped")) == skipped


class Slow:
    """A server that takes a settable time for each request, one after the other."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.turn = threading.Lock()

    @property
    def handler(self) -> Handler:
        def handle(connection, number):  # type: ignore[no-untyped-def]
            for _ in servers.requests(connection):
                with self.turn:
                    time.sleep(self.seconds)
                connection.sendall(answer())

        return handle


def request(url: str, control: str | None, **changes: object) -> SmokeRequest:
    fields: dict[str, object] = {
        "target": parse_target(url),
        "traffic": find_traffic(TrafficRequest()),
        "control": control,
        "concurrency": 4,
        "duration_seconds": 0.3,
        "warmup_seconds": 0.05,
        "limits": Limits(seconds=7.0),
        **changes,
    }
    return SmokeRequest(**fields)  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_server_that_really_became_slower_is_found() -> None:
    """Both wait and do not compute, so that a busy test machine does not matter."""
    slow, control = Slow(0.010), Slow(0.010)
    with serving(slow.handler) as url, serving(control.handler) as control_url:
        asked = request(url, control_url)
        baseline = run.record(asked, Lines())
        assert len(baseline.usable) >= 5
        same = run.check(asked, baseline, Lines())
        slow.seconds = 0.020
        worse = run.check(asked, baseline, Lines())
    assert same.verdict != "regressed"
    assert worse.verdict == "regressed"
    high = worse.metrics[0].change.high
    assert high is not None
    assert high < 1


def test_another_load_than_the_baseline_s_is_refused() -> None:
    for changes in ({"concurrency": 5}, {"keep_alive": False}, {"engine": "httpx"}):
        asked = request("http://127.0.0.1:1", None, **changes)
        with pytest.raises(UsageError, match="the baseline was recorded with"):
            run.check(asked, series(), Lines())


def test_the_mix_of_the_baseline_is_taken_where_none_is_given() -> None:
    load = LOAD.model_copy(update={"requests": ("/a=2", "HEAD /b=1"), "concurrency": 4})
    baseline = series().model_copy(update={"load": load})
    asked = request("http://127.0.0.1:1", None, duration_seconds=2, warmup_seconds=0.5)
    found = run._as_recorded(asked, baseline)
    assert [(one.method, one.path) for one in found.requests] == [("GET", "/a"), ("HEAD", "/b")]


def test_a_time_limit_for_less_than_five_pairs_is_refused() -> None:
    slow = Slow(0.001)
    with serving(slow.handler) as url, pytest.raises(UsageError, match="5 pairs of probes take"):
        run.record(request(url, url, limits=Limits(seconds=3.0)), Lines())
