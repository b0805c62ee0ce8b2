"""Costs and budget from what is given, and from a server that runs."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tuner.apache.binary import Httpd
from tuner.apache.read import ReadRequest, read
from tuner.apache.tree import Configuration
from tuner.capacity.budget import Budget
from tuner.capacity.memory import MemoryCosts
from tuner.errors import MeasurementError, UsageError
from tuner.fact import Known, Unknown
from tuner.pipeline import observe as observing
from tuner.pipeline.observe import Observation, ObserveRequest, observe, pid_file
from tuner.pipeline.views import views_of
from tuner.server.shadow import Canary, shadow_server

MB = 2**20

CONF = """
LoadModule mpm_prefork_module x
LoadModule wsgi_module x
ServerRoot {root}
DefaultRuntimeDir run
PidFile httpd.pid
WSGIDaemonProcess one
WSGIDaemonProcess two
WSGIScriptAlias /one /srv/one.wsgi process-group=one
"""


def load(tmp_path: Path) -> Configuration:
    (tmp_path / "run").mkdir(exist_ok=True)
    main = tmp_path / "httpd.conf"
    main.write_text(CONF.format(root=tmp_path))
    return read(ReadRequest(path=main))


def look(configuration: Configuration, request: ObserveRequest) -> Observation:
    return observe(configuration, views_of(configuration), request)


def test_nothing_known_is_unknown_with_the_reason(tmp_path: Path) -> None:
    costs = look(load(tmp_path), ObserveRequest()).costs
    assert isinstance(costs, Unknown)
    assert "--app-memory" in costs.reason


def test_app_memory_is_what_every_daemon_process_costs(tmp_path: Path) -> None:
    costs = look(load(tmp_path), ObserveRequest(app_memory=("40M", "60M@two"))).costs
    assert isinstance(costs, MemoryCosts)
    assert costs.groups["one"].size_bytes == 40 * MB
    assert costs.groups["two"].size_bytes == 60 * MB
    assert costs.front.origin == "assumed"


def test_app_memory_of_an_unknown_group_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no daemon process group 'three' .*one, two"):
        look(load(tmp_path), ObserveRequest(app_memory=("40M@three",)))


def test_a_given_budget_is_taken_as_it_is(tmp_path: Path) -> None:
    observation = look(load(tmp_path), ObserveRequest(budget="1G"))
    assert isinstance(observation.budget, Budget)
    assert observation.budget.size_bytes == 1024 * MB
    assert observation.budget.origin == "given"


def test_what_this_machine_has_says_nothing_about_a_server_elsewhere(tmp_path: Path) -> None:
    observation = look(load(tmp_path), ObserveRequest())
    assert not observation.is_here
    assert isinstance(observation.budget, Unknown)
    assert "--budget" in observation.budget.reason
    assert isinstance(observation.cores, Unknown)
    assert "--cores" in observation.cores.reason
    given = look(load(tmp_path), ObserveRequest(cores=12)).cores
    assert given == Known(12, "given", "--cores")


def test_a_measured_budget_leaves_room_for_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observing, "is_this_machine", lambda *about, **more: True)
    observation = look(load(tmp_path), ObserveRequest())
    assert isinstance(observation.budget, Budget)
    assert isinstance(observation.cores, Known)
    assert observation.cores.value == observation.machine.cores
    assert 0 < observation.budget.size_bytes < observation.machine.memory_total_bytes


def test_the_pid_file_is_found_as_httpd_would_write_it(tmp_path: Path) -> None:
    assert pid_file(load(tmp_path)) == tmp_path / "run/httpd.pid"


def test_a_stale_pid_file_means_that_nothing_runs(tmp_path: Path) -> None:
    configuration = load(tmp_path)
    pid_file(configuration).write_text("4194303\n")
    assert look(configuration, ObserveRequest()).pid is None


def test_a_demanded_server_that_does_not_run_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MeasurementError, match="no Apache runs"):
        look(load(tmp_path), ObserveRequest(live=True))


def test_a_pid_that_does_not_run_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MeasurementError, match="not running"):
        look(load(tmp_path), ObserveRequest(pid=4194303))


def test_live_is_off_when_asked(tmp_path: Path) -> None:
    configuration = load(tmp_path)
    pid_file(configuration).write_text(f"{os.getpid()}\n")
    assert look(configuration, ObserveRequest(live=False)).pid is None


@pytest.mark.httpd
def test_a_running_server_is_measured_by_role(sample: Callable[[str], Path], httpd: Httpd) -> None:
    configuration = read(ReadRequest(path=sample("founding-prefork-embedded"), httpd=httpd))
    views = views_of(configuration)
    assert views.settings is not None
    canary = Canary(port=8080, path="/", host="app.example")
    with shadow_server(configuration, httpd, views.settings, canary) as shadow:
        observation = observe(configuration, views, ObserveRequest(pid=shadow.pid))
    costs = observation.costs
    assert isinstance(costs, MemoryCosts)
    assert costs.front.origin == "measured"
    assert 34 * MB < costs.front.size_bytes < 60 * MB
    assert costs.parent.size_bytes < 15 * MB
