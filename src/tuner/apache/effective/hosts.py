"""Virtual hosts with what they inherit: the server's values merged into each of them.

httpd merges after it has read everything (vhost.c ``ap_fixup_virtual_hosts``), so
that a server value behind a <VirtualHost> holds in it, too.
"""

from collections.abc import Iterator
from typing import Literal

from tuner.apache.effective.values import Location, Model, location_of, occurrences
from tuner.apache.syntax.words import atoi
from tuner.apache.tree import Configuration, Directive

Origin = Literal["host", "first host", "server", "default"]
"""``first host``: the value of the first virtual host of the same address."""

DEFAULTS = {
    "Timeout": "60",
    "KeepAlive": "On",
    "KeepAliveTimeout": "5",
    "MaxKeepAliveRequests": "100",
    "LimitRequestFields": "100",
    "LimitRequestFieldSize": "8190",
    "LimitRequestLine": "8190",
    "LogLevel": "warn",
}
"""Settings of the core that every host has, with httpd's defaults."""

OPTIONAL = ("DocumentRoot", "ServerAdmin", "ErrorLog", "Protocols", "SSLEngine")
"""Settings that are listed where something sets them."""

WSGI_DEFAULTS = {
    "WSGIProcessGroup": "%{GLOBAL}",
    "WSGIApplicationGroup": "%{RESOURCE}",
    "WSGICallableObject": "application",
    "WSGIScriptReloading": "On",
    "WSGIPassAuthorization": "Off",
    "WSGIChunkedRequest": "Off",
    "WSGIErrorOverride": "Off",
    "WSGIMapHEADToGET": "Auto",
    "WSGIIgnoreActivity": "Off",
    "WSGIEnableSendfile": "Off",
}
"""Settings of mod_wsgi that a host may have of its own."""

_ZERO_IS_UNSET = frozenset({"Timeout", "KeepAliveTimeout"})
_EVERYWHERE = ("*", "_default_", "0.0.0.0", "[::]")


class HostSetting(Model):
    """One setting as it is in force in one host."""

    name: str
    value: str
    origin: Origin
    location: Location | None = None


class Host(Model):
    """The main server or one virtual host."""

    addresses: tuple[str, ...]
    """As written; empty for the main server, which answers everywhere else."""
    server_name: str | None
    """None: httpd asks the system or DNS."""
    server_name_origin: Origin
    aliases: tuple[str, ...] = ()
    first_for: tuple[str, ...] = ()
    """Addresses for which it is the default: the first virtual host defined."""
    shadowed_by: Location | None = None
    """An earlier virtual host of the same name and address, which gets all requests."""
    settings: tuple[HostSetting, ...] = ()
    location: Location | None = None

    @property
    def label(self) -> str:
        """How people know it."""
        name = self.server_name or "(no ServerName)"
        return f"{' '.join(self.addresses)} {name}" if self.addresses else "main server"


def hosts(configuration: Configuration) -> tuple[Host, ...]:
    """Return the main server, then every virtual host in httpd's order."""
    wsgi = WSGI_DEFAULTS if configuration.has_module("mod_wsgi.c") else {}
    inherited = {
        name: host_setting(configuration, name, None) for name in (*DEFAULTS, *wsgi, *OPTIONAL)
    }
    main = Host(
        addresses=(),
        server_name=_server_name(configuration, None),
        server_name_origin="server",
        settings=tuple(filter(_is_worth_listing, inherited.values())),
    )
    first: dict[str, Directive] = {}
    named: dict[tuple[str, str], Directive] = {}
    virtual = (
        _host(configuration, section, first, named, inherited)
        for section in configuration.named("<VirtualHost")
    )
    return main, *virtual


def _host(
    configuration: Configuration,
    section: Directive,
    first: dict[str, Directive],
    named: dict[tuple[str, str], Directive],
    inherited: dict[str, HostSetting],
) -> Host:
    addresses = section.words
    first_for = tuple(one for one in addresses if first.setdefault(one.lower(), section) is section)
    own = _server_name(configuration, section)
    name, origin = own, "host"
    if own is None:
        # A host on all addresses takes the main name, others are looked up in DNS.
        is_everywhere = any(one.startswith(_EVERYWHERE) for one in addresses)
        name = _server_name(configuration, None) if is_everywhere else None
        origin = "server"
    earlier = [
        named.setdefault((address.lower(), own.lower()), section) if own else section
        for address in addresses
    ]
    shadowed = bool(earlier) and all(one is not section for one in earlier)
    base = first.get(addresses[0].lower()) if addresses else None
    settings = (
        host_setting(configuration, name, section, base, value) for name, value in inherited.items()
    )
    return Host(
        addresses=addresses,
        server_name=name,
        server_name_origin="host" if origin == "host" else "server",
        aliases=tuple(
            word for one in occurrences(configuration, "ServerAlias", section) for word in one.words
        ),
        first_for=first_for,
        shadowed_by=location_of(earlier[0]) if shadowed else None,
        settings=tuple(filter(_is_worth_listing, settings)),
        location=location_of(section),
    )


def in_each_host(
    configuration: Configuration, name: str
) -> Iterator[tuple[Directive | None, HostSetting]]:
    """Yield the main server (None) and every virtual host with what it has in force."""
    main = host_setting(configuration, name, None)
    yield None, main
    first: dict[str, Directive] = {}
    for section in configuration.named("<VirtualHost"):
        for address in section.words:
            first.setdefault(address.lower(), section)
        base = first[section.words[0].lower()] if section.words else None
        yield section, host_setting(configuration, name, section, base, main)


def _server_name(configuration: Configuration, host: Directive | None) -> str | None:
    found = occurrences(configuration, "ServerName", host)
    return found[-1].words[0] if found and found[-1].words else None


def _is_worth_listing(setting: HostSetting) -> bool:
    return bool(setting.value) or setting.origin != "default"


def host_setting(
    configuration: Configuration,
    name: str,
    host: Directive | None,
    base: Directive | None = None,
    inherited: HostSetting | None = None,
) -> HostSetting:
    """Return what is in force for ``name`` in a virtual host (None: the main server).

    ``inherited`` is the main server's value, where it is known already. ``base`` is
    the first virtual host of its address: httpd takes KeepAliveTimeout from it before
    it knows the name (http_core.c, core.html#keepalivetimeout).
    """
    if host is not None:
        own = _own(configuration, name, host)
        if own is not None:
            return _setting(name, "host", own)
        is_late = name == "KeepAliveTimeout" and not occurrences(configuration, name, host)
        if is_late and base is not None and base is not host:
            first = _own(configuration, name, base)
            if first is not None:
                return _setting(name, "first host", first)
    if inherited is not None:
        return inherited
    own = _own(configuration, name, None)
    if own is not None:
        return _setting(name, "server", own)
    default = DEFAULTS.get(name) or WSGI_DEFAULTS.get(name) or ""
    return HostSetting(name=name, value=default, origin="default")


def _setting(name: str, origin: Origin, directive: Directive) -> HostSetting:
    value = " ".join(directive.words) if name in OPTIONAL else _first(directive)
    return HostSetting(name=name, value=value, origin=origin, location=location_of(directive))


def _own(configuration: Configuration, name: str, host: Directive | None) -> Directive | None:
    """Return what a host itself sets; a zero timeout in a virtual host counts as not set."""
    found = occurrences(configuration, name, host)
    if not found:
        return None
    if host is not None and name in _ZERO_IS_UNSET and atoi(_first(found[-1])) == 0:
        return None
    return found[-1]


def _first(directive: Directive) -> str:
    return directive.words[0] if directive.words else ""
