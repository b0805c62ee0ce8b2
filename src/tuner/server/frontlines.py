"""The MPM directives for a set of front settings."""

from tuner.capacity.settings import FrontSettings

FRONT_DIRECTIVES = frozenset(
    {
        "maxrequestworkers",
        "maxclients",
        "serverlimit",
        "threadlimit",
        "threadsperchild",
        "startservers",
        "minspareservers",
        "maxspareservers",
        "minsparethreads",
        "maxsparethreads",
    }
)
"""What ``front_lines`` writes; in lower case."""


def front_lines(front: FrontSettings) -> list[str]:
    """Return the lines that give httpd exactly these settings."""
    lines = [f"ServerLimit {front.server_limit}"]
    if front.mpm == "prefork":
        lines += [
            f"MaxRequestWorkers {front.max_request_workers}",
            f"StartServers {front.start_servers}",
            f"MinSpareServers {front.min_spare}",
            f"MaxSpareServers {front.max_spare}",
        ]
        return lines
    return [
        *lines,
        f"ThreadLimit {front.thread_limit}",
        f"ThreadsPerChild {front.threads_per_child}",
        f"MaxRequestWorkers {front.max_request_workers}",
        f"StartServers {front.start_servers}",
        f"MinSpareThreads {front.min_spare}",
        f"MaxSpareThreads {front.max_spare}",
    ]
