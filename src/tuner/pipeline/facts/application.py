"""Facts about one WSGI application."""

from tuner.apache.effective.applications import Application
from tuner.fact import Known
from tuner.pipeline.facts.origin import Table


def application_facts(application: Application) -> Table:
    """Return the facts of one application."""
    where = f"at {application.location}"
    return {
        "app.mount": Known(application.mount, "configuration", where),
        "app.script": Known(application.script, "configuration", where),
        "app.mode": Known(application.mode, "derived", where),
        "app.process_group": Known(application.process_group, "configuration", where),
        "app.application_group": Known(application.application_group, "configuration", where),
        "app.is_preloaded": Known(application.is_preloaded, "configuration", where),
    }
