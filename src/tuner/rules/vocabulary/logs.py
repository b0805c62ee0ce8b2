"""Facts out of the server's own error logs."""

from tuner.rules.vocabulary.spec import FactSpec

_MEANINGS = {
    "workers_exhausted": "the front reached MaxRequestWorkers",
    "workers_nearly_exhausted": "the front came within MinSpareThreads of MaxRequestWorkers",
    "scoreboard_full": "old processes held all slots of the scoreboard",
    "children_killed": "processes did not exit and were killed",
    "crashes": "processes ended by a signal such as a segmentation fault",
    "fork_failures": "no new process could be made",
    "files_exhausted": "there were too many open files",
    "memory_exhausted": "memory could not be had",
    "daemon_unreachable": "a daemon group did not take connections in time",
    "daemon_forbidden": "a daemon's socket could not be opened",
    "queue_timeouts": "a request waited too long for a daemon",
    "daemon_timeouts": "a daemon did not answer in time",
    "daemon_deaths": "a daemon ended while it served a request",
    "request_timeouts": "a daemon was restarted for stuck requests",
    "deadlocks": "a daemon was restarted because Python was blocked",
    "thread_failures": "a daemon could not start its threads",
    "killed_by_kernel": "a daemon was killed with signal 9",
}
FACTS: dict[str, FactSpec] = {
    "logs.files": FactSpec("count", "log files that were read"),
    "logs.since": FactSpec("text", "the oldest date in them"),
}
for _name, _meaning in _MEANINGS.items():
    FACTS[f"logs.{_name}"] = FactSpec("count", f"how often {_meaning}")
    FACTS[f"logs.{_name}_last"] = FactSpec("text", f"when last {_meaning}")
    FACTS[f"logs.{_name}_age"] = FactSpec("seconds", f"how long before the log's end {_meaning}")
