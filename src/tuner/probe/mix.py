"""The traffic mix as the command line writes it: requests, weights, headers, cookies, bodies."""

import mimetypes
import re
from collections.abc import Collection, Sequence
from pathlib import Path

from tuner.errors import UsageError
from tuner.probe.plan import SAFE_METHODS, Request

_LARGEST_BODY_BYTES = 16 * 2**20
_METHOD = re.compile(r"[A-Z]{3,16}")
_WEIGHT = re.compile(r"[0-9]+(\.[0-9]+)?|\.[0-9]+")
_TARGET = re.compile(r"/[!-~]*")
"""What may stand in a request line without escaping: visible ASCII (RFC 9112, 3.2)."""
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OURS = {"connection", "content-length", "transfer-encoding", "user-agent"}


def parse_requests(
    texts: Sequence[str], allowed: Collection[str] | None = SAFE_METHODS
) -> tuple[Request, ...]:
    """Parse ``[METHOD] /path[=weight] [@file]``; the file becomes the request's body.

    ``allowed`` are the methods that may be sent; None: any.

    Raises:
        UsageError: something is malformed, a method is not allowed, or a body
            cannot be read.
    """
    return tuple(_parse_request(text, allowed) for text in texts)


def _parse_request(text: str, allowed: Collection[str] | None) -> Request:
    rest, at, file = text.strip().partition(" @")
    first, _, second = rest.strip().partition(" ")
    method, target = (first.upper(), second.strip()) if second else ("GET", first)
    if not _METHOD.fullmatch(method):
        raise UsageError(f"--path {text}: {method!r} is not a method")
    if allowed is not None and method not in allowed:
        raise UsageError(
            f"--path {text}: {method} is not sent unless allowed",
            hint=f"--allow-methods {method}, if repeating it does no harm",
        )
    path, equals, weight = target.rpartition("=")
    if not equals or not _WEIGHT.fullmatch(weight):
        path, weight = target, "1"
    if not _TARGET.fullmatch(path):
        raise UsageError(
            f"--path {text}: a path begins with / and is percent-encoded ASCII",
            hint="write [METHOD] /path[=WEIGHT] [@BODY-FILE]",
        )
    if float(weight) <= 0:
        raise UsageError(f"--path {text}: the weight must be above 0")
    body, headers = _body(text, file.strip()) if at else (b"", ())
    if body and method in SAFE_METHODS:
        raise UsageError(f"--path {text}: a {method} request has no body")
    return Request(path=path, weight=float(weight), method=method, body=body, headers=headers)


def _body(text: str, file: str) -> tuple[bytes, tuple[tuple[str, str], ...]]:
    try:
        body = Path(file).read_bytes()
    except OSError as error:
        raise UsageError(f"--path {text}: {file}: {error.strerror}") from error
    if len(body) > _LARGEST_BODY_BYTES:
        raise UsageError(f"--path {text}: {file} is larger than 16 MB")
    kind, _ = mimetypes.guess_type(file)
    return body, (("Content-Type", kind),) if kind else ()


def parse_methods(texts: Sequence[str]) -> frozenset[str]:
    """Return the safe methods and those that ``--allow-methods POST,PUT`` adds."""
    named = {one.strip().upper() for text in texts for one in text.split(",") if one.strip()}
    for one in sorted(named):
        if not _METHOD.fullmatch(one) or one == "CONNECT":
            raise UsageError(f"--allow-methods {one}: not a method that a probe can send")
    return SAFE_METHODS | named


def parse_header(text: str) -> tuple[str, str]:
    """Parse ``Name: value``.

    Raises:
        UsageError: it is malformed, or a header that the load engine sets.
    """
    name, colon, value = text.partition(":")
    name, value = name.strip(), value.strip()
    if not colon or not _NAME.fullmatch(name):
        raise UsageError(f"--header {text!r}: write 'Name: value'")
    if not value.isprintable():
        raise UsageError(f"--header {name}: the value holds control characters")
    if name.lower() in _OURS:
        raise UsageError(f"--header {name}: the load engine sets this one itself")
    return name, value


def cookie_header(cookies: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return one Cookie header for ``NAME=VALUE`` texts; nothing without any."""
    for text in cookies:
        name, equals, value = text.partition("=")
        if not equals or not _NAME.fullmatch(name) or not value.isprintable() or ";" in value:
            raise UsageError("--cookie: write NAME=VALUE, one cookie for each option")
    return (("Cookie", "; ".join(cookies)),) if cookies else ()
