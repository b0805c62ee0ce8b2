"""Facts about mod_wsgi as a whole."""

from tuner.apache.effective.applications import server_mode
from tuner.apache.tree import Configuration
from tuner.fact import Known
from tuner.pipeline.facts.origin import Table, of_flag
from tuner.pipeline.views import Views

_ACCESS_SCRIPTS = (
    "WSGIAccessScript",
    "WSGIAuthUserScript",
    "WSGIAuthGroupScript",
    "WSGIDispatchScript",
)


def wsgi_facts(configuration: Configuration, views: Views) -> Table:
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
    }
