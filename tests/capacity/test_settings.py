"""Settings as values: derived numbers, and what a configuration runs with today."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from tuner.apache.read import ReadRequest, read
from tuner.capacity.settings import FrontSettings, GroupSettings, Settings
from tuner.pipeline.views import views_of

FRONT = FrontSettings(
    mpm="event",
    max_request_workers=400,
    server_limit=20,
    start_servers=3,
    min_spare=75,
    max_spare=250,
    threads_per_child=25,
    thread_limit=64,
)


def today(tmp_path: Path, text: str) -> Settings:
    main = tmp_path / "httpd.conf"
    main.write_text(text)
    found = views_of(read(ReadRequest(path=main))).settings
    assert found is not None
    return found


def test_capacities_are_products() -> None:
    groups = (
        GroupSettings(name="one", processes=2, threads=15),
        GroupSettings(name="two", processes=3, threads=5),
    )
    found = Settings(front=FRONT, groups=groups)
    assert (FRONT.threads, FRONT.processes) == (25, 16)
    assert [one.capacity for one in groups] == [30, 15]
    assert found.daemon_capacity == 45
    assert found.describe() == "one p=2 t=15, two p=3 t=5, MaxRequestWorkers 400 (16 x 25)"


def test_prefork_has_one_worker_in_each_process(tmp_path: Path) -> None:
    found = today(tmp_path, "LoadModule mpm_prefork_module x\nMaxClients 150\n")
    assert found == Settings(
        front=FrontSettings(
            mpm="prefork",
            max_request_workers=150,
            server_limit=256,
            start_servers=5,
            min_spare=5,
            max_spare=10,
        )
    )
    assert (found.front.threads, found.front.processes) == (1, 150)
    assert found.describe() == "MaxRequestWorkers 150"


def test_todays_settings_are_those_that_httpd_runs(tmp_path: Path) -> None:
    text = (
        "LoadModule mpm_event_module x\nLoadModule wsgi_module x\n"
        "ThreadsPerChild 100\nMaxRequestWorkers 2000\n"
        "WSGIDaemonProcess app processes=4\n"
    )
    found = today(tmp_path, text)
    assert found.front.threads_per_child == 64
    assert found.front.max_request_workers == 16 * 64
    assert found.groups == (GroupSettings(name="app", processes=4, threads=15),)


def test_values_are_frozen_and_closed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        FRONT.max_request_workers = 5
    with pytest.raises(ValidationError, match="extra"):
        GroupSettings(name="app", processes=1, threads=1, colour="red")  # type: ignore[call-arg]
