"""The private copy shares nothing with the live server."""

from pathlib import Path

import pytest

from tuner.apache.binary import Httpd
from tuner.apache.read import ReadRequest, read
from tuner.pipeline.views import views_of
from tuner.server.addresses import PortMap, listened_ports, port_of
from tuner.server.translate import translate

CONF = r"""
ServerRoot "{root}"
LoadModule mpm_event_module modules/mod_mpm_event.so
LoadModule unixd_module modules/mod_unixd.so
LoadModule log_config_module modules/mod_log_config.so
LoadModule wsgi_module modules/mod_wsgi.so
LoadModule socache_shmcb_module modules/mod_socache_shmcb.so
LoadModule ssl_module modules/mod_ssl.so
LoadModule proxy_module modules/mod_proxy.so
LoadModule md_module modules/mod_md.so
Listen 80
Listen [::]:80
<IfModule ssl_module>
    Listen 443
</IfModule>
PidFile /run/httpd/httpd.pid
ScoreBoardFile /run/httpd/scoreboard
Mutex file:/var/lock/apache2 default
CoreDumpDirectory /var/crash
ListenCoresBucketsRatio 4
WSGISocketPrefix /run/wsgi
SSLSessionCache shmcb:/run/httpd/ssl(512000)
ErrorLog "|/usr/bin/rotatelogs /var/log/httpd/error 86400"
CustomLog /var/log/httpd/access combined env=!quiet
MDStoreDir /var/md
User www-data
Group www-data
MaxRequestWorkers 100
WSGIDaemonProcess app processes=2 threads=5 user=app group=app server-metrics=On
<VirtualHost 10.0.0.1:80 [2001:db8::1]:80>
    ServerName shop.example:80
    ErrorLog syslog:local1
    ProxyPass /api http://production.example/
    WSGIScriptAlias / /srv/app.wsgi process-group=app
</VirtualHost>
<VirtualHost *:443>
    SSLEngine on
    SSLCertificateFile /nowhere/cert.pem
</VirtualHost>
"""


@pytest.fixture
def copy(tmp_path: Path, httpd: Httpd) -> str:
    (tmp_path / "conf").mkdir()
    main = tmp_path / "conf/httpd.conf"
    main.write_text(CONF.replace("{root}", str(tmp_path)))
    configuration = read(ReadRequest(path=main, httpd=httpd))
    assert configuration.fatal_errors == ()
    settings = views_of(configuration).settings
    assert settings is not None
    ports = PortMap(ports={80: 40080, 443: 40443})
    return translate(configuration, httpd, Path("/private"), ports, settings).text


pytestmark = pytest.mark.httpd


def lines_with(text: str, name: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.split()[:1] == [name]]


def test_every_listen_moves_to_loopback_once(copy: str) -> None:
    assert lines_with(copy, "Listen") == [
        "Listen 127.0.0.1:40080",
        "Listen 127.0.0.1:40443 https",
    ]


def test_virtual_hosts_follow_their_ports(copy: str) -> None:
    assert "<VirtualHost *:40080>" in copy


@pytest.mark.parametrize(
    "path", ["/run/httpd", "/var/lock", "/var/log", "/run/wsgi", "/var/crash", "/var/md"]
)
def test_no_path_of_the_live_server_is_left(copy: str, path: str) -> None:
    words = [word.strip('"') for line in copy.splitlines() for word in line.split()]
    assert not [word for word in words if word.startswith(path)]


@pytest.mark.parametrize(
    "line",
    [
        "DefaultRuntimeDir /private/run",
        "PidFile /private/run/httpd.pid",
        "WSGISocketPrefix /private/run/w",
        "SSLSessionCache shmcb:/private/run/sslsessioncache(512000)",
        "ErrorLog /private/logs/error.log",
        "ServerName shop.example",
    ],
)
def test_private_places_stand_in(copy: str, line: str) -> None:
    assert line in [one.strip() for one in copy.splitlines()]


def test_logs_keep_their_format_and_conditions(copy: str) -> None:
    (line,) = lines_with(copy, "CustomLog")
    assert line.startswith("CustomLog /private/logs/customlog-")
    assert line.endswith(" combined env=!quiet")


def test_nothing_is_sent_to_production(copy: str) -> None:
    assert "production.example" not in copy


def test_shared_ports_and_certificates_of_others_are_left_out(copy: str) -> None:
    assert "ListenCoresBucketsRatio" not in copy
    assert "md_module" not in copy


def test_a_host_whose_certificate_cannot_be_read_is_left_out(copy: str) -> None:
    assert "SSLEngine" not in copy
    assert "/nowhere/cert.pem" not in copy


@pytest.mark.parametrize(
    ("address", "port"),
    [
        ("80", 80),
        ("*:80", 80),
        ("1.2.3.4:443", 443),
        ("[::]:8080", 8080),
        ("[::1]", None),
        ("*", None),
    ],
)
def test_ports_in_addresses(address: str, port: int | None) -> None:
    assert port_of(address) == port


def test_listened_ports_are_those_of_the_active_listens(tmp_path: Path) -> None:
    main = tmp_path / "httpd.conf"
    main.write_text("Listen 80\n<IfModule no_module>\nListen 81\n</IfModule>\nListen 1.2.3.4:82\n")
    assert listened_ports(read(ReadRequest(path=main))) == (80, 82)
