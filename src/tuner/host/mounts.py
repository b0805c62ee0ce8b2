"""Which file system a path is on (proc(5), mountinfo)."""

import re
from pathlib import Path

NETWORK_TYPES = frozenset(
    {"9p", "afs", "ceph", "cifs", "davfs", "glusterfs", "lustre", "ncpfs", "nfs", "nfs4", "smb3",
     "smbfs", "sshfs", "fuse.sshfs", "fuse.glusterfs", "fuse.s3fs", "fuse.rclone", "fuse.ceph",
     "vboxsf", "virtiofs", "vmhgfs", "fuse.vmhgfs-fuse"}
)  # fmt: skip
"""File systems where a file can change or vanish behind this kernel's back."""


def filesystem_of(path: str, proc: Path = Path("/proc")) -> str | None:
    """Return the type of the file system that holds ``path``; None when it cannot be told."""
    best: tuple[int, str] | None = None
    try:
        lines = (proc / "self/mountinfo").read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return None
    for line in lines:
        words = line.split()
        if "-" not in words or len(words) < 7:
            continue
        mount = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), words[4])
        kind = words[words.index("-", 6) + 1]
        inside = path == mount or path.startswith(mount.rstrip("/") + "/")
        if inside and (best is None or len(mount) >= best[0]):
            best = (len(mount), kind)
    return best[1] if best else None
