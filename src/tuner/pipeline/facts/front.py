"""Facts about what the front does for one WSGI application."""

from tuner.apache.effective.applications import Application
from tuner.apache.tree import Configuration, Directive
from tuner.fact import Known
from tuner.pipeline.facts.origin import Table

_STATIC = ("Alias", "AliasMatch", "ProxyPass", "ProxyPassMatch")


def front_facts(configuration: Configuration, application: Application) -> Table:
    """Return what stands beside an application in its host."""
    beside = [
        one
        for one in configuration.named(*_STATIC)
        if _in_host(one, application) and len(one.words) > 1
        if not one.words[1].startswith("/usr/share/")
    ]
    return {
        "app.is_at_root": Known(application.mount in ("/", ""), "configuration", "its mount point"),
        "app.static_aliases": Known(
            tuple(one.words[0] for one in beside), "configuration", "Alias in the same host"
        ),
    }


def has_body_limit(configuration: Configuration, application: Application) -> bool:
    """Tell whether a LimitRequestBody holds for an application."""
    return any(_holds(one, application) for one in configuration.named("LimitRequestBody"))


def _in_host(one: Directive, application: Application) -> bool:
    host = one.virtual_host
    return host is None or host.location == application.virtual_host


def _holds(one: Directive, application: Application) -> bool:
    section = one.section
    if not _in_host(one, application):
        return False
    if section is None or section.key == "<virtualhost":
        return True
    paths = {"<location": application.mount or "/", "<directory": application.script}
    path = paths.get(section.key)
    prefix = section.words[0].rstrip("/") if section.words else ""
    return path is not None and (path == prefix or path.startswith(prefix + "/"))
