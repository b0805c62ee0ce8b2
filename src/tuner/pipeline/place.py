"""Whether a configuration is the one of the machine that tuner runs on."""

from tuner.apache.tree import Configuration

ELSEWHERE = "the configuration is not known to be this machine's"

_SYSTEM = ("/etc/", "/usr/local/", "/usr/pkg/", "/opt/", "/usr/lib/", "/srv/")
"""Where servers keep their configuration; copies for review stand elsewhere."""


def is_this_machine(configuration: Configuration, *, is_running: bool) -> bool:
    """Tell whether this machine's memory, cores, kernel and disks are the server's.

    They are when the server runs here, or when the configuration stands where a
    server's own does. A tree below ``--root`` or a copy in a home directory says
    nothing about this machine, and this machine nothing about it.
    """
    return is_running or (configuration.root is None and configuration.main.startswith(_SYSTEM))
