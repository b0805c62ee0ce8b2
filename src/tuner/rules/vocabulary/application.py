"""Facts about one WSGI application."""

from tuner.rules.vocabulary.spec import FactSpec

FACTS: dict[str, FactSpec] = {
    "app.mount": FactSpec("text", "where the application is mounted"),
    "app.script": FactSpec("text", "the WSGI script"),
    "app.mode": FactSpec("text", "embedded, daemon, undefined or variable"),
    "app.process_group": FactSpec("text", "the process group it asks for"),
    "app.runs_in": FactSpec("text", "the front, or the daemon group, in words"),
    "app.application_group": FactSpec("text", "the application group (interpreter)"),
    "app.is_preloaded": FactSpec("flag", "whether every process imports it at start"),
    "app.is_at_root": FactSpec("flag", "whether it takes every URL of its host"),
    "app.static_aliases": FactSpec("texts", "Alias directives beside it, by URL"),
    "app.is_first": FactSpec("flag", "whether it is the first mount of its script in its group"),
    "app.interpreters": FactSpec("count", "interpreters of its process that load its script"),
    "app.interpreter_scripts": FactSpec("count", "different scripts in its interpreter"),
    "app.is_first_in_interpreter": FactSpec("flag", "whether it is the first in its interpreter"),
    "app.daemon_groups": FactSpec("count", "daemon groups that load the script for its site"),
    "app.is_named_by_client": FactSpec("flag", "whether the Host header names its interpreter"),
    "app.is_below_document_root": FactSpec("flag", "whether DocumentRoot contains the script"),
    "app.document_root": FactSpec("text", "DocumentRoot of its host"),
    "app.is_group_reachable": FactSpec("flag", "whether its host may use the process group"),
    "app.is_before_group": FactSpec("flag", "whether it is preloaded before its group is defined"),
    "app.extensions": FactSpec("texts", "installed packages that want the main interpreter"),
}
