"""Capacity questions, answered from a recorded run."""

import math
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.measured import measurement
from tests.search.surfaces import daemon_space
from tuner.capacity.settings import Settings
from tuner.errors import UsageError
from tuner.pipeline.plan import Plan, PlanRequest, plan
from tuner.pipeline.record import RunRecord
from tuner.report.plan_text import render_text
from tuner.search.space import Point

SPACE = daemon_space()
FOUND = SPACE.settings(Point(processes=4, threads=8))


def line(settings: Settings, throughput: float) -> dict[str, Any]:
    one = measurement(throughput, settings=settings)
    return {
        "settings": settings.model_dump(mode="json"),
        "probe": one.probe.model_dump(mode="json"),
        "memory": one.profile.model_dump(mode="json"),
        "memory_bytes": one.memory_bytes,
        "server_cpu_seconds": 1.0,
    }


def run(
    directory: Path,
    *,
    raced: tuple[float, ...] = (400.0, 410.0, 390.0, 400.0),
    slo: float | None = None,
    ended: bool = True,
) -> Path:
    """Record a run that found four processes with eight threads."""
    start = {
        "request": {
            "concurrency": 64,
            "objective": {"percentile": "p99", "latency_seconds": slo},
        },
        "today": SPACE.today.model_dump(mode="json"),
        "has_application": True,
    }
    record = RunRecord(directory, start)
    record.append("trial", **line(SPACE.today, 90.0))
    record.append("trial", **line(FOUND, 395.0))
    for value in raced:
        record.append("race-today", **line(SPACE.today, 90.0))
        record.append("race-patched-1", **line(FOUND, value))
    if ended:
        record.append(
            "end",
            settings=FOUND.model_dump(mode="json"),
            space=SPACE.model_dump(mode="json"),
            demand={"busy_seconds": 0.010, "waiting_seconds": 0.030},
        )
    return directory


def made(tmp_path: Path, **more: Any) -> Plan:
    return plan(PlanRequest(run(tmp_path), **more))


def test_capacity_is_that_of_the_race_with_its_interval(tmp_path: Path) -> None:
    found = made(tmp_path)
    assert found.settings == FOUND
    assert not found.is_today
    assert found.probes == 4
    assert found.throughput.estimate == pytest.approx(400)
    assert found.throughput.low < 400 < found.throughput.high
    assert found.planned.estimate == pytest.approx(280)


def test_a_month_is_thirty_days_at_the_average_of_the_peak(tmp_path: Path) -> None:
    found = made(tmp_path, peak_factor=4.0)
    assert found.requests_per_month.estimate == pytest.approx(280 * 2_592_000 / 4)


def test_users_wait_and_think(tmp_path: Path) -> None:
    found = made(tmp_path, think_seconds=10.0)
    assert found.users.estimate == pytest.approx(280 * (10 + 0.16), rel=0.01)


def test_hosts_serve_the_target_at_the_low_end_and_one_more(tmp_path: Path) -> None:
    found = made(tmp_path, target_throughput=2000.0)
    assert found.hosts == math.ceil(2000 / found.planned.low) + 1
    assert f"need {found.hosts} hosts" in render_text(found)
    assert "at the low end" in render_text(found)


def test_hosts_by_one_probe_are_those_of_the_estimate_and_say_so(tmp_path: Path) -> None:
    found = plan(PlanRequest(run(tmp_path, raced=(400.0,)), target_throughput=2000.0))
    assert found.hosts == math.ceil(2000 / 280) + 1
    assert "by the estimate" in render_text(found)


def test_more_cores_and_memory_are_the_models_answer(tmp_path: Path) -> None:
    found = made(tmp_path)
    assert 1.1 < found.one_more_core.estimate / found.throughput.estimate < 1.4
    assert found.one_more_gibibyte.estimate == pytest.approx(found.throughput.estimate, rel=0.05)


def test_one_probe_has_no_interval(tmp_path: Path) -> None:
    found = plan(PlanRequest(run(tmp_path, raced=(400.0,))))
    assert found.throughput.high == math.inf
    assert "unknown: one probe" in render_text(found)
    assert '"high":null' in found.model_dump_json()


@pytest.mark.parametrize(("slo", "kept"), [(1.0, True), (0.1, False)])
def test_the_objective_is_kept_or_missed(tmp_path: Path, slo: float, kept: bool) -> None:
    found = plan(PlanRequest(run(tmp_path, slo=slo)))
    assert found.keeps_objective == kept
    assert ("is kept" if kept else "is missed") in render_text(found)


def test_an_unfinished_run_names_the_way_on(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="optimize --resume"):
        plan(PlanRequest(run(tmp_path, ended=False)))


def test_an_incomplete_record_is_one_error(tmp_path: Path) -> None:
    record = RunRecord(tmp_path, {"main": "x"})
    record.append("end", settings={})
    with pytest.raises(UsageError, match="not a complete record"):
        plan(PlanRequest(tmp_path))
