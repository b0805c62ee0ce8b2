"""A control group of its own for a server, where one can be made (as root, v1 or v2)."""

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tuner.apache.binary import Httpd

_BASE = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class Group:
    """A memory control group."""

    directory: Path

    @property
    def is_v2(self) -> bool:
        """Whether it belongs to the unified hierarchy."""
        return (self.directory / "memory.current").exists()

    def used_bytes(self) -> int:
        """Return the kernel's count without page cache that can go at once."""
        usage = "memory.current" if self.is_v2 else "memory.usage_in_bytes"
        inactive = "inactive_file" if self.is_v2 else "total_inactive_file"
        return int(_read(self.directory / usage)) - self._statistics()[inactive]

    def limit(self, size_bytes: int) -> None:
        """Limit the group's memory."""
        name = "memory.max" if self.is_v2 else "memory.limit_in_bytes"
        (self.directory / name).write_text(str(size_bytes))

    def _statistics(self) -> dict[str, int]:
        words = _read(self.directory / "memory.stat").split()
        return {name: int(value) for name, value in zip(words[::2], words[1::2], strict=True)}

    def httpd(self, httpd: Httpd, directory: Path) -> Httpd:
        """Return an httpd that starts inside the group."""
        script = directory / "httpd-in-group"
        procs = self.directory / "cgroup.procs"
        script.write_text(f'#!/bin/sh\necho $$ > {procs}\nexec {httpd.path} "$@"\n')
        script.chmod(0o755)
        return replace(httpd, path=script)


@contextlib.contextmanager
def own_group() -> Iterator[Group | str]:
    """Make a group below this process's own; yield why not where it cannot be made."""
    try:
        directory = _below_own()
        directory.mkdir()
    except OSError as error:
        yield f"no control group can be made: {error.strerror or error}"
        return
    try:
        group = Group(directory)
        counts = ("memory.current", "memory.usage_in_bytes")
        if any((directory / name).exists() for name in counts):
            yield group
        else:
            yield "the memory controller is not available to groups below this process"
    finally:
        for _ in range(50):
            with contextlib.suppress(OSError):
                directory.rmdir()
                break
            time.sleep(0.1)


def _below_own() -> Path:
    name = f"tuner-bench-{os.getpid()}"
    unified = ""
    for line in _read(Path("/proc/self/cgroup")).splitlines():
        _, controllers, path = line.split(":", 2)
        if "memory" in controllers.split(","):
            return _BASE / "memory" / path.lstrip("/") / name
        if controllers == "":
            unified = path
    return _BASE / unified.lstrip("/") / name


def _read(path: Path) -> str:
    return path.read_text("ascii")
