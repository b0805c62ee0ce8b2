"""Facts about one directive where it stands; rules of this scope say which with ``about``."""

from tuner.rules.vocabulary.spec import FactSpec

FACTS: dict[str, FactSpec] = {
    "here.name": FactSpec("text", "name of the directive, as written"),
    "here.key": FactSpec("text", "its name in lower case"),
    "here.text": FactSpec("text", "all its arguments, as written"),
    "here.value": FactSpec("text", "its first argument in lower case"),
    "here.words": FactSpec("texts", "its arguments in lower case"),
    "here.number": FactSpec("count", "its first argument as a whole number"),
    "here.bytes": FactSpec("bytes", "its first argument as a number of bytes"),
    "here.seconds": FactSpec("seconds", "its first argument as a time; 500ms is understood"),
    "here.context": FactSpec("text", "the sections around it, or server"),
    "here.section": FactSpec("text", "the innermost: server, virtualhost, directory, location..."),
    "here.covers_documents": FactSpec("flag", "whether it holds for the path of a DocumentRoot"),
    "here.on_network": FactSpec("texts", "directories served below it that are on the network"),
    "here.host_names": FactSpec("texts", "host names that it compares the client with"),
    "here.is_restricted": FactSpec("flag", "whether its section demands more than any client"),
}
