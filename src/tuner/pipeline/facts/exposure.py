"""Facts about what clients can reach and hold."""

import re
from collections.abc import Iterator, Sequence

from tuner.apache.effective.applications import Application
from tuner.apache.effective.values import flag, number, occurrences
from tuner.apache.syntax.words import atoi
from tuner.apache.tree import Configuration, Directive
from tuner.fact import Fact, Known
from tuner.pipeline.facts.front import has_body_limit
from tuner.pipeline.facts.origin import Table, of_setting
from tuner.rules.expression.nodes import Scalar

_STAGES = {"handshake": 0, "header": 20, "body": 20}
"""Seconds that mod_reqtimeout allows for each stage unless RequestReadTimeout says otherwise."""

_BODY_LIMIT_SINCE = (2, 4, 54)

_LOOPBACK = re.compile(r"(127\.[\d.]+|\[::1\]|localhost):\d+", re.IGNORECASE)

_LARGE = {
    "dav_module": re.compile(r"^dav"),
    "lua_module": re.compile(r"^lua"),
    "perl_module": re.compile(r"perl"),
    "python_module": re.compile(r"^python"),
}
"""Large modules, and the names (in lower case) of directives that use them."""

_PHP = re.compile(r"php\d*_module")


def exposure_facts(configuration: Configuration, applications: Sequence[Application]) -> Table:
    """Return the facts of the whole server."""
    off = {stage: tuple(_hosts_without(configuration, stage)) for stage in _STAGES}
    tls = tuple(_label(host) for host in _hosts(configuration) if _has_tls(configuration, host))
    source = "RequestReadTimeout in force"
    return {
        **{f"reqtimeout.{stage}_off": Known(off[stage], "derived", source) for stage in _STAGES},
        "tls.hosts": Known(tls, "configuration", "SSLEngine"),
        "listen.public": Known(_public(configuration), "configuration", "Listen"),
        "listen.backlog": of_setting(number(configuration, "ListenBacklog", 511)),
        "status.is_loaded": Known(
            configuration.has_module("status_module"), "configuration", "loaded modules"
        ),
        "status.places": Known(_places(configuration), "configuration", "SetHandler"),
        **_body_limits(configuration, applications),
        "status.root_applications": Known(
            tuple(f"{one.script} at {one.location}" for one in applications if one.mount == "/"),
            "configuration",
            "WSGIScriptAlias /",
        ),
        "hosts.borrowed_keep_alive": Known(
            tuple(_borrowers(configuration)), "derived", "KeepAliveTimeout of virtual hosts"
        ),
        "modules.unused": Known(tuple(_unused(configuration)), "derived", "directives in use"),
        "configuration.undefined_variables": Known(
            tuple(_undefined(configuration)), "derived", "${...} left after expansion"
        ),
    }


def _body_limits(
    configuration: Configuration, applications: Sequence[Application]
) -> dict[str, Fact[Scalar]]:
    """Return the applications for which nothing sets LimitRequestBody, and its default."""
    undecided = [one.mount for one in applications if not has_body_limit(configuration, one)]
    default = 2**30 if configuration.options.httpd_version >= _BODY_LIMIT_SINCE else 0
    return {
        "body.undecided": Known(tuple(undecided), "configuration", "LimitRequestBody"),
        "body.default": Known(default, "default", "1 GiB since httpd 2.4.54, no limit before"),
    }


def _hosts(configuration: Configuration) -> tuple[Directive | None, ...]:
    return None, *configuration.named("<VirtualHost")


def _label(host: Directive | None) -> str:
    return f"{host.label} at {host.location}" if host else "the main server"


def _hosts_without(configuration: Configuration, stage: str) -> Iterator[str]:
    """Yield the hosts in which a stage has no time limit.

    A host inherits every stage that it does not set (mod_reqtimeout.c).
    """
    main = _stages(configuration, None, _STAGES)
    hosts = configuration.named("<VirtualHost")
    if main[stage] == 0 and stage != "handshake":
        yield _label(None)
    for host in hosts:
        found = _stages(configuration, host, main)
        if found[stage] != 0:
            continue
        if stage == "handshake":
            if _has_tls(configuration, host):
                yield _label(host)
        elif main[stage] != 0:
            yield _label(host)


def _stages(
    configuration: Configuration, host: Directive | None, base: dict[str, int]
) -> dict[str, int]:
    found = dict(base)
    for one in occurrences(configuration, "RequestReadTimeout", host):
        for word in one.words:
            stage, _, value = word.lower().partition("=")
            if stage in found and value:
                found[stage] = atoi(value)
    return found


def _has_tls(configuration: Configuration, host: Directive | None) -> bool:
    return flag(configuration, "SSLEngine", False, host)


def _public(configuration: Configuration) -> tuple[str, ...]:
    words = [one.words[0] for one in configuration.named("Listen") if one.words]
    return tuple(dict.fromkeys(one for one in words if not _LOOPBACK.fullmatch(one)))


def _places(configuration: Configuration) -> tuple[str, ...]:
    return tuple(
        f"{one.context} at {one.location}"
        for one in configuration.named("SetHandler")
        if one.words[:1] and one.words[0].lower() == "server-status"
    )


def _borrowers(configuration: Configuration) -> Iterator[str]:
    """Yield hosts whose keep-alive time is that of the first host of their address.

    core.html, KeepAliveTimeout: a name-based host that sets none takes the first
    one's, not the main server's.
    """
    first: dict[str, Directive] = {}
    for host in configuration.named("<VirtualHost"):
        for address in host.words:
            leader = first.setdefault(address.lower(), host)
            if leader is host or occurrences(configuration, "KeepAliveTimeout", host):
                continue
            theirs = occurrences(configuration, "KeepAliveTimeout", leader)
            main = occurrences(configuration, "KeepAliveTimeout")
            default = main[-1].words[:1] if main else ("5",)
            if theirs and theirs[-1].words[:1] != default:
                yield _label(host)
                break


def _unused(configuration: Configuration) -> Iterator[str]:
    """Yield large modules that are loaded and that nothing refers to."""
    keys = {one.key for one in configuration.tree}
    handlers = " ".join(
        one.args.lower() for one in configuration.named("SetHandler", "AddHandler", "AddType")
    )
    for symbol, pattern in _LARGE.items():
        word = symbol.removesuffix("_module")
        named = word in handlers or any(pattern.search(key) for key in keys)
        if symbol in configuration.modules and not named:
            yield symbol
    for symbol in configuration.modules:
        if _PHP.fullmatch(symbol) and "php" not in handlers:
            yield symbol


def _undefined(configuration: Configuration) -> Iterator[str]:
    found: dict[str, None] = {}
    for one in configuration.tree:
        if "${" in one.args:
            found.update(dict.fromkeys(re.findall(r"\$\{(\w+)\}", one.args)))
    yield from found
