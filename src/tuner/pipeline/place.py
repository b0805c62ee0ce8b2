"""Whether a configuration is the one of the machine that tuner runs on."""

from tuner.apache.tree import Configuration
from tuner.pipeline.observe import Observation

_SYSTEM = ("/etc/", "/usr/local/", "/usr/pkg/", "/opt/", "/usr/lib/", "/srv/")
"""Where servers keep their configuration; copies for review stand elsewhere."""


def is_this_machine(configuration: Configuration, observation: Observation) -> bool:
    """Tell whether this machine's kernel, disks and logs are those of the server.

    They are when the server runs here, or when the configuration stands where a
    server's own does. A tree below ``--root`` or a copy in a home directory says
    nothing about this machine, and this machine nothing about it.
    """
    if configuration.root is not None:
        return False
    return observation.pid is not None or configuration.main.startswith(_SYSTEM)
