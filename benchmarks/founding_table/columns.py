"""The servers behind the columns: one sample configuration, four ways to run it."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tuner.apache.binary import Httpd, find_httpd
from tuner.apache.read import ReadRequest, read
from tuner.pipeline.ladder.request import Target
from tuner.pipeline.views import views_of
from tuner.server.shadow import Canary, shadow_server

SAMPLE = Path(__file__).parents[2] / "sample_configs/founding-prefork-embedded"
PORT = 8080
HOST = "app.example"
GROUP = "founding"

COLUMNS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("hello.txt", "/hello.txt", ("Alias /hello.txt /var/www/html/hello.txt",)),
    ("embedded", "/", ()),
    ("daemon p=2 t=10", "/", ("WSGIDaemonProcess founding processes=2 threads=10",)),
    ("daemon p=20 t=10", "/", ("WSGIDaemonProcess founding processes=20 threads=10",)),
)
"""Name, path, and the directives added to the sample as httpd's ``-c`` would."""


@contextmanager
def servers(ballast_mb: int) -> Iterator[tuple[Target, ...]]:
    """Run a private server for each column, all at once so that they can be interleaved.

    Raises:
        SystemExit: there is no httpd with mod_wsgi.
        ServerError: one does not start.
    """
    httpd = find_httpd()
    if httpd is None or httpd.wsgi_module is None:
        raise SystemExit("no httpd with mod_wsgi: install apache2 and libapache2-mod-wsgi-py3")
    with ExitStack() as stack:
        public = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/tmp")))
        public.chmod(0o755)  # httpd's unprivileged user reads the tree
        tree = shutil.copytree(SAMPLE, public / SAMPLE.name, symlinks=True)
        yield tuple(
            stack.enter_context(_server(httpd, tree, name, path, added, ballast_mb))
            for name, path, added in COLUMNS
        )


@contextmanager
def _server(
    httpd: Httpd, tree: Path, name: str, path: str, added: tuple[str, ...], ballast_mb: int
) -> Iterator[Target]:
    if any(GROUP in one for one in added):
        added = (*added, f"WSGIProcessGroup {GROUP}", "WSGIApplicationGroup %{GLOBAL}")
    configuration = read(
        ReadRequest(
            path=tree,
            after=added,
            environment={"BALLAST_MB": str(ballast_mb)},
            httpd=httpd,
        )
    )
    settings = views_of(configuration).settings
    if settings is None:
        raise SystemExit(f"{SAMPLE}: no MPM is loaded")
    canary = Canary(port=PORT, path=path, host=HOST)
    with shadow_server(configuration, httpd, settings, canary) as shadow:
        yield Target(name=name, url=shadow.url, host=HOST, path=path)
