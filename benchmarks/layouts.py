"""One memory-heavy application in four layouts of httpd and mod_wsgi, as real configurations.

Every layout is a small tree with the same application, so that what differs in a
result is the layout alone.
"""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SAMPLE = Path(__file__).parent.parent / "sample_configs/debian-event-daemon/srv/apps/heavy.wsgi"

_MODULES = ("alias", "authz_core", "authz_host", "status", "wsgi")

_COMMON = """\
ServerRoot {root}
DefaultRuntimeDir {root}/run
PidFile {root}/run/httpd.pid
User www-data
Group www-data
Timeout 120
ErrorLog {root}/error.log
LoadModule mpm_{mpm}_module /usr/lib/apache2/modules/mod_mpm_{mpm}.so
{modules}
{front}
{daemon}
Listen 8080
<Directory {root}>
    Require all granted
</Directory>
<Location /server-status>
    SetHandler server-status
    Require local
</Location>
WSGIScriptAlias /app {root}/slow.wsgi{options}
"""

_SLOW = '''\
"""The sample's memory-heavy application; with ?SECONDS it answers that much later."""

import runpy
import time

_HEAVY = runpy.run_path("{root}/heavy.wsgi")["application"]


def application(environ, start_response):
    time.sleep(min(float(environ.get("QUERY_STRING") or 0), 30.0))
    return _HEAVY(environ, start_response)
'''


@dataclass(frozen=True, slots=True)
class Layout:
    """One layout; the numbers suit a small machine."""

    name: str
    title: str
    mpm: str
    front: tuple[str, ...]
    daemon: str = ""
    options: str = ""


LAYOUTS = (
    Layout(
        "prefork-embedded",
        "prefork, embedded",
        "prefork",
        ("StartServers 3", "MinSpareServers 1", "MaxSpareServers 12", "ServerLimit 12",
         "MaxRequestWorkers 12"),
    ),
    Layout(
        "prefork-daemon",
        "prefork, daemons: many processes",
        "prefork",
        ("StartServers 3", "MinSpareServers 1", "MaxSpareServers 24", "ServerLimit 24",
         "MaxRequestWorkers 24"),
        "WSGIDaemonProcess app processes=8 threads=2\nWSGIRestrictEmbedded On",
        " process-group=app application-group=%{GLOBAL}",
    ),
    Layout(
        "event-daemon",
        "event, daemons: few processes, many threads",
        "event",
        ("StartServers 1", "ServerLimit 8", "ThreadLimit 25", "ThreadsPerChild 25",
         "MinSpareThreads 25", "MaxSpareThreads 100", "MaxRequestWorkers 100"),
        "WSGIDaemonProcess app processes=2 threads=30",
        " process-group=app application-group=%{GLOBAL}",
    ),
    Layout(
        "event-embedded",
        "event, embedded",
        "event",
        ("StartServers 2", "ServerLimit 8", "ThreadLimit 10", "ThreadsPerChild 10",
         "MinSpareThreads 10", "MaxSpareThreads 60", "MaxRequestWorkers 60"),
    ),
)  # fmt: skip


@contextlib.contextmanager
def written(layout: Layout) -> Iterator[Path]:
    """Write a layout to a directory that httpd's user can read; yield its main file."""
    root = Path(tempfile.mkdtemp(prefix="tuner-bench-", dir="/tmp"))
    try:
        root.chmod(0o755)
        (root / "run").mkdir()
        shutil.copy(SAMPLE, root / "heavy.wsgi")
        (root / "slow.wsgi").write_text(_SLOW.format(root=root))
        main = root / "httpd.conf"
        main.write_text(text_of(layout, root))
        yield main
    finally:
        shutil.rmtree(root, ignore_errors=True)


def text_of(layout: Layout, root: Path) -> str:
    """Return the configuration of a layout."""
    modules = "\n".join(
        f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so" for name in _MODULES
    )
    return _COMMON.format(
        root=root,
        mpm=layout.mpm,
        modules=modules,
        front="\n".join(layout.front),
        daemon=layout.daemon,
        options=layout.options,
    )
