"""The budget: bytes that Apache may use, and how that number came about."""

from collections.abc import Sequence

from tuner.capacity.settings import Value
from tuner.fact import Origin
from tuner.units import format_size, parse_share

RESERVE_SHARE = 0.10
RESERVE_LEAST_BYTES = 256 * 2**20
"""Kept free for the kernel, page cache and peaks: 10 % of the memory, at least 256 MB."""
RESERVE_LEAST_GROUP_BYTES = 64 * 2**20
"""The same inside a control group's limit: the kernel's own memory lies outside."""
PAGE_CACHE_SHARE = 0.25
"""Static files are kept in memory up to this share; beyond it, disks serve the rest."""


class BudgetTerm(Value):
    """One term of the budget; terms that take away are negative."""

    name: str
    size_bytes: int
    source: str


class Budget(Value):
    """The sum of its terms."""

    terms: tuple[BudgetTerm, ...]
    origin: Origin

    @property
    def size_bytes(self) -> int:
        """Bytes that Apache may use."""
        return max(0, sum(term.size_bytes for term in self.terms))

    @property
    def formula(self) -> str:
        """The budget as an equation: ``16 GB memory - 1.6 GB reserve = 14.4 GB``."""
        if len(self.terms) == 1:
            return f"{format_size(self.size_bytes)} {self.terms[0].name}"
        parts: list[str] = []
        for term in self.terms:
            sign = "- " if term.size_bytes < 0 else "+ " if parts else ""
            parts.append(f"{sign}{format_size(abs(term.size_bytes))} {term.name}")
        return f"{' '.join(parts)} = {format_size(self.size_bytes)}"


def given_budget(text: str, memory_bytes: int, reserve: str | None) -> Budget:
    """Return a budget stated with ``--budget``; a percentage counts from ``memory_bytes``.

    What is given is what Apache may use; a reserve is taken off only when it is
    given too.
    """
    size = parse_share(text, memory_bytes)
    source = "--budget" if not text.strip().endswith("%") else f"--budget {text} of the memory"
    terms = [BudgetTerm(name="given", size_bytes=size, source=source)]
    if reserve is not None:
        terms.append(
            BudgetTerm(name="reserve", size_bytes=-parse_share(reserve, size), source="--reserve")
        )
    return Budget(terms=tuple(terms), origin="given")


class Room(Value):
    """One limit on memory, and what others use below it."""

    limit_bytes: int
    limit_source: str
    others_bytes: int
    others_source: str
    is_group: bool = False
    """Whether a control group sets the limit, and not the machine."""


def measured_budget(
    rooms: Sequence[Room], reserve: str | None, static_files: BudgetTerm | None = None
) -> Budget:
    """Return ``limit - other services - reserve - static files`` where it is least.

    ``static_files`` is the page cache that static files are worth (negative); a
    given reserve stands for it.
    """
    return min(
        (_budget_in(room, reserve, static_files) for room in rooms),
        key=lambda one: one.size_bytes,
    )


def _budget_in(room: Room, reserve: str | None, static_files: BudgetTerm | None) -> Budget:
    memory = room.limit_bytes
    terms = [
        BudgetTerm(name="memory", size_bytes=memory, source=room.limit_source),
        BudgetTerm(name="other services", size_bytes=-room.others_bytes, source=room.others_source),
    ]
    if reserve is not None:
        kept = parse_share(reserve, memory)
        terms.append(BudgetTerm(name="reserve", size_bytes=-kept, source="--reserve"))
        return Budget(terms=tuple(terms), origin="measured")
    least = RESERVE_LEAST_GROUP_BYTES if room.is_group else RESERVE_LEAST_BYTES
    terms.append(
        BudgetTerm(
            name="reserve",
            size_bytes=-max(int(RESERVE_SHARE * memory), least),
            source=f"10 % of the memory, at least {format_size(least)}",
        )
    )
    if static_files is not None:
        most = int(PAGE_CACHE_SHARE * memory)
        size = min(-static_files.size_bytes, most)
        terms.append(static_files.model_copy(update={"size_bytes": -size}))
    return Budget(terms=tuple(terms), origin="measured")
