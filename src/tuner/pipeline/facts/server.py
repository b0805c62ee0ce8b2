"""Facts about server-wide directives."""

from tuner.apache.effective.values import (
    ALIASES,
)
from tuner.apache.tree import Configuration
from tuner.fact import Known
from tuner.pipeline.facts.origin import Table, of_flag, of_seconds, of_text


def server_facts(configuration: Configuration) -> Table:
    """Return the facts of the main server."""
    old = [one.name for names in ALIASES.values() for one in configuration.named(*names[1:])]
    return {
        "deprecated.names": Known(tuple(dict.fromkeys(old)), "configuration"),
        "server.timeout": of_seconds(configuration, "Timeout", 60),
        "server.keep_alive": of_flag(configuration, "KeepAlive", True),
        "server.keep_alive_timeout": of_seconds(configuration, "KeepAliveTimeout", 5),
        "server.hostname_lookups": of_text(configuration, "HostnameLookups", "off"),
        "server.has_reqtimeout": Known(
            configuration.has_module("reqtimeout_module"), "configuration", "loaded modules"
        ),
    }
