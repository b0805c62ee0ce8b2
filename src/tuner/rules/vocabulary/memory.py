"""Facts about memory, and the front that fits."""

from tuner.rules.vocabulary.spec import FactSpec

FACTS: dict[str, FactSpec] = {
    "memory.parent": FactSpec("bytes", "what the parent costs"),
    "memory.front": FactSpec("bytes", "what one front process costs"),
    "memory.front_floor": FactSpec("bytes", "everything but front processes, at full occupancy"),
    "memory.need": FactSpec("bytes", "need at full occupancy, with applications being loaded"),
    "memory.need_steady": FactSpec("bytes", "the same once everything is loaded"),
    "memory.loading": FactSpec("bytes", "what processes take that load applications at once"),
    "memory.restart_overlap": FactSpec("bytes", "old front processes beside new ones, at most"),
    "memory.need_at_restart": FactSpec("bytes", "need of a graceful restart at full occupancy"),
    "memory.need_as_written": FactSpec("bytes", "the same if no clamp cut the front"),
    "memory.budget": FactSpec("bytes", "what Apache may use"),
    "memory.physical": FactSpec("bytes", "memory of the machine"),
    "memory.limit": FactSpec("bytes", "the tightest limit: the machine's, or a control group's"),
    "memory.limited_by_group": FactSpec("flag", "whether a control group is tighter"),
    "memory.other_services": FactSpec("bytes", "what others use below the limit that counts"),
    "memory.static_files": FactSpec("bytes", "page cache that static files are worth"),
    "memory.used": FactSpec("bytes", "what the running server uses now (sum of PSS)"),
    "memory.swap": FactSpec("bytes", "what the running server has in swap"),
    "memory.oom_kills": FactSpec("count", "processes of the group killed for want of memory"),
    "memory.cold_processes": FactSpec("count", "processes that have not loaded what they serve"),
    "memory.old_processes": FactSpec("count", "front processes of an older generation"),
    "memory.front_max": FactSpec("bytes", "the largest front process now"),
    "memory.front_median": FactSpec("bytes", "the median front process now"),
    "memory.front_growth": FactSpec("bytes", "what a front process gains in a second of CPU"),
    "memory.front_processes_that_fit": FactSpec("count", "front processes within the budget"),
    "recommended.max_request_workers": FactSpec("count", "workers that fit and are not clamped"),
    "recommended.server_limit": FactSpec("count", "ServerLimit that goes with them"),
    "recommended.thread_limit": FactSpec("count", "ThreadLimit for ThreadsPerChild"),
    "recommended.max_spare": FactSpec("count", "MaxSpare* that httpd does not correct"),
}
