"""Facts out of the server's own error logs."""

from datetime import timedelta

from tuner.apache.evidence.events import EVENTS, Count, Tally
from tuner.apache.evidence.read import Evidence, read_evidence
from tuner.apache.tree import Configuration
from tuner.fact import Known, Unknown
from tuner.pipeline.facts.origin import Table
from tuner.pipeline.observe import Observation


def log_facts(configuration: Configuration, observation: Observation) -> Table:
    """Return how often each event was logged; unknown where no log can be read.

    Logs are read where they are this configuration's own: below ``--root``, or on
    this machine when it is the one that the configuration is for.
    """
    if configuration.root is None and not observation.is_here:
        return _unknown("the configuration is not this machine's, so its logs are elsewhere")
    evidence = read_evidence(configuration)
    if not evidence.files:
        return _unknown("; ".join(evidence.unread) or "there is no error log")
    return _known(evidence)


def _unknown(reason: str) -> Table:
    names = ["logs.files", "logs.since"]
    names += [f"logs.{name}{end}" for name in EVENTS for end in ("", "_last", "_age")]
    return dict.fromkeys(names, Unknown(reason))


def _known(evidence: Evidence) -> Table:
    tally = evidence.tally
    source = ", ".join(evidence.files)
    since = tally.first.strftime("%Y-%m-%d") if tally.first else "an unknown date"
    facts: Table = {
        "logs.files": Known(len(evidence.files), "measured", source),
        "logs.since": Known(since, "measured", source),
    }
    for name, count in tally.counts.items():
        when = count.last.strftime("%Y-%m-%d %H:%M") if count.last else "at an unknown time"
        facts[f"logs.{name}"] = Known(count.times, "measured", source)
        facts[f"logs.{name}_last"] = Known(when, "measured", source)
        facts[f"logs.{name}_age"] = Known(_age(count, tally).total_seconds(), "measured", source)
    return facts


def _age(count: Count, tally: Tally) -> timedelta:
    """Return how long before the newest line it was; a line without a date counts as new."""
    if count.last is None or tally.last is None:
        return timedelta()
    return max(timedelta(), tally.last - count.last)
