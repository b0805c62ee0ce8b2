"""Facts about the machine."""

from tuner.rules.vocabulary.spec import FactSpec

FACTS: dict[str, FactSpec] = {
    "host.cores": FactSpec("count", "cores that can be used at the same time"),
}
