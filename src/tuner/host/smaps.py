"""What the kernel says about the memory of one process (proc(5)).

``smaps_rollup`` needs the right to trace the process; ``status`` is readable by
everyone, ``statm`` exists in every kernel.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

Metric = Literal["uss", "anonymous", "rss"]
"""``anonymous``: RssAnon + RssShmem + swap stand in for USS; ``rss``: only RSS is readable."""

_PAGE_BYTES = 4096
_ARENA_ALIGNMENT = 64 * 2**20
"""glibc reserves 64 MB for each malloc arena of a thread (malloc/arena.c, HEAP_MAX_SIZE)."""
_MAPPING = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \d+ *(.*)")


class Sizes(NamedTuple):
    """Memory of one process in bytes; ``pss`` is None where it may not be read."""

    uss: int
    pss: int | None
    rss: int
    swap: int
    metric: Metric


def sizes_of(pid: int, proc: Path = Path("/proc")) -> Sizes:
    """Return the best figures that may be read.

    Raises:
        OSError: the process has ended.
    """
    directory = proc / str(pid)
    for name in ("smaps_rollup", "smaps"):
        try:
            values = _sums((directory / name).read_text())
        except (PermissionError, FileNotFoundError):
            continue
        if "Pss" in values:
            private = values["Private_Clean"] + values["Private_Dirty"]
            private += values.get("Private_Hugetlb", 0)
            swap = values.get("Swap", 0)
            return Sizes(private + swap, values["Pss"], values["Rss"], swap, "uss")
    status = status_of(pid, proc)
    swap, rss = status.get("VmSwap", 0), status.get("VmRSS", 0)
    if "RssAnon" in status:
        own = status["RssAnon"] + status.get("RssShmem", 0) + swap
        return Sizes(own, None, rss, swap, "anonymous")
    pages = int((directory / "statm").read_text().split()[1])
    if pages == 0:
        raise ProcessLookupError(f"process {pid} has ended")
    return Sizes(pages * _PAGE_BYTES + swap, None, pages * _PAGE_BYTES, swap, "rss")


def status_of(pid: int, proc: Path = Path("/proc")) -> dict[str, int]:
    """Return the sizes in ``/proc/PID/status`` in bytes, by their names."""
    return _sums((proc / str(pid) / "status").read_text())


def _sums(text: str) -> dict[str, int]:
    """Add up every ``Name: N kB`` line, by name."""
    found: dict[str, int] = {}
    for line in text.splitlines():
        name, colon, rest = line.partition(":")
        if colon and rest.endswith(" kB"):
            found[name] = found.get(name, 0) + int(rest.split()[0]) * 1024
    return found


@dataclass(frozen=True, slots=True)
class Kinds:
    """What the private memory of one process is made of, in bytes."""

    heap_bytes: int
    arenas: int
    """Malloc arenas of threads, beside the heap: up to 8 for each core (mallopt(3))."""
    arenas_bytes: int
    stacks: int
    """Thread stacks; each reserves megabytes and touches a few pages."""
    stacks_bytes: int
    stacks_reserved_bytes: int
    files_bytes: int
    """Private pages of programs and libraries: relocations and variables."""
    other_bytes: int
    """Other anonymous memory: large objects, Python's and APR's own pools."""

    @property
    def size_bytes(self) -> int:
        """All kinds together."""
        known = self.heap_bytes + self.arenas_bytes + self.stacks_bytes
        return known + self.files_bytes + self.other_bytes


def kinds_of(pid: int, proc: Path = Path("/proc")) -> Kinds | None:
    """Tell the private memory of a process apart by kind; None where it may not be read."""
    try:
        text = (proc / str(pid) / "smaps").read_text()
    except OSError:
        return None
    heap = arenas = arena_count = stacks = stack_count = reserved = files = other = 0
    guarded_end = -1
    for mapping in _mappings(text):
        private = mapping.private_bytes
        if mapping.permissions == "---p":
            guarded_end = mapping.end
            continue
        if mapping.name == "[heap]":
            heap += private
        elif mapping.name and not mapping.name.startswith("["):
            files += private
        elif mapping.start % _ARENA_ALIGNMENT == 0 and mapping.name == "":
            arenas, arena_count = arenas + private, arena_count + 1
        elif mapping.start == guarded_end or mapping.name.startswith("[stack"):
            stacks, stack_count = stacks + private, stack_count + 1
            reserved += mapping.end - mapping.start
        else:
            other += private
    return Kinds(
        heap_bytes=heap,
        arenas=arena_count,
        arenas_bytes=arenas,
        stacks=stack_count,
        stacks_bytes=stacks,
        stacks_reserved_bytes=reserved,
        files_bytes=files,
        other_bytes=other,
    )


class _Mapping(NamedTuple):
    start: int
    end: int
    permissions: str
    name: str
    private_bytes: int


def _mappings(text: str) -> Iterator[_Mapping]:
    head: re.Match[str] | None = None
    private = 0
    for line in text.splitlines():
        match = _MAPPING.fullmatch(line)
        if match is None:
            if line.startswith(("Private_", "Swap:")):
                private += int(line.split()[1]) * 1024
            continue
        if head is not None:
            yield _mapping(head, private)
        head, private = match, 0
    if head is not None:
        yield _mapping(head, private)


def _mapping(head: re.Match[str], private: int) -> _Mapping:
    name = head[4].strip()
    if name.startswith("[anon"):
        name = ""
    return _Mapping(int(head[1], 16), int(head[2], 16), head[3], name, private)
