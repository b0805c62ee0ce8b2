"""From --host and --path to what serves the requests."""

from pathlib import Path

import pytest

from tuner.apache.read import ReadRequest, read
from tuner.errors import UsageError
from tuner.pipeline.target import Target, find_target
from tuner.pipeline.views import views_of

CONF = """
LoadModule mpm_event_module x
LoadModule wsgi_module x
Listen 80
Listen 8080
WSGIDaemonProcess shop
WSGIDaemonProcess api
<VirtualHost *:80>
    ServerName shop.example
    ServerAlias www.shop.example
    WSGIScriptAlias /api /srv/api.wsgi process-group=api
    WSGIScriptAlias /old /srv/old.wsgi
    WSGIScriptAlias / /srv/shop.wsgi process-group=shop
</VirtualHost>
<VirtualHost *:8080>
    ServerName static.example
</VirtualHost>
"""


NAMED = """
LoadModule mpm_event_module x
LoadModule wsgi_module x
Listen 443
WSGIDaemonProcess first
WSGIDaemonProcess second
WSGIDaemonProcess third
<VirtualHost *:443>
    ServerName first.example
    WSGIScriptAlias / /srv/x.wsgi process-group=first
</VirtualHost>
<VirtualHost *:443>
    ServerName https://shop.example:443
    ServerAlias *.shop.example
    WSGIScriptAlias / /srv/x.wsgi process-group=second
</VirtualHost>
<VirtualHost *:443>
    ServerName third.example
    WSGIScriptAliasMatch ^/wiki/(.*) /srv/x.wsgi process-group=third
    WSGIScriptAlias / /srv/x.wsgi process-group=first
</VirtualHost>
"""


@pytest.mark.parametrize(
    ("url", "group"),
    [
        ("https://shop.example/", "second"),
        ("https://SHOP.example/", "second"),
        ("https://www.shop.example/", "second"),
        ("https://shop.example.org/", "first"),
        ("https://third.example/wiki/Page", "third"),
        ("https://third.example/page", "first"),
    ],
)
def test_names_and_patterns_are_matched_as_httpd_does(tmp_path: Path, url: str, group: str) -> None:
    main = tmp_path / "httpd.conf"
    main.write_text(NAMED)
    configuration = read(ReadRequest(path=main))
    found = find_target(configuration, views_of(configuration), url, (), ())
    assert found.groups == (group,)


def target(tmp_path: Path, host: str, *paths: str, headers: tuple[str, ...] = ()) -> Target:
    main = tmp_path / "httpd.conf"
    main.write_text(CONF)
    configuration = read(ReadRequest(path=main))
    return find_target(configuration, views_of(configuration), host, paths, headers)


@pytest.mark.parametrize(
    ("host", "paths", "groups", "embedded"),
    [
        ("http://shop.example/", (), ("shop",), False),
        ("http://www.shop.example/cart", (), ("shop",), False),
        ("http://shop.example/", ("/api/items",), ("api",), False),
        ("http://shop.example/", ("/api/items=1", "/=3"), ("shop", "api"), False),
        ("http://shop.example/", ("/api/items=3", "/=1"), ("api", "shop"), False),
        ("http://shop.example/old", (), (), True),
        ("http://127.0.0.1/", (), ("shop",), False),
        ("http://static.example:8080/x.css", (), (), False),
        ("shop.example", (), ("shop",), False),
    ],
)
def test_the_application_behind_a_url(
    tmp_path: Path, host: str, paths: tuple[str, ...], groups: tuple[str, ...], embedded: bool
) -> None:
    found = target(tmp_path, host, *paths)
    assert found.groups == groups
    assert found.is_embedded == embedded


def test_a_loopback_address_takes_the_name_of_the_virtual_host(tmp_path: Path) -> None:
    assert target(tmp_path, "http://localhost/").canary.host == "shop.example"


def test_groups_have_their_share_of_the_requests(tmp_path: Path) -> None:
    found = target(tmp_path, "http://shop.example/", "/api/items=1", "/=3")
    assert (found.share_of("shop"), found.share_of("api"), found.share_of(None)) == (0.75, 0.25, 1)
    assert found.application is not None
    assert found.application.process_group == "shop"


def test_embedded_and_daemon_applications_together_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="one kind at a time"):
        target(tmp_path, "http://shop.example/", "/old", "/")


@pytest.mark.parametrize("host", ["ftp://x/", "http://", "http://x:99999/", "http://x:y/"])
def test_a_host_that_is_no_url_is_refused(tmp_path: Path, host: str) -> None:
    with pytest.raises(UsageError, match="--host"):
        target(tmp_path, host)


def test_headers_are_split_at_the_colon(tmp_path: Path) -> None:
    found = target(tmp_path, "http://shop.example/", headers=("X-Forwarded-Proto: https",))
    assert found.canary.headers == (("X-Forwarded-Proto", "https"),)
    with pytest.raises(UsageError, match="--header"):
        target(tmp_path, "http://shop.example/", headers=("nonsense",))


def test_a_path_that_makes_no_sense_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--path"):
        target(tmp_path, "http://shop.example/", "a")
