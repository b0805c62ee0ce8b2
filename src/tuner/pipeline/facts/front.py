"""Facts about what the front does for one WSGI application."""

from tuner.apache.effective.applications import Application
from tuner.apache.syntax.words import atoi
from tuner.apache.tree import Configuration, Directive
from tuner.fact import Known
from tuner.pipeline.facts.origin import Table
from tuner.rules.expression.nodes import Scalar

_LIMIT_SINCE = (2, 4, 54)
"""The version from which LimitRequestBody is 1 GiB where nothing sets it; no limit before."""

_STATIC = ("Alias", "AliasMatch", "ProxyPass", "ProxyPassMatch")


def front_facts(configuration: Configuration, application: Application) -> Table:
    """Return what stands beside an application in its host."""
    beside = [
        one
        for one in configuration.named(*_STATIC)
        if _in_host(one, application) and len(one.words) > 1
        if not one.words[1].startswith("/usr/share/")
    ]
    limits = configuration.named("LimitRequestBody")
    return {
        "app.is_at_root": Known(application.mount in ("/", ""), "configuration", "its mount point"),
        "app.static_aliases": Known(
            tuple(one.words[0] for one in beside), "configuration", "Alias in the same host"
        ),
        "app.body_limit": _body_limit(configuration, application),
        "app.has_body_limit": Known(
            any(_rank(one, application) is not None for one in limits), "configuration"
        ),
    }


def _in_host(one: Directive, application: Application) -> bool:
    host = one.virtual_host
    return host is None or host.location == application.virtual_host


def _body_limit(configuration: Configuration, application: Application) -> Known[Scalar]:
    """Return LimitRequestBody for the application: the innermost section wins."""
    best: tuple[int, Directive] | None = None
    for one in configuration.named("LimitRequestBody"):
        rank = _rank(one, application)
        if rank is not None and one.words and (best is None or rank >= best[0]):
            best = (rank, one)
    if best is not None:
        one = best[1]
        where = f"LimitRequestBody at {one.location}"
        return Known(atoi(one.words[0]), "configuration", where)
    has_default = configuration.options.httpd_version >= _LIMIT_SINCE
    return Known(2**30 if has_default else 0, "default", "default of LimitRequestBody")


def _rank(one: Directive, application: Application) -> int | None:
    """Return how near a directive stands; None when it does not hold for the application."""
    if not _in_host(one, application):
        return None
    section = one.section
    if section is None or section.key == "<virtualhost":
        return 0 if section is None else 1
    path = {"<location": application.mount or "/", "<directory": application.script}.get(
        section.key
    )
    prefix = section.words[0].rstrip("/") if section.words else ""
    if path is None or not (path == prefix or path.startswith(prefix + "/")):
        return None
    return (2 if section.key == "<directory" else 10_000) + len(prefix)
