"""Trials on the real server: every MPM, embedded and daemon, applications with moods."""

import pytest

from tests.pipeline.measured import Make
from tuner.apache.binary import Httpd
from tuner.capacity.front import front_for_mpm
from tuner.search.trial import Objective

pytestmark = pytest.mark.httpd

MB = 2**20

ANSWER = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""
SLOW_IMPORT = "import time\ntime.sleep(1.5)\n" + ANSWER
GROWING = "KEPT = []\n" + ANSWER.replace(
    "    return", "    KEPT.append(bytearray(100_000))\n    return"
)
THREADS = (
    "import threading\n"
    "for _ in range(3):\n"
    "    threading.Thread(target=threading.Event().wait, daemon=True).start()\n" + ANSWER
)
SOMETIMES_SLOW = "import itertools, time\nN = itertools.count()\n" + ANSWER.replace(
    "    start", "    if next(N) % 50 == 0:\n        time.sleep(0.3)\n    start", 1
)
FAILING = "import itertools\nN = itertools.count()\n" + ANSWER.replace(
    '    start_response("200 OK"',
    "    bad = environ['PATH_INFO'] == '/bad'\n"
    '    start_response("500 Failed" if bad else "200 OK"',
)


@pytest.mark.parametrize(
    ("mpm", "daemon"), [("prefork", False), ("prefork", True), ("worker", True), ("event", False)]
)
def test_every_mpm_with_daemons_and_without(laboratory: Make, mpm: str, daemon: bool) -> None:
    made = laboratory(ANSWER, mpm=mpm, daemon=daemon)
    trial = made.trial(made.today)
    assert not trial.failed
    assert trial.throughput > 50
    assert trial.error_rate == 0
    assert trial.settings.front.mpm == mpm
    assert 2 * MB < trial.memory_bytes < 500 * MB


def test_another_mpm_than_the_configured_can_be_tried(laboratory: Make) -> None:
    made = laboratory(ANSWER, mpm="event")
    front = front_for_mpm(made.today.front, "prefork")
    trial = made.trial(made.today.model_copy(update={"front": front}))
    assert not trial.failed
    assert trial.error_rate == 0


def test_a_slow_import_is_over_before_the_probe_begins(laboratory: Make) -> None:
    made = laboratory(SLOW_IMPORT)
    trial = made.trial(made.today)
    assert trial.error_rate == 0
    assert trial.latency_seconds is not None
    assert trial.latency_seconds < 1.4


def test_a_growing_application_costs_what_it_grew_to(laboratory: Make) -> None:
    made = laboratory(GROWING)
    alone = made.costs.groups["app"].size_bytes
    made.trial(made.today)
    assert made.costs.groups["app"].size_bytes > alone + 10 * MB


def test_background_threads_do_not_keep_the_server_up(laboratory: Make) -> None:
    made = laboratory(THREADS)
    assert not made.trial(made.today).failed


def test_occasional_slow_requests_show_in_the_percentile(laboratory: Make) -> None:
    made = laboratory(SOMETIMES_SLOW)
    trial = made.trial(made.today)
    assert trial.latency_seconds is not None
    assert trial.latency_seconds > 0.25
    assert trial.error_rate == 0


def test_a_url_that_fails_makes_settings_infeasible_not_the_run_fail(laboratory: Make) -> None:
    made = laboratory(FAILING, paths=("/app=9", "/app/bad=1"))
    trial = made.trial(made.today)
    assert not trial.failed
    assert 0.02 < trial.error_rate < 0.4
    assert not trial.is_feasible(Objective())


def test_the_bundled_server_runs_the_same_trials(laboratory: Make, bundled: Httpd) -> None:
    made = laboratory(ANSWER, httpd=bundled)
    trial = made.trial(made.today)
    assert not trial.failed
    assert trial.error_rate == 0
