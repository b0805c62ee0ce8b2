"""The shadow server: a private httpd with the same configuration and other settings."""

import contextlib
import ctypes
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from tuner.apache.binary import Httpd
from tuner.apache.tree import Configuration
from tuner.capacity.settings import Settings
from tuner.errors import MeasurementError, ServerError
from tuner.host.processes import ProcessMemory, process_tree
from tuner.server.addresses import LOOPBACK, PortMap, free_port_map, listened_ports
from tuner.server.registry import (
    end_group,
    new_directory,
    record_httpd,
    remove_directory,
)
from tuner.server.translate import Translated, translate
from tuner.server.watcher import MARK, write_watcher

_READY_SECONDS = 30.0
_CANARY_SECONDS = 30.0
_START_ATTEMPTS = 3
_PR_SET_PDEATHSIG = 1
_ERROR_LOG = "logs/error.log"
_LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Canary:
    """The request that proves that a server answers: what the probes will ask for."""

    port: int
    """A port of the configuration, not of the shadow."""
    path: str = "/"
    host: str = "localhost"
    scheme: str = "http"
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(slots=True)
class Shadow:
    """A shadow server that is up."""

    pid: int
    directory: Path
    url: str
    """Base URL of the canary's port on loopback, without a final slash."""
    host: str
    """The Host header that selects the virtual host."""
    settings: Settings
    ports: PortMap
    groups: tuple[str, ...]
    """The daemon process groups that it runs, in the order of their lines."""
    notes: tuple[str, ...]
    """What it leaves out, and why."""
    watched: frozenset[str | None] = frozenset()
    """The process groups that count their requests."""

    def processes(self) -> tuple[ProcessMemory, ...]:
        """Measure the shadow's processes, by role."""
        return process_tree(self.pid, self.groups)

    def told(self) -> str:
        """Return the whole error log as it is."""
        return _read(self.directory / _ERROR_LOG)

    def error_log(self, lines: int = 3) -> str:
        """Return the last lines of the error log in one line."""
        return log_tail(self.directory, lines)


@contextlib.contextmanager
def shadow_server(
    configuration: Configuration,
    httpd: Httpd,
    settings: Settings,
    canary: Canary,
    fixed_ports: dict[int, int] | None = None,
    watched: Collection[str | None] = (),
) -> Iterator[Shadow]:
    """Run a shadow of ``configuration`` with ``settings``; always stopped and removed.

    ``watched`` are the process groups that count their requests (see ``watcher``); None
    among them is the front.

    Raises:
        ServerError: it does not start, or does not answer the canary with 2xx or 3xx.
    """
    if canary.port not in listened_ports(configuration):
        known = ", ".join(map(str, listened_ports(configuration))) or "none"
        raise ServerError(
            f"the configuration does not listen on port {canary.port}",
            hint=f"--host must name one of its ports: {known}",
        )
    directory = new_directory()
    process: subprocess.Popen[bytes] | None = None
    try:
        process, ports, copy = _start(
            configuration, httpd, settings, directory, fixed_ports, watched
        )
        shadow = Shadow(
            pid=process.pid,
            directory=directory,
            url=f"{canary.scheme}://{LOOPBACK}:{ports.ports[canary.port]}",
            host=canary.host,
            settings=settings,
            ports=ports,
            groups=copy.groups,
            notes=copy.notes,
            watched=frozenset(watched),
        )
        _wait_for_daemons(shadow, process)
        _ask_canary(shadow, canary)
        yield shadow
    finally:
        with _undisturbed():
            _stop(process, directory)


def configtest(configuration: Configuration, httpd: Httpd) -> tuple[bool, str]:
    """Run ``httpd -t`` on a private copy; return whether it passes and what it says."""
    directory = new_directory()
    try:
        ports = PortMap(ports={port: port for port in listened_ports(configuration)})
        copy = translate(configuration, httpd, directory, ports, None)
        file = _written(copy, directory)
        check = httpd.check(file, Path("/"), dict(configuration.options.environment))
        return check.ok, check.complaint
    finally:
        remove_directory(directory)


def _written(copy: Translated, directory: Path) -> Path:
    """Write the copy for the parent alone: it may hold secrets that were in private files."""
    file = directory / "httpd.conf"
    file.touch(mode=0o600)
    file.write_text(copy.text, "utf-8", "surrogateescape")
    return file


