"""Where shadows live: ``/tmp/tuner-UID/ID``. Light to import: every command looks there."""

import os
import stat
from pathlib import Path

from tuner.errors import ServerError

_MAX_PARENT_CHARACTERS = 60
"""Unix socket paths hold 107 bytes; mod_wsgi adds ``run/w.PID.N.N.sock``."""


def base_directory() -> Path:
    """Return the directory of all shadows of this user; it need not exist."""
    parent = Path(os.environ.get("TMPDIR") or "/tmp")
    if len(str(parent)) > _MAX_PARENT_CHARACTERS or not os.access(parent, os.W_OK):
        parent = Path("/tmp")
    return parent / f"tuner-{os.geteuid()}"


def make_base_directory() -> Path:
    """Make that directory, safe against other users.

    Raises:
        ServerError: somebody else owns that name.
    """
    base = base_directory()
    base.mkdir(mode=0o755, exist_ok=True)
    status = base.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        raise ServerError(f"{base} belongs to somebody else", hint="set TMPDIR")
    base.chmod(0o755)
    return base


def shadow_directories() -> list[Path]:
    """Return the directories of all shadows of this user, running or left over."""
    base = base_directory()
    try:
        if base.lstat().st_uid != os.geteuid() or base.is_symlink():
            return []
        return sorted(path for path in base.iterdir() if path.is_dir() and not path.is_symlink())
    except OSError:
        return []
