"""Facts about one WSGI application."""

from tuner.rules.vocabulary.spec import FactSpec

FACTS: dict[str, FactSpec] = {
    "app.mount": FactSpec("text", "where the application is mounted"),
    "app.script": FactSpec("text", "the WSGI script"),
    "app.mode": FactSpec("text", "embedded, daemon, undefined or variable"),
    "app.process_group": FactSpec("text", "the process group it asks for"),
    "app.application_group": FactSpec("text", "the application group (interpreter)"),
    "app.is_preloaded": FactSpec("flag", "whether every process imports it at start"),
    "app.is_at_root": FactSpec("flag", "whether it takes every URL of its host"),
    "app.static_aliases": FactSpec("texts", "Alias directives beside it, by URL"),
}
