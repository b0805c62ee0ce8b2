"""A CPU-bound application: a few milliseconds of pure Python in every request."""

import os

ROUNDS = int(os.environ.get("CPU_ROUNDS", "40000"))


def application(environ, start_response):
    total = 0
    for number in range(ROUNDS):
        total = (total * 31 + number) % 1000003
    body = b"%d\n" % total
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
