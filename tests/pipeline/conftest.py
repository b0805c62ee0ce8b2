"""What loads servers here: one with known behaviour, and shadows of a small Apache."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pipeline.measured import Make
from tests.probe.conftest import server_url
from tuner.apache.binary import Httpd
from tuner.apache.read import ReadRequest, read
from tuner.pipeline.measure import Bench
from tuner.pipeline.observe import ObserveRequest
from tuner.pipeline.optimise.laboratory import Laboratory
from tuner.pipeline.optimise.limits import observe_limits
from tuner.pipeline.optimise.request import OptimiseRequest
from tuner.pipeline.record import RunRecord
from tuner.pipeline.running import loading_of
from tuner.pipeline.target import find_target
from tuner.pipeline.views import views_of
from tuner.probe.engines import engine
from tuner.server.places import shadow_directories

__all__ = ["laboratory", "server_url"]

CONFIGURATION = """\
ServerRoot {root}
DefaultRuntimeDir {root}/run
User www-data
Group www-data
ErrorLog {root}/error.log
{modules}
Listen 8080
MaxRequestWorkers {workers}
{threads}
<Directory {root}>
    Require all granted
</Directory>
{daemon}
WSGIScriptAlias /app {root}/app.wsgi
"""
MODULES = ("unixd_module", "authz_core_module", "wsgi_module")
DAEMON = """\
WSGIDaemonProcess app processes=2 threads=4
WSGIProcessGroup app
WSGIApplicationGroup %{GLOBAL}
"""


@pytest.fixture
def laboratory(
    public_directory: Path, tmp_path: Path, httpd: Httpd, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Make]:
    """Make a laboratory for an application, its shadows apart from all others."""
    monkeypatch.setenv("TMPDIR", str(public_directory))

    def make(
        app: str,
        *,
        mpm: str = "event",
        daemon: bool = True,
        workers: int = 32,
        paths: tuple[str, ...] = ("/app",),
        httpd: Httpd = httpd,
        more: str = "",
        app_memory: tuple[str, ...] = (),
    ) -> Laboratory:
        root = public_directory
        (root / "run").mkdir(exist_ok=True)
        (root / "app.wsgi").write_text(app)
        main = root / "httpd.conf"
        main.write_text(
            CONFIGURATION.format(
                root=root,
                mpm=mpm,
                modules="\n".join(
                    f"LoadModule {symbol} {httpd.module_file(symbol)}"
                    for symbol in (f"mpm_{mpm}_module", *MODULES)
                    if symbol not in httpd.static_modules
                ),
                threads="" if mpm == "prefork" else "ThreadsPerChild 16",
                daemon=DAEMON if daemon else "",
                workers=workers,
            )
            + more.format(root=root)
        )
        request = OptimiseRequest(
            read=ReadRequest(path=main, httpd=httpd),
            httpd=httpd,
            host="http://localhost:8080",
            paths=paths,
            concurrency=8,
            probe_seconds=1.0,
        )
        configuration = read(request.read)
        views = views_of(configuration)
        bench = Bench(
            httpd=httpd,
            target=find_target(configuration, views, request.host, paths, ()),
            engine=engine("native"),
            record=RunRecord(tmp_path / "run", {}),
            probe_seconds=1.0,
            timeout_seconds=5.0,
            loading=loading_of(views),
        )
        observe = ObserveRequest(live=False, budget="4G", app_memory=app_memory)
        limits = observe_limits(configuration, views, observe)
        made = Laboratory(configuration, views, bench, limits, request, lambda line: None)
        made.calibrate()
        return made

    yield make
    assert shadow_directories() == []
