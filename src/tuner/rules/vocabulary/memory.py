"""Facts about memory, and the front that fits."""

from tuner.rules.vocabulary.spec import FactSpec

FACTS: dict[str, FactSpec] = {
    "memory.parent": FactSpec("bytes", "what the parent costs"),
    "memory.front": FactSpec("bytes", "what one front process costs"),
    "memory.front_floor": FactSpec("bytes", "everything but front processes, at full occupancy"),
    "memory.need": FactSpec("bytes", "need at full occupancy"),
    "memory.need_as_written": FactSpec("bytes", "the same if no clamp cut the front"),
    "memory.budget": FactSpec("bytes", "what Apache may use"),
    "memory.limit": FactSpec("bytes", "memory of the machine, or of the control group around"),
    "memory.front_processes_that_fit": FactSpec("count", "front processes within the budget"),
    "recommended.max_request_workers": FactSpec("count", "workers that fit and are not clamped"),
    "recommended.workers_for_daemons": FactSpec("count", "the same, if daemons can be fed with it"),
    "recommended.server_limit": FactSpec("count", "ServerLimit that goes with them"),
    "recommended.thread_limit": FactSpec("count", "ThreadLimit for ThreadsPerChild"),
    "recommended.start_servers": FactSpec("count", "StartServers that MaxSpare* does not undo"),
    "recommended.min_spare": FactSpec("count", "MinSpare* in whole processes"),
    "recommended.max_spare": FactSpec("count", "MaxSpare* that httpd does not correct"),
}
