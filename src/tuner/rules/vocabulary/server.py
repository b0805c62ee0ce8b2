"""Facts about server-wide directives."""

from tuner.rules.vocabulary.spec import FactSpec

FACTS: dict[str, FactSpec] = {
    "deprecated.names": FactSpec("texts", "old directive names in use"),
    "server.timeout": FactSpec("seconds", "Timeout"),
    "server.keep_alive": FactSpec("flag", "KeepAlive"),
    "server.keep_alive_timeout": FactSpec("seconds", "KeepAliveTimeout"),
    "server.hostname_lookups": FactSpec("text", "HostnameLookups in lower case"),
    "server.has_reqtimeout": FactSpec("flag", "whether mod_reqtimeout is loaded"),
}
