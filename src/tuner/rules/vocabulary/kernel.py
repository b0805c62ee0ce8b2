"""Facts about limits of the kernel and of the running server, and what is needed of them."""

from tuner.rules.vocabulary.spec import FactSpec

FACTS: dict[str, FactSpec] = {
    "kernel.somaxconn": FactSpec("count", "net.core.somaxconn: the longest accept queue"),
    "kernel.max_syn_backlog": FactSpec("count", "net.ipv4.tcp_max_syn_backlog"),
    "kernel.syncookies": FactSpec("count", "net.ipv4.tcp_syncookies: 0 is off"),
    "kernel.abort_on_overflow": FactSpec("count", "net.ipv4.tcp_abort_on_overflow"),
    "kernel.reuse_time_wait": FactSpec("count", "net.ipv4.tcp_tw_reuse: 1 on, 2 on loopback"),
    "kernel.overcommit_memory": FactSpec("count", "vm.overcommit_memory: 2 is strict"),
    "kernel.ports": FactSpec("count", "local ports for each remote address"),
    "kernel.time_wait": FactSpec("count", "sockets in TIME_WAIT"),
    "kernel.huge_pages": FactSpec("text", "transparent huge pages: always, madvise, never"),
    "kernel.available": FactSpec("bytes", "memory that can be had now without swapping"),
    "kernel.commit_limit": FactSpec("bytes", "memory that can be promised under strict overcommit"),
    "kernel.committed": FactSpec("bytes", "memory that is promised now"),
    "kernel.cpus": FactSpec("count", "cores of the machine, quotas left out"),
    "kernel.memory_total": FactSpec("bytes", "memory of the machine"),
    "process.open_files": FactSpec("count", "open files that one process may have"),
    "process.user_tasks": FactSpec("count", "processes and threads that the user may have"),
    "process.group_tasks": FactSpec("count", "pids.max of the control group"),
    "process.memory_limit": FactSpec("bytes", "memory.max of the control group"),
    "process.memory_high": FactSpec("bytes", "memory.high: above it the group is slowed down"),
    "process.working_set": FactSpec("bytes", "memory of the control group, without idle cache"),
    "process.huge_page_memory": FactSpec("bytes", "memory of Apache in huge pages"),
    "process.arenas": FactSpec("count", "MALLOC_ARENA_MAX; 0 is the default, 8 a core"),
    "demand.open_files": FactSpec("count", "open files of one busy front process"),
    "demand.tasks": FactSpec("count", "processes and threads when every worker is used"),
    "demand.thread_stacks": FactSpec("bytes", "address space of all their stacks"),
    "demand.daemon_processes": FactSpec("count", "processes of all daemon groups"),
}
