"""Facts about mod_wsgi as a whole."""

import re

from tuner.apache.effective.applications import server_mode
from tuner.apache.effective.values import in_force, text
from tuner.apache.reading.files import FileTree
from tuner.apache.reading.state import merge_path
from tuner.apache.tree import Configuration
from tuner.apache.versions import Version
from tuner.fact import Fact, Known, Unknown
from tuner.pipeline.facts.origin import Table, of_flag
from tuner.pipeline.views import Views
from tuner.rules.expression.nodes import Scalar

_SOCKET_SUFFIX_LENGTH = len(".1234567.12.12.sock")
_INSTALLED = ("/etc/apache2/", "/etc/httpd/")
_LOGROTATE_FILES = ("/etc/logrotate.d/apache2", "/etc/logrotate.d/httpd")

_ACCESS_SCRIPTS = (
    "WSGIAccessScript",
    "WSGIAuthUserScript",
    "WSGIAuthGroupScript",
    "WSGIDispatchScript",
)


def wsgi_facts(configuration: Configuration, views: Views, version: Fact[Version]) -> Table:
    """Return what the server as a whole does with mod_wsgi."""
    capacity = sum(group.capacity for group in views.groups)
    scripts = configuration.named(*_ACCESS_SCRIPTS)
    return {
        "wsgi.loaded": Known(
            configuration.has_module("wsgi_module"), "configuration", "loaded modules"
        ),
        "wsgi.mode": Known(server_mode(views.applications), "derived", "process groups of scripts"),
        "wsgi.applications": Known(len(views.applications), "configuration"),
        "wsgi.groups": Known(len(views.groups), "configuration"),
        "wsgi.daemon_capacity": Known(capacity, "derived", "sum of processes x threads"),
        "wsgi.restrict_embedded": of_flag(configuration, "WSGIRestrictEmbedded", False),
        "wsgi.python_in_front": Known(bool(scripts), "configuration"),
        "wsgi.queue_room": Known(_queue_room(views), "derived", "sum of p x t + backlog + 1"),
        "wsgi.embedded_scripts": Known(
            len({one.script for one in views.applications if one.mode == "embedded"}), "derived"
        ),
        "wsgi.major_version": (
            version if isinstance(version, Unknown) else Known(version.value[0], "measured")
        ),
        "wsgi.socket_rotation": of_flag(configuration, "WSGISocketRotation", True),
        "wsgi.is_reloaded_by_logrotate": _reloaded_by_logrotate(configuration),
        "wsgi.logs_lifecycle": Known(_logs_lifecycle(configuration), "configuration", "LogLevel"),
        "wsgi.trusts_proxy_headers": Known(
            bool(configuration.named("WSGITrustedProxyHeaders")), "configuration"
        ),
        "wsgi.names_trusted_proxies": Known(
            bool(configuration.named("WSGITrustedProxies")), "configuration"
        ),
        "wsgi.is_body_limited": Known(
            in_force(configuration, "LimitRequestBody") is not None, "configuration"
        ),
        **_sockets(configuration),
    }


def _queue_room(views: Views) -> int:
    """Return how many requests the used groups hold before one is refused.

    Linux admits one connection more than the backlog says (af_unix.c).
    """
    used = {one.process_group for one in views.applications}
    return sum(
        group.capacity + group.number("listen-backlog") + 1
        for group in views.groups
        if group.name in used
    )


def _sockets(configuration: Configuration) -> Table:
    """Return where the daemons' sockets are; mod_wsgi's built-in place is not known here."""
    written = text(configuration, "WSGISocketPrefix")
    if written is None:
        unset = Unknown("WSGISocketPrefix is not set, and its default is compiled in")
        return {
            "wsgi.socket_prefix": Known("", "default", "not set"),
            "wsgi.socket_directory": Known("", "default", "not set"),
            "wsgi.socket_path_length": unset,
            "wsgi.is_socket_directory_there": unset,
        }
    prefix = merge_path(configuration.server_root, written)
    return {
        "wsgi.socket_prefix": Known(prefix, "configuration", "WSGISocketPrefix"),
        "wsgi.socket_directory": Known(
            prefix.rpartition("/")[0] or "/", "configuration", "WSGISocketPrefix"
        ),
        "wsgi.socket_path_length": Known(
            len(prefix) + _SOCKET_SUFFIX_LENGTH, "derived", "prefix.pid.generation.number.sock"
        ),
        "wsgi.is_socket_directory_there": _is_there(configuration, prefix.rpartition("/")[0]),
    }


def _is_there(configuration: Configuration, path: str) -> Fact[Scalar]:
    """Tell whether a directory exists; unknown for the configuration of another machine."""
    files = FileTree(configuration.root)
    if files.kind(path) == "directory":
        return Known(True, "measured", path)
    if configuration.root is not None or files.kind(configuration.server_root) != "directory":
        return Unknown("the machine of this configuration is not this one")
    return Known(False, "measured", path)


def _reloaded_by_logrotate(configuration: Configuration) -> Fact[Scalar]:
    if not configuration.main.startswith(_INSTALLED):
        return Unknown("this is not the configuration that the system's logrotate is about")
    files = FileTree(configuration.root)
    for path in _LOGROTATE_FILES:
        try:
            content = files.read(path).decode("utf-8", "replace")
        except OSError:
            continue
        lines = [line for line in content.splitlines() if not line.lstrip().startswith("#")]
        reloads = any(re.search(r"\b(reload|graceful|restart)\b", line) for line in lines)
        return Known(reloads, "measured", path)
    return Unknown(f"none of {', '.join(_LOGROTATE_FILES)} can be read")


def _logs_lifecycle(configuration: Configuration) -> bool:
    """Tell whether LogLevel lets mod_wsgi's INFO lines through."""
    directive = in_force(configuration, "LogLevel")
    shown = False
    for word in directive.words if directive else ():
        module, _, level = word.lower().rpartition(":")
        if module in ("", "wsgi", "wsgi_module", "mod_wsgi.c"):
            shown = level in ("info", "debug") or level.startswith("trace")
    return shown
