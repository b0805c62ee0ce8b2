"""Facts about Python inside Apache."""

from tuner.rules.vocabulary.spec import FactSpec

FACTS: dict[str, FactSpec] = {
    "python.version": FactSpec("text", "the Python that mod_wsgi is built for, such as 3.11"),
    "python.minor": FactSpec("count", "its second number"),
    "python.global_settings": FactSpec("texts", "WSGIPythonHome and WSGIPythonPath, if set"),
    "python.destroys_interpreter": FactSpec("flag", "WSGIDestroyInterpreter"),
    "python.reloads_scripts": FactSpec("flag", "WSGIScriptReloading of the server"),
    "python.language": FactSpec("text", "LC_ALL or LANG that httpd is started with"),
    "python.arena_limit": FactSpec("count", "MALLOC_ARENA_MAX that httpd is started with; 0: none"),
    "recommended.application_group": FactSpec("text", "%{GLOBAL}, where it is safe for all"),
}
