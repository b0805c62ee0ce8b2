"""Fixtures that several packages need. Real programs are used wherever they are installed."""

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tuner.apache.binary import Httpd, bundled_httpd, find_httpd, inspect
from tuner.server.access import private_part

SAMPLES = Path(__file__).parent.parent / "sample_configs"


def pytest_configure() -> None:
    """Let the programs that tests start be interrupted.

    A shell starts its background jobs with SIGINT ignored, and every child inherits that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run the slow suite only when it is asked for, with ``-m slow``."""
    if "slow" in config.getoption("markexpr"):
        return
    slow = [one for one in items if "slow" in one.keywords]
    config.hook.pytest_deselected(items=slow)
    items[:] = [one for one in items if one not in slow]


@pytest.fixture
def public_directory() -> Iterator[Path]:
    """A directory that httpd's unprivileged user can enter; pytest's own is private."""
    directory = Path(tempfile.mkdtemp(prefix="tuner-test-", dir="/tmp"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def sample(public_directory: Path) -> Callable[[str], Path]:
    """Copy a sample configuration to a place of its own."""

    def copy(name: str) -> Path:
        target = public_directory / name
        shutil.copytree(SAMPLES / name, target, symlinks=True)
        return target

    return copy


@pytest.fixture
def unprivileged() -> Callable[[Callable[[], str]], str]:
    """Call a function without root's rights and return its text.

    As root, a forked child gives root up first; all modules must be loaded before.
    """

    def call(function: Callable[[], str]) -> str:
        if os.geteuid() != 0:
            return function()
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
                text = function()
            except BaseException as error:
                text = f"{type(error).__name__}: {error}"
            os.write(writing, text.encode())
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            text = pipe.read().decode()
        os.waitpid(pid, 0)
        return text

    return call


def _usable(httpd: Httpd | None) -> bool:
    return httpd is not None and httpd.wsgi_module is not None


@pytest.fixture(scope="session")
def httpd() -> Httpd:
    """The system's httpd with mod_wsgi, else the bundled one."""
    found = find_httpd()
    if found is None or not _usable(found):
        _skip("no httpd with mod_wsgi is installed")
    assert found is not None
    return found


@pytest.fixture(scope="session")
def bundled() -> Httpd:
    """The httpd of mod_wsgi-standalone: another build, another mod_wsgi."""
    path = bundled_httpd()
    found = inspect(path) if path else None
    if found is None or not _usable(found):
        _skip("mod_wsgi-standalone is not installed")
    assert found is not None
    private = private_part(found.python_home) if found.python_home else None
    if private is not None and os.geteuid() == 0:
        _skip(f"the Python of mod_wsgi-standalone is in {private}, which only root may enter")
    return found


def _skip(reason: str) -> None:
    """Skip where something is not installed; in CI that is a failure."""
    if os.environ.get("TUNER_TESTS_REQUIRE_HTTPD"):
        pytest.fail(f"{reason}, and TUNER_TESTS_REQUIRE_HTTPD is set")
    pytest.skip(reason)
