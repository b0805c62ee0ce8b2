"""A small HTTP server with known behaviour."""

import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest


class Behaviour(BaseHTTPRequestHandler):
    """``/ok`` answers, ``/fail`` answers 500, ``/cut`` hangs up.

    ``/slow`` takes 0.2 s and ``/stall`` 2.5 s, ``/moved`` leads to ``/ok``, and
    ``/private`` is for those who send back the cookie that it gives.
    """

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet

    def do_GET(self) -> None:
        if self.path == "/cut":
            self.close_connection = True
            return
        time.sleep({"/slow": 0.2, "/stall": 2.5}.get(self.path, 0))
        body = b"x" * 100
        self.send_response(self.status())
        self.send_header("Location", "/ok")
        self.send_header("Set-Cookie", "seen=1")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close" if self.close_connection else "keep-alive")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def status(self) -> int:
        if self.path == "/private":
            return 200 if "seen=1" in self.headers.get("Cookie", "") else 401
        return {"/fail": 500, "/moved": 302}.get(self.path, 200)

    do_HEAD = do_GET  # noqa: N815 - the name is http.server's

    def log_message(self, format: str, *args: object) -> None:
        return


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing about clients that go away."""


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    server = Server(("127.0.0.1", 0), Behaviour)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def tls_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The same server behind TLS, with a certificate that it signed itself."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    directory = tmp_path_factory.mktemp("tls")
    key, certificate = directory / "key.pem", directory / "certificate.pem"
    words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=x"]
    words += ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(["openssl", *words], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = TlsServer(("127.0.0.1", 0), Behaviour)
    server.context = context
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


class TlsServer(Server):
    context: ssl.SSLContext

    def finish_request(self, request: object, client_address: object) -> None:
        """Shake hands in the connection's own thread."""
        with self.context.wrap_socket(request, server_side=True) as wrapped:  # type: ignore[arg-type]
            super().finish_request(wrapped, client_address)


NAMESPACES = tuple(f"tw{os.getpid()}n{number}" for number in (1, 2))


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@pytest.fixture
def namespaces() -> Iterator[tuple[str, ...]]:
    """Two network namespaces, each joined to this one by a pair of its own."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("network namespaces need root and ip")
    made: list[str] = []
    try:
        for number, name in enumerate(NAMESPACES, 1):
            try:
                ip("netns", "add", name)
            except subprocess.CalledProcessError:
                pytest.skip("network namespaces are not allowed here")
            made.append(name)
            near, far, net = f"{name}a", f"{name}b", f"10.213.{number}"
            ip("link", "add", near, "type", "veth", "peer", "name", far, "netns", name)
            ip("addr", "add", f"{net}.1/24", "dev", near)
            ip("link", "set", near, "up")
            ip("-n", name, "addr", "add", f"{net}.2/24", "dev", far)
            ip("-n", name, "link", "set", far, "up")
            ip("-n", name, "link", "set", "lo", "up")
            ip("-n", name, "route", "add", "default", "via", f"{net}.1")
        yield NAMESPACES
    finally:
        for name in made:
            # The pair first: with the namespace it would go a little later.
            for words in (["link", "del", f"{name}a"], ["netns", "del", name]):
                subprocess.run(["ip", *words], check=False, capture_output=True)


@pytest.fixture
def ssh_hosts(
    namespaces: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, ...]]:
    """A host with an ssh server in each namespace, which ``ssh NAME`` reaches."""
    if shutil.which("sshd") is None or shutil.which("ssh") is None:
        pytest.skip("sshd or ssh is not installed")
    for name in ("host", "user"):
        key = str(tmp_path / name)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    with ExitStack() as stack:
        for number, name in enumerate(namespaces, 1):
            stack.enter_context(_ssh_server(tmp_path, name, f"10.213.{number}.2"))
        yield _ssh_client(tmp_path, monkeypatch, len(namespaces))


@contextmanager
def _ssh_server(directory: Path, namespace: str, address: str) -> Iterator[None]:
    configuration = directory / f"sshd-{namespace}"
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    configuration.write_text(
        f"ListenAddress {address}\nHostKey {directory}/host\nPidFile none\nUsePAM no\n"
        f"AuthorizedKeysFile {directory}/user.pub\nStrictModes no\nSetEnv PATH={path}\n"
    )
    program = shutil.which("sshd")
    assert program is not None
    command = ["ip", "netns", "exec", namespace, program, "-D", "-e", "-f", str(configuration)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for_port(address, 22)
        yield
    finally:
        process.terminate()
        process.wait(10)


def wait_for_port(address: str, port: int) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection((address, port), 1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def _ssh_client(directory: Path, monkeypatch: pytest.MonkeyPatch, count: int) -> tuple[str, ...]:
    """Put an ssh with a configuration of its own in front of the PATH."""
    names = tuple(f"worker{number}" for number in range(1, count + 1))
    hosts = "".join(f"Host {name}\nHostName 10.213.{name[-1]}.2\n" for name in names)
    configuration = directory / "ssh_config"
    configuration.write_text(
        f"{hosts}Host *\nIdentityFile {directory}/user\nStrictHostKeyChecking no\n"
        "UserKnownHostsFile /dev/null\nLogLevel ERROR\n"
    )
    program = directory / "bin/ssh"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {configuration} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return names


@pytest.fixture
def open_server() -> Iterator[str]:
    """The test server where the namespaces reach it, and nobody else's network."""
    server = Server(("10.213.1.1", 0), Behaviour)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://10.213.1.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()
