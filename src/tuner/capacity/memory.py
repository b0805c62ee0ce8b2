"""The memory model: what a set of processes needs when every worker is used.

``need = parent + front processes x m_front + sum over groups (processes x m_group) + shared``

An embedded application lives in ``m_front``. Shared pages count once, so ``m``
is the USS of one warm process, not its RSS.
"""

from tuner.capacity.settings import Settings, Value
from tuner.fact import Origin
from tuner.units import format_size


class ProcessCost(Value):
    """What one process costs, and how that is known."""

    size_bytes: int
    origin: Origin
    source: str


class MemoryCosts(Value):
    """What each kind of process costs on this machine."""

    parent: ProcessCost
    front: ProcessCost
    groups: dict[str, ProcessCost]
    shared_bytes: int = 0


class NeedTerm(Value):
    """One term of the need: a number of equal processes."""

    name: str
    processes: int
    each_bytes: int
    source: str

    @property
    def size_bytes(self) -> int:
        """Bytes of all processes of the term."""
        return self.processes * self.each_bytes


class MemoryNeed(Value):
    """Memory at full occupancy, term by term."""

    terms: tuple[NeedTerm, ...]

    @property
    def size_bytes(self) -> int:
        """Bytes that all processes together need."""
        return sum(term.size_bytes for term in self.terms)

    @property
    def formula(self) -> str:
        """The need as an equation: ``1 x 4 MB parent + 500 x 40 MB front = 19.5 GB``."""
        parts = [
            f"{term.processes} x {format_size(term.each_bytes)} {term.name}"
            for term in self.terms
            if term.size_bytes
        ]
        return f"{' + '.join(parts)} = {format_size(self.size_bytes)}"


def memory_need(settings: Settings, costs: MemoryCosts) -> MemoryNeed:
    """Return what ``settings`` need when every worker and daemon is used."""
    terms = [
        NeedTerm(
            name="parent",
            processes=1,
            each_bytes=costs.parent.size_bytes,
            source=costs.parent.source,
        ),
        NeedTerm(
            name="front",
            processes=settings.front.processes,
            each_bytes=costs.front.size_bytes,
            source=costs.front.source,
        ),
    ]
    for group in settings.groups:
        cost = costs.groups.get(group.name)
        if cost is not None:
            terms.append(
                NeedTerm(
                    name=f"daemon {group.name}",
                    processes=group.processes,
                    each_bytes=cost.size_bytes,
                    source=cost.source,
                )
            )
    terms.append(
        NeedTerm(name="shared", processes=1, each_bytes=costs.shared_bytes, source="counted once")
    )
    return MemoryNeed(terms=tuple(terms))


def front_processes_that_fit(settings: Settings, costs: MemoryCosts, budget_bytes: int) -> int:
    """Return the largest number of front processes within the budget; at least 1.

    Daemon groups keep their size: ``floor((budget - everything else) / m_front)``.
    """
    one = settings.front.model_copy(update={"max_request_workers": settings.front.threads})
    rest = memory_need(settings.model_copy(update={"front": one}), costs).size_bytes
    spare = budget_bytes - (rest - costs.front.size_bytes)
    return max(1, spare // max(1, costs.front.size_bytes))


def group_processes_that_fit(
    settings: Settings, costs: MemoryCosts, budget_bytes: int
) -> dict[str, int]:
    """Return how many processes of each group fit, at least 1; all shrink by the same share.

    ``processes x (budget - everything else) / all daemons``, never more than today.
    """
    sized = [group for group in settings.groups if group.name in costs.groups]
    rest = memory_need(settings.model_copy(update={"groups": ()}), costs).size_bytes
    wanted = sum(group.processes * costs.groups[group.name].size_bytes for group in sized)
    share = min(1.0, max(0, budget_bytes - rest) / max(1, wanted))
    return {group.name: max(1, int(group.processes * share)) for group in sized}


def fits(settings: Settings, costs: MemoryCosts, budget_bytes: int) -> bool:
    """Tell whether the settings stay within the budget at full occupancy."""
    return memory_need(settings, costs).size_bytes <= budget_bytes
