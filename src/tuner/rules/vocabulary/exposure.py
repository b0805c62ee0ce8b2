"""Facts about what clients can reach and hold."""

from tuner.rules.vocabulary.spec import FactSpec

FACTS: dict[str, FactSpec] = {
    "reqtimeout.header_off": FactSpec("texts", "hosts that wait for request headers without end"),
    "reqtimeout.body_off": FactSpec("texts", "hosts that wait for request bodies without end"),
    "reqtimeout.handshake_off": FactSpec("texts", "TLS hosts without a limit on the handshake"),
    "tls.hosts": FactSpec("texts", "hosts with SSLEngine on"),
    "listen.public": FactSpec("texts", "addresses that others than this machine reach"),
    "listen.backlog": FactSpec("count", "ListenBacklog"),
    "status.is_loaded": FactSpec("flag", "whether mod_status is loaded"),
    "status.places": FactSpec("texts", "sections that serve server-status"),
    "body.undecided": FactSpec("texts", "applications without a LimitRequestBody of their own"),
    "body.default": FactSpec("bytes", "LimitRequestBody where nothing sets it; 0 is no limit"),
    "status.root_applications": FactSpec("texts", "applications that take every URL"),
    "hosts.borrowed_keep_alive": FactSpec(
        "texts", "hosts that take KeepAliveTimeout from the first host of their address"
    ),
    "modules.unused": FactSpec("texts", "large modules that no directive uses"),
    "configuration.undefined_variables": FactSpec("texts", "${variables} without a value"),
}
