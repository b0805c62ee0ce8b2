"""Facts about mod_wsgi as a whole."""

from tuner.rules.vocabulary.spec import FactSpec

FACTS: dict[str, FactSpec] = {
    "wsgi.loaded": FactSpec("flag", "whether mod_wsgi is loaded"),
    "wsgi.mode": FactSpec("text", "none, embedded, daemon, mixed or unknown"),
    "wsgi.applications": FactSpec("count", "mounted WSGI applications"),
    "wsgi.groups": FactSpec("count", "daemon process groups"),
    "wsgi.daemon_capacity": FactSpec("count", "processes x threads over all groups"),
    "wsgi.restrict_embedded": FactSpec("flag", "WSGIRestrictEmbedded"),
    "wsgi.python_in_front": FactSpec("flag", "auth, access or dispatch scripts run in children"),
    "wsgi.queue_room": FactSpec("count", "requests that all used groups execute and queue"),
    "wsgi.embedded_scripts": FactSpec("count", "different scripts that run in the front"),
    "wsgi.major_version": FactSpec("count", "first number of the version of mod_wsgi"),
    "wsgi.socket_rotation": FactSpec("flag", "WSGISocketRotation"),
    "wsgi.socket_prefix": FactSpec("text", "WSGISocketPrefix as a path; empty if not set"),
    "wsgi.socket_directory": FactSpec("text", "where the sockets are; empty if not set"),
    "wsgi.socket_path_length": FactSpec("count", "characters of a daemon's socket path"),
    "wsgi.is_socket_directory_there": FactSpec("flag", "whether the sockets' directory exists"),
    "wsgi.is_reloaded_by_logrotate": FactSpec("flag", "whether logrotate reloads httpd"),
    "wsgi.logs_lifecycle": FactSpec("flag", "whether LogLevel shows mod_wsgi's INFO lines"),
    "wsgi.trusts_proxy_headers": FactSpec("flag", "WSGITrustedProxyHeaders is set"),
    "wsgi.names_trusted_proxies": FactSpec("flag", "WSGITrustedProxies is set"),
    "wsgi.is_body_limited": FactSpec("flag", "whether LimitRequestBody is set for the server"),
}
