"""Applications of the same server that get no load: they take memory all the same.

An application is imported at its first request, so a copy would show its processes
without it. Each is asked a few times, so that at least one process of its group has
loaded it; whether it answers well does not matter.
"""

import contextlib
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx

from tuner.apache.effective.hosts import host_setting
from tuner.apache.tree import Configuration, Directive
from tuner.pipeline.target import server_name
from tuner.pipeline.views import Views
from tuner.server.addresses import LOOPBACK, listened_ports, port_of
from tuner.server.shadow import Canary, Shadow

_TIMES = 3
_TIMEOUT_SECONDS = 20.0
_AT_ONCE = 8


def neighbours(
    configuration: Configuration, views: Views, loaded: Collection[str | None]
) -> tuple[Canary, ...]:
    """Return one request for each application outside the groups that get load.

    ``loaded`` are those groups; None among them stands for the front. What is mounted
    by a pattern has no address to ask for.
    """
    hosts = {host.location: host for host in configuration.named("<VirtualHost")}
    found: dict[tuple[str | None, str], Canary] = {}
    for one in views.applications:
        if one.mode not in ("embedded", "daemon") or not one.mount.startswith("/"):
            continue
        group = None if one.mode == "embedded" else one.process_group
        if group not in loaded and (group, one.script) not in found:
            canary = _canary(configuration, hosts.get(one.virtual_host or ""), one.mount)
            if canary is not None:
                found[group, one.script] = canary
    return tuple(found.values())


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
            pool.submit(_ask, f"{one.scheme}://{LOOPBACK}:{shadow.ports.ports[one.port]}", one)


def _ask(url: str, canary: Canary) -> None:
    with contextlib.suppress(httpx.HTTPError):
        for _ in range(_TIMES):
            httpx.get(
                url + canary.path,
                headers={"Host": canary.host},
                timeout=_TIMEOUT_SECONDS,
                verify=False,
                trust_env=False,
            )
