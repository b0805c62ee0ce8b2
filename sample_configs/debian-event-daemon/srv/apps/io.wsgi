"""An I/O-bound application: it waits for a backend that never says anything."""

import os
import select

WAIT_SECONDS = float(os.environ.get("IO_WAIT_SECONDS", "0.1"))


def application(environ, start_response):
    reading, writing = os.pipe()
    try:
        select.select([reading], [], [], WAIT_SECONDS)
    finally:
        os.close(reading)
        os.close(writing)
    body = b"waited\n"
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
