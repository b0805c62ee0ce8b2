"""Applications that get no load take memory all the same, on the real server."""

from pathlib import Path

import pytest

from tests.pipeline.measured import MB, Make
from tuner.apache.read import ReadRequest, read
from tuner.capacity.memory import memory_need
from tuner.pipeline.optimise.neighbours import neighbours
from tuner.pipeline.views import views_of

HELLO = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""
LARGE = f"kept = bytearray({80 * MB})\n{HELLO}"
REPORTS = """
WSGIDaemonProcess reports processes=2 threads=2
WSGIScriptAlias /reports {root}/reports.wsgi process-group=reports
"""
DENIED = "<Location /reports>\n    Require all denied\n</Location>\n"
EMBEDDED = "WSGIScriptAlias /old {root}/reports.wsgi process-group=%{{GLOBAL}}\n"


@pytest.fixture
def reports(public_directory: Path) -> None:
    (public_directory / "reports.wsgi").write_text(LARGE)


@pytest.mark.httpd
@pytest.mark.usefixtures("reports")
class TestOnTheServer:
    def test_a_group_without_load_is_counted_with_its_application(self, laboratory: Make) -> None:
        made = laboratory(HELLO, more=REPORTS)
        assert made.costs.groups["reports"].size_bytes > 80 * MB
        assert made.costs.groups["app"].size_bytes < 40 * MB
        assert made.unknown == made.doubts == ()
        assert made.budget_bytes == 4 * 1024 * MB

    def test_an_application_in_the_front_is_counted_too(self, laboratory: Make) -> None:
        made = laboratory(HELLO, more=EMBEDDED)
        assert made.costs.front.size_bytes > 80 * MB
        assert made.unknown == ()

    def test_another_application_in_the_loaded_group_is_counted(self, laboratory: Make) -> None:
        made = laboratory(HELLO, more="WSGIScriptAlias /too {root}/reports.wsgi\n")
        assert made.costs.groups["app"].size_bytes > 80 * MB

    def test_what_cannot_be_loaded_is_said_and_leaves_no_room_to_grow(
        self, laboratory: Make
    ) -> None:
        made = laboratory(HELLO, more=REPORTS + DENIED)
        assert made.unknown == ("reports",)
        assert made.budget_bytes == memory_need(made.today, made.costs).size_bytes
        (doubt,) = made.doubts
        assert "reports: its application did not load" in doubt
        assert "--app-memory SIZE@reports" in doubt

    def test_what_is_given_stands_for_what_cannot_be_loaded(self, laboratory: Make) -> None:
        made = laboratory(HELLO, more=REPORTS + DENIED, app_memory=("90M@reports",))
        assert made.costs.groups["reports"].size_bytes == 90 * MB
        assert made.unknown == ()


HOSTS = """
LoadModule wsgi_module x
LoadModule ssl_module x
Listen 80
Listen 443
WSGIDaemonProcess shop
WSGIDaemonProcess api
WSGIDaemonProcess wiki
WSGIScriptAlias /api /srv/api.wsgi process-group=api
WSGIScriptAlias /api2 /srv/api.wsgi process-group=api
WSGIScriptAliasMatch ^/wiki/(.*) /srv/wiki.wsgi process-group=wiki
<VirtualHost *:443>
    ServerName https://shop.example:443
    SSLEngine on
    WSGIScriptAlias / /srv/shop.wsgi process-group=shop
    WSGIScriptAlias /old /srv/old.wsgi
</VirtualHost>
"""


def test_each_application_is_asked_once_at_its_own_host(tmp_path: Path) -> None:
    main = tmp_path / "httpd.conf"
    main.write_text(HOSTS)
    configuration = read(ReadRequest(path=main))
    views = views_of(configuration)
    found = neighbours(configuration, views, ())
    assert [(one.scheme, one.host, one.port, one.path) for one in found] == [
        ("http", "localhost", 80, "/api"),
        ("https", "shop.example", 443, "/"),
        ("https", "shop.example", 443, "/old"),
    ]
    (shop,) = (one for one in views.applications if one.process_group == "shop")
    fewer = neighbours(configuration, views, (shop, None))
    assert [one.path for one in fewer] == ["/api", "/old"]
