"""A memory-heavy application: BALLAST_MB of data that every process loads for itself."""

import os

BALLAST = bytearray(b"\x01") * (int(os.environ.get("BALLAST_MB", "30")) * 2**20)


def application(environ, start_response):
    body = b"%d MB loaded\n" % (len(BALLAST) // 2**20)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
