"""The workloads: an application, its load, and a configuration with Debian's own numbers."""

import contextlib
import shutil
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tuner.apache.binary import Httpd

_APPS = Path(__file__).parent / "apps"

_MODULES = ("authz_core", "authz_host", "alias", "dir", "mime", "wsgi")

_CONFIGURATION = """\
ServerRoot {root}
DefaultRuntimeDir {root}/run
PidFile {root}/run/httpd.pid
User www-data
Group www-data
Timeout 300
KeepAlive On
MaxKeepAliveRequests 100
KeepAliveTimeout 5
ErrorLog {root}/error.log
LoadModule mpm_event_module {modules}/mod_mpm_event.so
{loads}
TypesConfig {root}/mime.types
# The numbers of Debian's mpm_event.conf.
StartServers 2
MinSpareThreads 25
MaxSpareThreads 75
ThreadLimit 64
ThreadsPerChild 25
MaxRequestWorkers 150
MaxConnectionsPerChild 0
Listen 8080
DocumentRoot {root}/htdocs
<Directory {root}>
    Require all granted
</Directory>
{application}
"""

_DAEMON = """\
WSGIDaemonProcess app{options}
WSGIProcessGroup app
WSGIApplicationGroup %{{GLOBAL}}
WSGIRestrictEmbedded On
WSGIScriptAlias /app {root}/app.wsgi
"""


@dataclass(frozen=True, slots=True)
class Workload:
    """One workload."""

    name: str
    title: str
    app: str | None
    """File in ``apps``; None serves a static file."""
    concurrency: int = 64
    budget: str | None = None
    needs_django: bool = False

    @property
    def path(self) -> str:
        """What is requested."""
        return "/app" if self.app else "/page.html"


WORKLOADS = (
    Workload("static", "static file, 2 KB", None),
    Workload("hello", "hello, 13 bytes", "hello.wsgi"),
    Workload("cpu5", "computes 5 ms", "cpu5.wsgi", 32),
    Workload("io50", "waits 50 ms", "io50.wsgi", 100),
    Workload("django", "Django page with SQLite", "django_page.wsgi", 32, needs_django=True),
    Workload("heavy", "40 MB a process, budget 200 MB", "heavy.wsgi", 32, budget="200M"),
    Workload("bimodal", "2 ms, every tenth 200 ms", "bimodal.wsgi", 64),
)


@contextlib.contextmanager
def installed(workload: Workload, httpd: Httpd) -> Iterator[Path]:
    """Write a workload's configuration where httpd's user can read it; yield the main file."""
    root = Path(tempfile.mkdtemp(prefix="tuner-bench-", dir="/tmp"))
    try:
        root.chmod(0o755)
        (root / "run").mkdir()
        (root / "htdocs").mkdir()
        (root / "htdocs/page.html").write_text("x" * 2048)
        (root / "mime.types").write_text("text/html html\n")
        if workload.app:
            shutil.copy(_APPS / workload.app, root / "app.wsgi")
        main = root / "httpd.conf"
        main.write_text(_text(workload, httpd, root))
        yield main
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _text(workload: Workload, httpd: Httpd, root: Path) -> str:
    options = ""
    if workload.needs_django:
        packages = root / "packages"
        packages.mkdir()
        for name in ("django", "asgiref", "sqlparse"):
            shutil.copytree(Path(sysconfig.get_path("purelib")) / name, packages / name)
        options = f" python-path={packages}"
    loads = "\n".join(
        f"LoadModule {name}_module {httpd.module_file(f'{name}_module')}"
        for name in _MODULES
        if f"{name}_module" not in httpd.static_modules
    )
    return _CONFIGURATION.format(
        root=root,
        modules=httpd.modules,
        loads=loads,
        application=_DAEMON.format(root=root, options=options) if workload.app else "",
    )