def _start(
    configuration: Configuration,
    httpd: Httpd,
    settings: Settings,
    directory: Path,
    fixed_ports: dict[int, int] | None,
    watched: Collection[str | None],
) -> tuple[subprocess.Popen[bytes], PortMap, Translated]:
    """Start httpd; another program may take a free port meanwhile, so try again then."""
    if watched:
        write_watcher(directory)
    for attempt in range(_START_ATTEMPTS):
        ports = free_port_map(configuration, fixed_ports)
        copy = translate(configuration, httpd, directory, ports, settings, watched)
        file = _written(copy, directory)
        process = _spawn(configuration, httpd, file, directory)
        record_httpd(directory, process.pid)
        try:
            _wait_for_port(process, next(iter(ports.ports.values())), directory)
        except ServerError as error:
            end_group([process.pid, 0.0] if process.poll() is None else None)
            if "AH00072" in str(error) and attempt + 1 < _START_ATTEMPTS and not fixed_ports:
                continue
            raise
        return process, ports, copy
    raise ServerError("no free port could be kept")


def _spawn(
    configuration: Configuration, httpd: Httpd, file: Path, directory: Path
) -> subprocess.Popen[bytes]:
    """Start httpd in the foreground, leader of its own session, bound to our life."""
    environment = {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        **configuration.options.environment,
    }
    with (directory / "startup.log").open("wb") as log:
        return subprocess.Popen(
            [str(httpd.path), "-d", "/", "-f", str(file), "-DFOREGROUND"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=environment,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )


def _die_with_parent() -> None:
    """Ask the kernel to stop httpd when tuner is killed (prctl(2), PR_SET_PDEATHSIG)."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _wait_for_port(process: subprocess.Popen[bytes], port: int, directory: Path) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ServerError(f"the shadow server does not start: {startup_error(directory)}")
        with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, port), 1):
            return
        time.sleep(0.02)
    raise ServerError(f"the shadow server does not listen after {_READY_SECONDS:.0f} s")


def _wait_for_daemons(shadow: Shadow, process: subprocess.Popen[bytes]) -> None:
    """Wait until every daemon process of every group runs."""
    expected = {
        group.name: group.processes
        for group in shadow.settings.groups
        if group.name in shadow.groups
    }
    deadline = time.monotonic() + _READY_SECONDS
    found: dict[str, int] = {}
    while True:
        if process.poll() is not None:
            raise ServerError(f"the shadow server ended: {startup_error(shadow.directory)}")
        found = dict.fromkeys(expected, 0)
        with contextlib.suppress(MeasurementError):
            for one in shadow.processes():
                if one.role == "daemon" and one.group in found:
                    found[one.group] += 1
        if found == expected:
            return
        if time.monotonic() > deadline:
            raise ServerError(
                f"daemon processes are missing: {found} of {expected}", hint=shadow.error_log()
            )
        time.sleep(0.05)


def send(shadow: Shadow, canary: Canary, timeout_seconds: float) -> httpx.Response:
    """Send a request to the shadow's port for it.

    Raises:
        httpx.HTTPError: there is no answer.
    """
    return httpx.request(
        canary.method,
        f"{canary.scheme}://{LOOPBACK}:{shadow.ports.ports[canary.port]}{canary.path}",
        content=canary.body,
        headers=[("Host", canary.host), *canary.headers],
        timeout=timeout_seconds,
        verify=False,
        trust_env=False,
    )


def _ask_canary(shadow: Shadow, canary: Canary) -> None:
    try:
        response = send(shadow, canary, _CANARY_SECONDS)
    except httpx.HTTPError as error:
        raise ServerError(
            f"the shadow server does not answer {canary.path}: {error or type(error).__name__}",
            hint=shadow.error_log(),
        ) from error
    if response.status_code >= 400:
        raise ServerError(
            f"the application answers {response.status_code} to {canary.path}",
            hint=shadow.error_log() or "nothing in the error log",
        )


def _stop(process: subprocess.Popen[bytes] | None, directory: Path) -> None:
    if process is not None:
        try:
            identity = [process.pid, psutil.Process(process.pid).create_time()]
        except psutil.NoSuchProcess:
            identity = [process.pid, 0.0]
        end_group(identity)
        process.wait()
    remove_directory(directory)


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold back Ctrl-C and SIGTERM while a server is stopped and removed."""
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)


def startup_error(directory: Path) -> str:
    """Return what httpd said when it refused to start, in one line."""
    text = _read(directory / "startup.log")
    kept = [line for line in text.splitlines() if line.strip() and "no version info" not in line]
    said = " ".join(kept[-3:]) or log_tail(directory, 3)
    return said or "it says nothing"


def log_tail(directory: Path, lines: int) -> str:
    """Return the last error log lines without time stamps, in one line."""
    text = _read(directory / _ERROR_LOG)
    kept = [
        line
        for line in text.splitlines()
        if ("error]" in line or "crit]" in line or "alert]" in line) and MARK not in line
    ]
    short = [re.sub(r"^(\[[^\]]*\] )+", "", line) for line in kept[-lines:]]
    return " / ".join(short)[-600:]


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
