"""Facts about one WSGI application, and about what it shares with the others."""

from dataclasses import dataclass

from tuner.apache.effective.applications import GLOBAL, RESOURCE, Application
from tuner.apache.effective.values import text
from tuner.apache.reading.state import merge_path
from tuner.apache.tree import Configuration, Directive
from tuner.fact import Fact, Known, Unknown
from tuner.pipeline.facts.interpreter import extensions_in
from tuner.pipeline.facts.origin import Table
from tuner.pipeline.views import Views
from tuner.rules.expression.nodes import Scalar

_SERVER = "%{SERVER}"


@dataclass(frozen=True, slots=True)
class _Mount:
    """An application with its alias and the interpreter that it gets."""

    application: Application
    alias: Directive
    site: str
    """ServerName of its host; where none is set, where the host stands."""
    interpreter: str
    """``wsgi_application_group`` in mod_wsgi.c, for requests to the host's own port."""


def all_application_facts(configuration: Configuration, views: Views) -> list[Table]:
    """Return the facts of every application, in the order of ``views.applications``."""
    aliases = configuration.named("WSGIScriptAlias", "WSGIScriptAliasMatch")
    mounts = [
        _mount(configuration, one, alias)
        for one, alias in zip(views.applications, aliases, strict=True)
    ]
    defined = _definitions(configuration)
    order = {
        id(one): position
        for position, one in enumerate(
            configuration.named("WSGIDaemonProcess", "WSGIScriptAlias", "WSGIScriptAliasMatch")
        )
    }
    return [
        {
            **_own(mount.application, configuration),
            **_shared(mount, mounts),
            **_host(configuration, mount, defined, order),
            "app.extensions": _extensions(configuration, mount.application, views),
        }
        for mount in mounts
    ]


def _own(application: Application, configuration: Configuration) -> Table:
    where = f"at {application.location}"
    return {
        "app.mount": Known(application.mount, "configuration", where),
        "app.script": Known(application.script, "configuration", where),
        "app.mode": Known(application.mode, "derived", where),
        "app.process_group": Known(application.process_group, "configuration", where),
        "app.runs_in": Known(
            "the front" if application.mode == "embedded" else f"group {application.process_group}",
            "derived",
            where,
        ),
        "app.application_group": Known(application.application_group, "configuration", where),
        "app.is_preloaded": Known(
            is_loaded_at_start(application, configuration),
            "configuration",
            where,
        ),
    }


def is_loaded_at_start(application: Application, configuration: Configuration) -> bool:
    """Tell whether its alias or a WSGIImportScript loads it before the first request."""
    return application.is_preloaded or any(
        one.words[:1] == (application.script,)
        and f"process-group={application.process_group}" in one.words
        for one in configuration.named("WSGIImportScript")
    )


def _mount(configuration: Configuration, application: Application, alias: Directive) -> _Mount:
    host = alias.virtual_host
    name = text(configuration, "ServerName", host)
    site = name or (host.location if host else "")
    port = (host.words or ("",))[0].rpartition(":")[2] if host else ""
    server = f"{site}:{port}" if port.isdigit() and port not in ("80", "443") else site
    group = application.application_group
    interpreter = {
        GLOBAL: "",
        _SERVER: server,
        RESOURCE: f"{server}|{application.mount.rstrip('/')}",
    }.get(group, group)
    return _Mount(application, alias, site, interpreter)


def _shared(mount: _Mount, mounts: list[_Mount]) -> Table:
    own = mount.application
    process = [one for one in mounts if one.application.process_group == own.process_group]
    same_script = [one for one in process if one.application.script == own.script]
    together = [one for one in process if one.interpreter == mount.interpreter]
    groups = {
        one.application.process_group
        for one in mounts
        if one.application.mode == "daemon"
        and (one.application.script, one.site) == (own.script, mount.site)
    }
    return {
        "app.is_first": Known(same_script[0] is mount, "derived"),
        "app.interpreters": Known(len({one.interpreter for one in same_script}), "derived"),
        "app.interpreter_scripts": Known(
            len({one.application.script for one in together}), "derived"
        ),
        "app.is_first_in_interpreter": Known(together[0] is mount, "derived"),
        "app.daemon_groups": Known(len(groups), "derived", "groups of the script for its site"),
    }


def _definitions(configuration: Configuration) -> dict[str, Directive]:
    return {
        one.words[0]: one for one in reversed(configuration.named("WSGIDaemonProcess")) if one.words
    }


def _host(
    configuration: Configuration,
    mount: _Mount,
    defined: dict[str, Directive],
    order: dict[int, int],
) -> Table:
    own, host = mount.application, mount.alias.virtual_host
    root = text(configuration, "DocumentRoot", host)
    below: Fact[Scalar] = Unknown("DocumentRoot is not set")
    if root is not None:
        root = merge_path(configuration.server_root, root).rstrip("/")
        below = Known(own.script.startswith(f"{root}/"), "derived", f"DocumentRoot {root}")
    canonical = (text(configuration, "UseCanonicalName", host) or "off").lower()
    group = defined.get(own.process_group)
    is_before = (
        own.is_preloaded
        and own.mode in ("daemon", "undefined")
        and (group is None or order[id(mount.alias)] < order[id(group)])
    )
    return {
        "app.is_named_by_client": Known(
            own.application_group in (RESOURCE, _SERVER, "%{HOST}") and canonical != "on",
            "derived",
            "WSGIApplicationGroup and UseCanonicalName",
        ),
        "app.document_root": (
            Known(root, "configuration", "DocumentRoot") if root else Unknown("it is not set")
        ),
        "app.is_below_document_root": below,
        "app.is_group_reachable": Known(
            group is None or _is_reachable(configuration, group, mount), "derived", "ServerName"
        ),
        "app.is_before_group": Known(is_before, "derived", "order of directives"),
    }


def _is_reachable(configuration: Configuration, group: Directive, mount: _Mount) -> bool:
    """Tell whether a host may use a group: one of the server, its own, or of its ServerName.

    mod_wsgi.c, ``wsgi_execute_remote``.
    """
    owner, host = group.virtual_host, mount.alias.virtual_host
    if owner is None or owner is host:
        return True
    name = text(configuration, "ServerName", owner)
    return name is not None and name.lower() == mount.site.lower()


def _extensions(
    configuration: Configuration, application: Application, views: Views
) -> Fact[Scalar]:
    home = text(configuration, "WSGIPythonHome")
    for group in views.groups:
        if group.name == application.process_group:
            home = group.options.get("python-home") or home
    return extensions_in(home, configuration)
