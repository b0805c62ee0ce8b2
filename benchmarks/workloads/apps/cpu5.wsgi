"""About five milliseconds of computing."""

import hashlib


def application(environ, start_response):
    digest = b"tuner"
    for _ in range(3500):
        digest = hashlib.sha256(digest * 8).digest()
    body = digest.hex().encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
