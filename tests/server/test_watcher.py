"""What mod_wsgi counts of each request, told by its own processes."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tuner.apache.binary import Httpd
from tuner.apache.read import ReadRequest, read
from tuner.pipeline.views import views_of
from tuner.server.shadow import Canary, shadow_server
from tuner.server.watcher import RequestTimes, times_in

LOG = """\
[Sat Nov 28 10:00:00 2026] [wsgi:error] [pid 7] tuner-counts {"requests": 3, "queue_time": 0.3, \
"application_time": 0.6, "gil_wait_time": 0.06}
[Sat Nov 28 10:00:00 2026] [wsgi:error] [pid 8] something else
[Sat Nov 28 10:00:01 2026] [wsgi:error] [pid 8] tuner-counts {"requests": 1, "queue_time": 0.1, \
"application_time": 0.2, "gil_wait_time": 0.02}
"""


def test_the_means_are_those_of_all_processes() -> None:
    found = times_in(LOG)
    assert found is not None
    assert found.requests == 4
    assert found.queue_seconds == pytest.approx(0.1)
    assert found.application_seconds == pytest.approx(0.2)
    assert found.lock_seconds == pytest.approx(0.02)


def test_a_version_that_does_not_count_the_lock_leaves_it_open() -> None:
    found = times_in('tuner-counts {"requests": 2, "queue_time": 0.1, "application_time": 0.4}')
    assert found == RequestTimes(
        requests=2, queue_seconds=0.05, application_seconds=0.2, lock_seconds=None
    )


def test_a_log_without_counts_tells_nothing() -> None:
    assert times_in("[wsgi:error] tuner-counts") is None


APPLICATION = """
import time

def application(environ, start_response):
    time.sleep(0.05)
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""
CONFIGURATION = """\
ServerRoot {root}
{modules}
Listen 8080
User www-data
Group www-data
ErrorLog {root}/error.log
<Directory {root}>
    Require all granted
</Directory>
<VirtualHost *:8080>
    WSGIDaemonProcess app processes=1 threads=2
    WSGIScriptAlias / {root}/app.wsgi {group}
</VirtualHost>
"""
MODULES = ("mpm_event_module", "unixd_module", "authz_core_module", "wsgi_module")


@pytest.mark.httpd
@pytest.mark.parametrize("server", ["system", "bundled"])
@pytest.mark.parametrize("group", ["app", None])
def test_a_watched_server_tells_where_time_goes(
    server: str, group: str | None, public_directory: Path, request: pytest.FixtureRequest
) -> None:
    httpd: Httpd = request.getfixturevalue("httpd" if server == "system" else "bundled")
    (public_directory / "app.wsgi").write_text(APPLICATION)
    main = public_directory / "httpd.conf"
    main.write_text(
        CONFIGURATION.format(
            root=public_directory,
            modules="\n".join(
                f"LoadModule {symbol} {httpd.module_file(symbol)}"
                for symbol in MODULES
                if symbol not in httpd.static_modules
            ),
            group=f"process-group={group}" if group else "",
        )
    )
    configuration = read(ReadRequest(path=main, httpd=httpd))
    settings = views_of(configuration).settings
    assert settings is not None
    with (
        shadow_server(configuration, httpd, settings, Canary(port=8080), watched=[group]) as shadow,
        httpx.Client() as client,
        ThreadPoolExecutor(8) as pool,
    ):
        list(pool.map(lambda _: client.get(shadow.url), range(40)))
        deadline = time.monotonic() + 15
        while (found := times_in(shadow.told())) is None or found.requests < 40:
            assert time.monotonic() < deadline, shadow.told()
            time.sleep(0.1)
        assert "tuner-counts" not in shadow.error_log()
    assert found.application_seconds > 0.04
    # Eight clients and two threads: three of four requests wait for a thread.
    assert (found.queue_seconds > 0.05) == (group is not None)
    assert (found.lock_seconds is None) == (server == "system")
