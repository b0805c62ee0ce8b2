"""What an optimisation is about: the URL, the virtual host, the application behind it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from tuner.apache.effective.applications import Application
from tuner.apache.effective.values import occurrences
from tuner.apache.tree import Configuration, Directive
from tuner.errors import UsageError
from tuner.pipeline.views import Views
from tuner.probe.mix import parse_header, parse_requests
from tuner.probe.plan import Request
from tuner.server.addresses import port_of
from tuner.server.shadow import Canary

_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Target:
    """Where requests go, and what serves them."""

    canary: Canary
    """One of the requests, a safe one if there is one."""
    headers: tuple[tuple[str, str], ...]
    """Sent with every request."""
    requests: tuple[Request, ...]
    applications: tuple[Application | None, ...]
    """What serves each request; None where no WSGI application is mounted."""

    @property
    def application(self) -> Application | None:
        """The application that serves most of the requests."""
        return max(
            zip(self.applications, self.requests, strict=True), key=lambda pair: pair[1].weight
        )[0]

    @property
    def groups(self) -> tuple[str, ...]:
        """The daemon process groups that serve the requests, the most asked first."""
        found = {one.process_group for one in self.applications if one and one.mode == "daemon"}
        return tuple(sorted(found, key=lambda name: (-self.share_of(name), name)))

    def share_of(self, group: str | None) -> float:
        """Return the share of the requests that a group serves; None: all of them."""
        if group is None:
            return 1.0
        total = sum(one.weight for one in self.requests)
        return (
            sum(
                request.weight
                for request, one in zip(self.requests, self.applications, strict=True)
                if one is not None and one.mode == "daemon" and one.process_group == group
            )
            / total
        )

    @property
    def is_embedded(self) -> bool:
        """Whether an application runs in the front processes."""
        return any(one is not None and one.mode == "embedded" for one in self.applications)


def find_target(
    configuration: Configuration,
    views: Views,
    host: str,
    paths: Sequence[str],
    headers: Sequence[str],
) -> Target:
    """Understand ``--host``, ``--path`` and ``--header``.

    Which methods may be sent is the command's decision.

    Raises:
        UsageError: they make no sense for this configuration.
    """
    url = urlsplit(host if "://" in host else f"http://{host}")
    if url.scheme not in ("http", "https") or not url.hostname:
        raise UsageError(f"--host {host} is not an http or https URL")
    try:
        port = url.port or (443 if url.scheme == "https" else 80)
    except ValueError as error:
        raise UsageError(f"--host {host}: {error}") from error
    requests = parse_requests(paths, allowed=None) or (Request(path=url.path or "/"),)
    name = url.hostname
    virtual_host = virtual_host_of(configuration, name, port)
    if name in _LOOPBACK_NAMES and virtual_host is not None:
        name = server_name(configuration, virtual_host) or name
    common = tuple(parse_header(one) for one in headers)
    asked = next((one for one in requests if one.is_safe), requests[0])
    canary = Canary(
        port=port,
        path=asked.path,
        host=name,
        scheme=url.scheme,
        method=asked.method,
        headers=(*common, *asked.headers),
        body=asked.body,
    )
    return Target(canary, common, requests, _applications(views, virtual_host, requests))


def virtual_host_of(configuration: Configuration, name: str, port: int) -> Directive | None:
    """Return the virtual host that answers: by name, else the first for the port."""
    candidates = [
        one
        for one in configuration.named("<VirtualHost")
        if any(port_of(address) in (port, None) for address in one.words)
    ]
    for one in candidates:
        own = server_name(configuration, one) or ""
        aliases = [
            word
            for directive in occurrences(configuration, "ServerAlias", one)
            for word in directive.words
        ]
        # ServerAlias knows * and ? (vhost.c matches_aliases), ServerName does not.
        if name.lower() == own.lower() or any(
            fnmatchcase(name.lower(), alias.lower().replace("[", "[[]")) for alias in aliases
        ):
            return one
    return candidates[0] if candidates else None


def server_name(configuration: Configuration, host: Directive | None) -> str | None:
    """Return the name in ServerName, which may stand between a scheme and a port."""
    found = occurrences(configuration, "ServerName", host)
    if not found or not found[-1].words:
        return None
    return found[-1].words[0].rpartition("://")[2].partition(":")[0]


def _applications(
    views: Views, host: Directive | None, requests: Sequence[Request]
) -> tuple[Application | None, ...]:
    """Return the application that each request reaches.

    mod_wsgi takes the first alias that matches, those of the virtual host first.
    """
    location = host.location if host else None
    ordered = [one for one in views.applications if one.virtual_host == location and location]
    ordered += [one for one in views.applications if one.virtual_host is None]
    found = tuple(_mounted(ordered, one.path) for one in requests)
    modes = {one.mode for one in found if one}
    if {"embedded", "daemon"} <= modes:
        raise UsageError(
            "some paths are served by the front processes and some by daemons",
            hint="optimize one kind at a time",
        )
    return found


def _mounted(applications: Sequence[Application], path: str) -> Application | None:
    for one in applications:
        mount, asked = one.mount.rstrip("/"), path.partition("?")[0]
        if one.is_pattern:
            if _matches(one.mount, asked):
                return one
        elif asked == mount or asked.startswith(mount + "/"):
            return one
    return None


def _matches(pattern: str, path: str) -> bool:
    """Match as httpd does, anywhere in the path; PCRE that Python does not know never does."""
    try:
        return re.search(pattern, path) is not None
    except re.error:
        return False
