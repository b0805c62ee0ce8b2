"""Facts about one daemon process group."""

from tuner.rules.vocabulary.spec import FactSpec

FACTS: dict[str, FactSpec] = {
    "group.name": FactSpec("text", "name of the daemon process group"),
    "group.processes": FactSpec("count", "processes="),
    "group.threads": FactSpec("count", "threads="),
    "group.capacity": FactSpec("count", "processes x threads"),
    "group.is_sized": FactSpec("flag", "whether processes or threads is written"),
    "group.is_used": FactSpec("flag", "whether an application runs in it"),
    "group.listen_backlog": FactSpec("count", "listen-backlog="),
    "group.maximum_requests": FactSpec("count", "maximum-requests="),
    "group.queue_timeout": FactSpec("seconds", "queue-timeout="),
    "group.request_timeout": FactSpec("seconds", "request-timeout="),
    "group.socket_timeout": FactSpec("seconds", "socket-timeout=, or Timeout"),
    "group.deadlock_timeout": FactSpec("seconds", "deadlock-timeout="),
    "group.memory": FactSpec("bytes", "what one process of the group costs"),
    "group.memory_limit": FactSpec("bytes", "memory-limit="),
    "group.stack_size": FactSpec("bytes", "stack-size=, or the system's 8 MB"),
    "group.processes_that_fit": FactSpec("count", "processes within the budget"),
}
