"""A small HTTP server with known behaviour."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class Behaviour(BaseHTTPRequestHandler):
    """``/ok`` answers, ``/fail`` answers 500, ``/cut`` hangs up.

    ``/slow`` takes 0.2 s and ``/stall`` 2.5 s.
    """

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet

    def do_GET(self) -> None:
        if self.path == "/cut":
            self.close_connection = True
            return
        time.sleep({"/slow": 0.2, "/stall": 2.5}.get(self.path, 0))
        body = b"x" * 100
        self.send_response(500 if self.path == "/fail" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close" if self.close_connection else "keep-alive")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

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
