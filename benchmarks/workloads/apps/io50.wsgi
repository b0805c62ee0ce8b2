"""Fifty milliseconds of waiting for something else."""

import time


def application(environ, start_response):
    time.sleep(0.05)
    start_response("200 OK", [("Content-Length", "5")])
    return [b"done\n"]
