"""Facts about memory where no server runs: given costs, and reasons for the rest."""

from pathlib import Path

import pytest

from tuner.apache.read import ReadRequest, read
from tuner.fact import Known, Unknown
from tuner.pipeline import observe as observing
from tuner.pipeline.facts.build import build_facts
from tuner.pipeline.facts.memory import memory_facts
from tuner.pipeline.facts.observed import observed_facts
from tuner.pipeline.observe import ObserveRequest, observe
from tuner.pipeline.views import views_of
from tuner.rules.vocabulary import SERVER_FACTS

MB, GB = 2**20, 2**30

CONF = """
LoadModule mpm_event_module x
LoadModule wsgi_module x
ServerLimit 8
ThreadsPerChild 25
MaxRequestWorkers 100
WSGIDaemonProcess app processes=2 threads=15
WSGIScriptAlias / /srv/app.wsgi process-group=app
"""


def facts(tmp_path: Path, *app_memory: str) -> dict[str, object]:
    main = tmp_path / "httpd.conf"
    main.write_text(CONF)
    configuration = read(ReadRequest(path=main))
    views = views_of(configuration)
    request = ObserveRequest(live=False, app_memory=app_memory, budget="4G")
    return {**memory_facts(views, observe(configuration, views, request))}


def value(found: dict[str, object], name: str) -> object:
    fact = found[f"memory.{name}"]
    assert isinstance(fact, Known), fact
    return fact.value


def test_a_restart_overlaps_up_to_the_server_limit(tmp_path: Path) -> None:
    found = facts(tmp_path, "60M")
    front = value(found, "front")
    assert value(found, "restart_overlap") == 4 * front  # type: ignore[operator]
    steady, restart = value(found, "need_steady"), value(found, "need_at_restart")
    assert restart == steady + 4 * front  # type: ignore[operator]
    assert value(found, "loading") == 0


def test_the_budget_comes_with_its_parts(tmp_path: Path) -> None:
    found = facts(tmp_path)
    assert value(found, "budget") == 4 * GB
    assert value(found, "other_services") == 0
    assert value(found, "static_files") == 0


def test_the_machine_counts_only_where_it_is_the_servers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("limit", "physical", "limited_by_group")
    assert all(isinstance(facts(tmp_path)[f"memory.{name}"], Unknown) for name in names)
    monkeypatch.setattr(observing, "is_this_machine", lambda *about, **more: True)
    found = facts(tmp_path)
    assert value(found, "limit") <= value(found, "physical")  # type: ignore[operator]
    is_tighter = value(found, "limit") < value(found, "physical")  # type: ignore[operator]
    assert value(found, "limited_by_group") is is_tighter


def test_what_nobody_has_measured_is_unknown_with_the_reason(tmp_path: Path) -> None:
    found = facts(tmp_path)
    for name in ("need", "need_steady", "loading", "restart_overlap", "need_at_restart"):
        fact = found[f"memory.{name}"]
        assert isinstance(fact, Unknown)
        assert "--app-memory" in fact.reason
    for name in ("used", "swap", "oom_kills", "cold_processes", "old_processes", "front_growth"):
        assert found[f"memory.{name}"] == Unknown("no running server is measured")


def test_every_fact_about_memory_is_in_the_vocabulary(tmp_path: Path) -> None:
    main = tmp_path / "httpd.conf"
    main.write_text(CONF)
    configuration = read(ReadRequest(path=main))
    views = views_of(configuration)
    observation = observe(configuration, views, ObserveRequest(live=False, app_memory=("9M",)))
    built = build_facts(configuration, views, observation)
    (server,) = built.subjects["server"]
    named = {name for name in SERVER_FACTS if name.startswith("memory.")}
    assert {name for name in server.facts if name.startswith("memory.")} == named
    assert set(observed_facts(observation)) < named
