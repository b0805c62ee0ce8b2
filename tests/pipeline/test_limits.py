"""Memory for Apache, and for a copy of it beside what runs now."""

from pathlib import Path

import pytest

from tests.pipeline.measured import MB, Make
from tuner.apache.read import ReadRequest, read
from tuner.capacity.memory import MemoryCosts, ProcessCost
from tuner.errors import MeasurementError
from tuner.host.free import FreeMemory
from tuner.pipeline.observe import ObserveRequest
from tuner.pipeline.optimise import limits as limiting
from tuner.pipeline.optimise.limits import Limits, observe_limits
from tuner.pipeline.views import views_of

HELLO = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""


def limits(tmp_path: Path, budget: str | None = None) -> Limits:
    main = tmp_path / "httpd.conf"
    main.write_text("LoadModule mpm_event_module x\nListen 80\n")
    configuration = read(ReadRequest(path=main))
    return observe_limits(configuration, views_of(configuration), ObserveRequest(budget=budget))


def test_a_copy_gets_what_is_free_where_least_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine has the smaller share left, the group the fewer bytes."""
    machine = FreeMemory(10_000 * MB, 200_000 * MB, "MemAvailable")
    group = FreeMemory(1_000 * MB, 2_000 * MB, "memory.max")
    monkeypatch.setattr(limiting, "free_memory", lambda: (machine, group))
    found = limits(tmp_path)
    assert (found.copy_bytes, found.copy_source) == (0, "MemAvailable")
    plenty = machine._replace(free_bytes=50_000 * MB)
    monkeypatch.setattr(limiting, "free_memory", lambda: (plenty, group))
    found = limits(tmp_path)
    assert (found.copy_bytes, found.copy_source) == (900 * MB, "memory.max")


def test_the_budget_of_a_tree_from_elsewhere_is_doubted_unless_it_is_given(tmp_path: Path) -> None:
    assert any("the budget is that of this machine" in one for one in limits(tmp_path).doubts)
    given = limits(tmp_path, budget="1G")
    assert given.budget.size_bytes == 1024 * MB
    assert given.doubts == ()


@pytest.mark.httpd
def test_settings_that_a_copy_has_no_room_for_are_not_started(laboratory: Make) -> None:
    made = laboratory(HELLO)
    made.trial(made.today)
    made.limits = made.limits.model_copy(update={"copy_bytes": 1, "copy_source": "memory.max"})
    trial = made.trial(made.today)
    assert "1 B are free for it (memory.max)" in trial.failed
    made.trials.clear()
    with pytest.raises(MeasurementError, match="a copy of the server would use"):
        made.trial(made.today)


@pytest.mark.httpd
def test_nothing_is_started_where_what_is_known_has_no_room(laboratory: Make) -> None:
    made = laboratory(HELLO)
    one = ProcessCost(size_bytes=500 * MB, origin="measured", source="USS")
    known = MemoryCosts(parent=one, front=one, groups={"app": one})
    made.limits = made.limits.model_copy(update={"known": known, "copy_bytes": 900 * MB})
    with pytest.raises(MeasurementError, match="a copy of the server would use"):
        made.calibrate()
