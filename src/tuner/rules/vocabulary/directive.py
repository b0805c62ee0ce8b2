"""Facts about one directive of an MPM or of mod_wsgi, or about a condition around some."""

from tuner.rules.vocabulary.spec import FactSpec

FACTS: dict[str, FactSpec] = {
    "directive.name": FactSpec("text", "its name"),
    "directive.key": FactSpec("text", "its name in lower case"),
    "directive.arguments": FactSpec("text", "everything behind the name"),
    "directive.value": FactSpec("text", "the first argument"),
    "directive.context": FactSpec("text", "the sections around it, or server"),
    "directive.is_active": FactSpec("flag", "whether httpd takes it"),
    "directive.reason": FactSpec("text", "why httpd skips it"),
    "directive.is_server_only": FactSpec("flag", "whether httpd refuses it inside sections"),
    "directive.is_whole_number": FactSpec("flag", "whether the value is a whole number"),
    "directive.takes_whole_number": FactSpec("flag", "whether the value has to be one"),
    "directive.is_foreign": FactSpec("flag", "whether only MPMs that are not loaded know it"),
    "directive.is_overridden": FactSpec("flag", "whether a later one makes it void"),
    "directive.winner": FactSpec("text", "the later one, with its place"),
    "directive.meant_module": FactSpec("text", "the loaded module that a condition misnames"),
}
