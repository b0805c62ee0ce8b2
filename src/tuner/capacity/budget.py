"""The budget: bytes that Apache may use, and how that number came about."""

from tuner.capacity.settings import Value
from tuner.fact import Origin
from tuner.units import format_size, parse_share

RESERVE_SHARE = 0.10
RESERVE_LEAST_BYTES = 256 * 2**20
"""Kept free for the kernel, page cache and peaks: 10 % of the memory, at least 256 MB."""


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


def measured_budget(
    memory_bytes: int,
    memory_source: str,
    others_bytes: int,
    others_source: str,
    reserve: str | None,
) -> Budget:
    """Return ``memory - other services - reserve``; ``memory_bytes`` is the tightest limit."""
    if reserve is None:
        kept = max(int(RESERVE_SHARE * memory_bytes), RESERVE_LEAST_BYTES)
        kept_source = f"10 % of the memory, at least {format_size(RESERVE_LEAST_BYTES)}"
    else:
        kept, kept_source = parse_share(reserve, memory_bytes), "--reserve"
    return Budget(
        terms=(
            BudgetTerm(name="memory", size_bytes=memory_bytes, source=memory_source),
            BudgetTerm(name="other services", size_bytes=-others_bytes, source=others_source),
            BudgetTerm(name="reserve", size_bytes=-kept, source=kept_source),
        ),
        origin="measured",
    )
