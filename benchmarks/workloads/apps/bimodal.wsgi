"""Nine of ten requests compute for two milliseconds, one waits for two hundred."""

import hashlib
import itertools
import time

_NUMBERS = itertools.count()


def application(environ, start_response):
    if next(_NUMBERS) % 10 == 0:
        time.sleep(0.2)
    else:
        digest = b"tuner"
        for _ in range(1400):
            digest = hashlib.sha256(digest * 8).digest()
    start_response("200 OK", [("Content-Length", "5")])
    return [b"done\n"]
