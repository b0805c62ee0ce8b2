"""Thirteen bytes."""


def application(environ, start_response):
    start_response("200 OK", [("Content-Length", "13")])
    return [b"Hello, world\n"]
