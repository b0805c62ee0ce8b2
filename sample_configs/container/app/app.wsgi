"""The application of a container image: waits a little, computes a little."""

import time


def application(environ, start_response):
    time.sleep(0.02)
    body = str(sum(number * number for number in range(2000))).encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
