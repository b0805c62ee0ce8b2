"""Forty megabytes in every process, ten milliseconds of waiting and two of computing."""

import hashlib
import time

_BALLAST = bytearray(b"x") * (40 * 2**20)


def application(environ, start_response):
    time.sleep(0.01)
    digest = b"tuner"
    for _ in range(1400):
        digest = hashlib.sha256(digest * 8).digest()
    start_response("200 OK", [("Content-Length", "5")])
    return [b"done\n"]
