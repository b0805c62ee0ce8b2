"""Whether an unprivileged user can read a place: httpd started by root gives root up."""

import stat
from pathlib import Path


def private_part(path: Path) -> Path | None:
    """Return the first directory on the way to ``path`` that others may not enter."""
    resolved = path.resolve()
    for part in (*reversed(resolved.parents), resolved):
        try:
            mode = part.stat().st_mode
        except OSError:
            return part
        if stat.S_ISDIR(mode) and not mode & stat.S_IXOTH:
            return part
    return None
