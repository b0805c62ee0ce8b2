"""Applications of the same server that get no load: they take memory all the same.

An application is imported at its first request, so a copy would show its processes
without it. Each is asked a few times, so that at least one process of its group has
loaded it; whether it answers well does not matter.
"""

import contextlib
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx

from tuner.apache.effective.applications import Application
from tuner.apache.effective.hosts import host_setting
from tuner.apache.tree import Configuration, Directive
from tuner.pipeline.target import server_name
from tuner.pipeline.views import Views
from tuner.server.addresses import listened_ports, port_of
from tuner.server.shadow import Canary, Shadow, send

_TIMES = 3
_TIMEOUT_SECONDS = 20.0
_AT_ONCE = 8


def neighbours(
    configuration: Configuration, views: Views, loaded: Collection[Application | None]
) -> tuple[Canary, ...]:
    """Return one request for each application but those that get load.

    One script in one process group is one application, however often it is mounted.
    What is mounted by a pattern has no address to ask for.
    """
    hosts = {host.location: host for host in configuration.named("<VirtualHost")}
    known = {(one.process_group, one.script) for one in loaded if one is not None}
    found: list[Canary] = []
    for one in views.applications:
        place = (one.process_group, one.script)
        if one.mode not in ("embedded", "daemon") or place in known:
            continue
        host = hosts.get(one.virtual_host or "")
        canary = None if one.is_pattern else _canary(configuration, host, one.mount)
        if canary is not None:
            known.add(place)
            found.append(canary)
    return tuple(found)


def _canary(configuration: Configuration, host: Directive | None, mount: str) -> Canary | None:
    listened = listened_ports(configuration)
    ports = [port_of(address) for address in host.words] if host else []
    port = next((one for one in ports if one in listened), None) or next(iter(listened), None)
    if port is None:
        return None
    is_tls = host_setting(configuration, "SSLEngine", host).value.lower() == "on"
    return Canary(
        port=port,
        path=mount,
        host=server_name(configuration, host) or "localhost",
        scheme="https" if is_tls else "http",
    )


def ask(shadow: Shadow, canaries: Sequence[Canary]) -> None:
    """Send each request a few times to a running copy."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for one in canaries:
            pool.submit(_ask, shadow, one)


def _ask(shadow: Shadow, canary: Canary) -> None:
    with contextlib.suppress(httpx.HTTPError):
        for _ in range(_TIMES):
            send(shadow, canary, _TIMEOUT_SECONDS)
