"""Other ways to serve the same requests, on the real server."""

import pytest

from tests.pipeline.measured import Make
from tuner.pipeline.optimise.alternatives.daemon_mode import try_daemon_mode
from tuner.pipeline.optimise.alternatives.keep_alive import OFF, try_without_keep_alive
from tuner.pipeline.optimise.alternatives.mpm import try_other_mpms
from tuner.pipeline.optimise.laboratory import Laboratory
from tuner.pipeline.optimise.race import Runner

pytestmark = pytest.mark.httpd

WAITS = """
import time

def application(environ, start_response):
    time.sleep(0.02)
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""


def today(made: Laboratory) -> Runner:
    return Runner("today", made.configuration, made.today)


@pytest.mark.slow
def test_an_embedded_application_is_tried_as_a_daemon(laboratory: Make) -> None:
    made = laboratory(WAITS, mpm="prefork", daemon=False, workers=4)
    (found,) = try_daemon_mode(made, today(made), lambda: False)
    assert not found.failed
    assert found.ratio is not None
    assert found.throughput > 0
    (group,) = found.settings.groups
    assert found.directives[0] == (
        f"WSGIDaemonProcess tuner processes={group.processes} threads={group.threads}"
    )
    # Eight clients, four processes that serve one request each: a daemon serves all eight.
    assert group.capacity > 4
    assert found.ratio.low > 1
    assert found.need_bytes > 0
    assert [trial.number for trial in made.trials] == []


def test_an_application_that_its_directory_keeps_embedded_is_left_there(laboratory: Make) -> None:
    made = laboratory(WAITS, mpm="prefork", daemon=False)
    main = made.request.read.path
    assert main is not None
    text = main.read_text().replace(
        "    Require all granted", "    Require all granted\n    WSGIProcessGroup %{GLOBAL}"
    )
    main.write_text(text)
    (found,) = try_daemon_mode(made, today(made), lambda: False)
    assert "keeps the application where it is" in found.failed


def test_a_daemon_is_not_tried_as_a_daemon(laboratory: Make) -> None:
    made = laboratory(WAITS)
    (found,) = try_daemon_mode(made, today(made), lambda: False)
    assert "no application of these requests runs in the front" in found.failed


def test_an_embedded_application_is_not_tried_under_threads(laboratory: Make) -> None:
    made = laboratory(WAITS, mpm="prefork", daemon=False)
    (found,) = try_other_mpms(made, today(made))
    assert "may not be safe for threads" in found.failed


def test_keep_alive_is_doubted_where_kept_connections_shut_others_out(laboratory: Make) -> None:
    made = laboratory(WAITS, mpm="prefork", daemon=False, workers=2)
    (found,) = try_without_keep_alive(made, today(made))
    assert found.directives == (OFF,)
    assert not found.failed
    # Two processes, eight clients: without keep-alive they take turns.
    assert found.fairness is not None
    assert found.fairness > 0.8


@pytest.mark.parametrize(("mpm", "workers"), [("event", 2), ("prefork", 32)])
def test_keep_alive_is_not_doubted_where_every_client_has_a_worker(
    laboratory: Make, mpm: str, workers: int
) -> None:
    made = laboratory(WAITS, mpm=mpm, workers=max(workers, 16 if mpm == "event" else 1))
    assert try_without_keep_alive(made, today(made)) == ()


@pytest.mark.slow
def test_other_mpms_are_measured_beside_the_one_in_use(laboratory: Make) -> None:
    made = laboratory(WAITS)
    before = made.costs.front
    found = try_other_mpms(made, today(made))
    assert {one.name for one in found} == {"MPM worker", "MPM prefork"}
    assert made.costs.front == before, "what processes cost under another MPM stays apart"
    assert all(one.ratio is not None and one.throughput > 0 for one in found)
