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
}
