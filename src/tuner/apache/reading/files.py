"""The file system as httpd would see it, confined to ``--root`` when one is given."""

import errno
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

Kind = Literal["file", "directory", "special", "missing"]

MAX_FILE_BYTES = 64 * 1024 * 1024
"""A configuration file larger than this is refused; httpd itself has no limit."""

_MAX_LINKS = 40


class FileTree:
    """Reads files, never anything else, and nothing outside ``root``.

    Paths are absolute paths as httpd uses them. With a root, symbolic links are
    followed as if the root were ``/``, the way ``chroot`` would.
    """

    def __init__(
        self, root: Path | None = None, overlay: Mapping[Path, bytes] | None = None
    ) -> None:
        self.root = root.resolve() if root else None
        self.overlay = overlay or {}
        self._directories: dict[str, str] = {}

    def real_path(self, path: str) -> Path:
        """Return the host path behind ``path`` with every symbolic link resolved.

        Raises:
            OSError: too many symbolic links.
        """
        if self.root is None:
            return Path(os.path.realpath(path))
        return Path(self._inside(path))

    def kind(self, path: str) -> Kind:
        """Tell what is at ``path``, symbolic links followed, nothing opened."""
        try:
            mode = os.stat(self._host(path)).st_mode  # noqa: PTH116 - path is a plain string
        except (OSError, ValueError):
            return "missing"
        if stat.S_ISREG(mode):
            return "file"
        return "directory" if stat.S_ISDIR(mode) else "special"

    def read(self, path: str) -> bytes:
        """Return the bytes of a regular file.

        Raises:
            OSError: with httpd's own meaning; EBADF for what is not a regular
                file (FIFOs and devices are never opened), EFBIG above
                ``MAX_FILE_BYTES``.
        """
        if self.overlay and (replaced := self.overlay.get(self.real_path(path))) is not None:
            return replaced
        host = self._host(path)
        try:
            status = os.stat(host)  # noqa: PTH116 - path is a plain string
        except ValueError as error:
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT)) from error
        if not stat.S_ISREG(status.st_mode):
            if path == "/dev/null":
                return b""
            raise OSError(errno.EBADF, "not a regular file")
        if status.st_size > MAX_FILE_BYTES:
            raise OSError(errno.EFBIG, f"larger than {MAX_FILE_BYTES // 2**20} MiB")
        descriptor = os.open(host, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            return file.read(MAX_FILE_BYTES + 1)

    def entries(self, path: str) -> list[tuple[str, bool]]:
        """List a directory: (name, is a real directory) in httpd's byte order.

        Raises:
            OSError: the directory cannot be read.
        """
        with os.scandir(self._host(path)) as found:
            names = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in found]
        return sorted(names, key=lambda item: os.fsencode(item[0]))

    def _host(self, path: str) -> str:
        if self.root is None:
            return path
        directory, _, name = path.rpartition("/")
        if name in ("", ".", ".."):
            return self._inside(path)
        parent = self._directories.get(directory)
        if parent is None:
            parent = self._directories[directory] = self._inside(directory or "/")
        return self._inside(f"{os.path.relpath(parent, self.root)}/{name}")

    def _inside(self, path: str) -> str:
        assert self.root is not None
        root = str(self.root)
        pending = [part for part in reversed(path.split("/")) if part not in ("", ".")]
        current: list[str] = []
        links = 0
        while pending:
            part = pending.pop()
            if part == "..":
                if current:
                    current.pop()
                continue
            candidate = "/".join([root, *current, part])
            try:
                target = os.readlink(candidate)  # noqa: PTH115 - only the text of the link is wanted
            except (OSError, ValueError):
                current.append(part)
                continue
            links += 1
            if links > _MAX_LINKS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
            if target.startswith("/"):
                current = []
            pending.extend(item for item in reversed(target.split("/")) if item not in ("", "."))
        return "/".join([root, *current])
