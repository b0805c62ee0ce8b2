"""The memory model: what a set of processes needs when every worker is used.

``need = parent + front processes x m_front + sum over groups (processes x m_group) + shared
+ helpers + requests in flight + kernel + transient``

An embedded application lives in ``m_front``. Shared pages count once, so ``m``
is the USS of one warm process, not its RSS. ``transient`` is what many processes
take for a moment when they load the application at the same time. What a restart
adds, while old and new processes run together, is kept apart.
"""

from collections.abc import Iterable, Iterator

from tuner.capacity.settings import FrontSettings, GroupSettings, Settings, Value
from tuner.fact import Origin
from tuner.units import format_size

SPAWN_AT_ONCE = 32
"""Front processes that httpd starts in one second at most (MAX_SPAWN_RATE in
server/mpm/*/): so many may load an embedded application at the same time."""


class ProcessCost(Value):
    """What one process costs, and how that is known."""

    size_bytes: int
    origin: Origin
    source: str
    request_bytes: int = 0
    """What a request in flight adds in a process that has not had so many yet."""
    requests_seen: int = 0
    """Requests in flight that ``size_bytes`` holds already."""
    kernel_bytes: int = 0
    """Page tables and kernel stacks of one process."""
    import_bytes: int = 0
    """What loading the application takes beyond ``size_bytes``, for a moment."""


class MemoryCosts(Value):
    """What each kind of process costs on this machine."""

    parent: ProcessCost
    front: ProcessCost
    groups: dict[str, ProcessCost]
    shared_bytes: int = 0
    helpers_bytes: int = 0
    """Piped loggers, mod_cgid and its scripts, all together."""

    def without_front(self, source: str) -> "MemoryCosts":
        """Return the same with nothing known of the front; ``source`` says why."""
        front = ProcessCost(size_bytes=0, origin="assumed", source=source)
        return self.model_copy(update={"front": front})


def _larger_cost(first: ProcessCost, second: ProcessCost) -> ProcessCost:
    """Return the larger of two costs; what is known stands above what is assumed."""
    return max(first, second, key=lambda one: (one.origin != "assumed", one.size_bytes))


def larger_costs(first: MemoryCosts, second: MemoryCosts) -> MemoryCosts:
    """Return the larger cost of every kind of process."""
    both = first.groups.keys() & second.groups.keys()
    return MemoryCosts(
        parent=_larger_cost(first.parent, second.parent),
        front=_larger_cost(first.front, second.front),
        groups={
            **first.groups,
            **second.groups,
            **{name: _larger_cost(first.groups[name], second.groups[name]) for name in both},
        },
        shared_bytes=max(first.shared_bytes, second.shared_bytes),
        helpers_bytes=max(first.helpers_bytes, second.helpers_bytes),
    )


class NeedTerm(Value):
    """One term of the need: a number of equal parts."""

    name: str
    processes: int
    each_bytes: int
    source: str
    is_transient: bool = False
    """Needed for a moment, while applications are loaded."""

    @property
    def size_bytes(self) -> int:
        """Bytes of the whole term."""
        return self.processes * self.each_bytes


_MOST_TERMS = 12
"""What a line can hold for people; all terms stand in the report's JSON."""


class MemoryNeed(Value):
    """Memory at full occupancy, term by term."""

    terms: tuple[NeedTerm, ...]
    restart: tuple[NeedTerm, ...] = ()
    """What a graceful restart adds at most, while old processes finish."""

    @property
    def size_bytes(self) -> int:
        """Bytes that all processes together need."""
        return sum(term.size_bytes for term in self.terms)

    @property
    def steady_bytes(self) -> int:
        """The same without what is needed for a moment only."""
        return sum(term.size_bytes for term in self.terms if not term.is_transient)

    @property
    def restart_bytes(self) -> int:
        """The most that a graceful restart at full occupancy needs."""
        return self.steady_bytes + sum(term.size_bytes for term in self.restart)

    @property
    def formula(self) -> str:
        """The need as an equation: ``1 x 4 MB parent + 500 x 40 MB front = 19.5 GB``.

        With many daemon process groups the largest terms stand for themselves.
        """
        terms = [term for term in self.terms if term.size_bytes]
        shown = terms
        if len(terms) > _MOST_TERMS:
            least = sorted(term.size_bytes for term in terms)[-_MOST_TERMS]
            shown = [term for term in terms if term.size_bytes >= least][:_MOST_TERMS]
        parts = [f"{term.processes} x {format_size(term.each_bytes)} {term.name}" for term in shown]
        if rest := len(terms) - len(shown):
            left = sum(term.size_bytes for term in terms) - sum(one.size_bytes for one in shown)
            parts.append(f"{format_size(left)} of {rest} more")
        return f"{' + '.join(parts)} = {format_size(self.size_bytes)}"


def memory_need(settings: Settings, costs: MemoryCosts) -> MemoryNeed:
    """Return what ``settings`` need when every worker and daemon is used."""
    front = settings.front
    daemons = [
        (f"daemon {group.name}", group.processes, group.threads, costs.groups[group.name])
        for group in settings.groups
        if group.name in costs.groups
    ]
    parts = [
        ("parent", 1, 0, costs.parent),
        ("front", front.processes, front.threads, costs.front),
        *daemons,
    ]
    terms = [
        NeedTerm(name=name, processes=number, each_bytes=cost.size_bytes, source=cost.source)
        for name, number, _, cost in parts
    ]
    terms.append(
        NeedTerm(name="shared", processes=1, each_bytes=costs.shared_bytes, source="counted once")
    )
    if costs.helpers_bytes:
        terms.append(
            NeedTerm(
                name="helpers",
                processes=1,
                each_bytes=costs.helpers_bytes,
                source="USS of piped loggers and CGI as they run now",
            )
        )
    for name, number, threads, cost in parts:
        terms += _in_flight(name, number, threads, cost)
    kernel = sum(number * cost.kernel_bytes for _, number, _, cost in parts)
    if kernel:
        terms.append(
            NeedTerm(
                name="kernel",
                processes=1,
                each_bytes=kernel,
                source="page tables and kernel stacks",
            )
        )
    terms += _loading(parts)
    return MemoryNeed(terms=tuple(terms), restart=tuple(_restart(front, costs.front)))


_Part = tuple[str, int, int, ProcessCost]


def _in_flight(name: str, number: int, threads: int, cost: ProcessCost) -> Iterator[NeedTerm]:
    new = number * max(0, threads - cost.requests_seen)
    if new and cost.request_bytes:
        yield NeedTerm(
            name=f"requests in {name}",
            processes=new,
            each_bytes=cost.request_bytes,
            source="buffers, pools and stacks of requests that were not in flight when measured",
        )


def _loading(parts: list[_Part]) -> Iterator[NeedTerm]:
    for name, number, _, cost in parts:
        if cost.import_bytes:
            yield NeedTerm(
                name=f"loading in {name}",
                processes=min(number, SPAWN_AT_ONCE) if name == "front" else number,
                each_bytes=cost.import_bytes,
                source="peak RSS - RSS: many processes load the application at the same time",
                is_transient=True,
            )


def _restart(front: FrontSettings, cost: ProcessCost) -> Iterator[NeedTerm]:
    """Return what old front processes take while they finish beside the new ones.

    event keeps both generations within ServerLimit; worker gives the slots of old
    processes to new ones as soon as a thread of them has ended, so a whole second
    generation may run; prefork starts a child only in the place of an old one.
    mod_wsgi ends all daemons of the old generation, by force after 3 s, before new
    ones start. Measured on Debian 12, httpd 2.4.71 with mod_wsgi 4.9.4.
    """
    if front.mpm == "event":
        old = min(max(0, front.server_limit - front.processes), front.processes)
        source = "ServerLimit - processes: both generations run until old requests end"
    else:
        old = front.processes if front.mpm == "worker" else 0
        source = "a second generation runs until old requests end"
    if old:
        yield NeedTerm(
            name="old front processes", processes=old, each_bytes=cost.size_bytes, source=source
        )


def front_processes_that_fit(settings: Settings, costs: MemoryCosts, budget_bytes: int) -> int:
    """Return the largest number of front processes within the budget; at least 1.

    Daemon groups keep their size. The need grows with every process, so the
    number is found by halving.
    """

    def need(processes: int) -> int:
        workers = processes * settings.front.threads
        front = settings.front.model_copy(update={"max_request_workers": workers})
        return memory_need(settings.model_copy(update={"front": front}), costs).size_bytes

    low, high = 1, max(1, budget_bytes // max(1, costs.front.size_bytes))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if need(middle) <= budget_bytes else (low, middle - 1)
    return low


def group_processes_that_fit(
    settings: Settings, costs: MemoryCosts, budget_bytes: int
) -> dict[str, int]:
    """Return how many processes of each group fit, at least 1; the others shrink by one share.

    ``processes x (budget - everything else) / all daemons``, never more than today. A
    group that the share would leave without a process keeps one, at the others' expense.
    """

    def need(groups: Iterable[GroupSettings]) -> int:
        held = settings.model_copy(update={"groups": tuple(groups)})
        return memory_need(held, costs).size_bytes

    shrinking = {one.name: one for one in settings.groups if one.name in costs.groups}
    single: dict[str, GroupSettings] = {}
    while True:
        rest = need(single.values())
        wanted = need((*single.values(), *shrinking.values())) - rest
        share = min(1.0, max(0, budget_bytes - rest) / max(1, wanted))
        left = {name: int(one.processes * share) for name, one in shrinking.items()}
        empty = [name for name, processes in left.items() if processes < 1]
        if not empty:
            return {**dict.fromkeys(single, 1), **left}
        for name in empty:
            single[name] = shrinking.pop(name).model_copy(update={"processes": 1})


def fits(settings: Settings, costs: MemoryCosts, budget_bytes: int) -> bool:
    """Tell whether the settings stay within the budget at full occupancy."""
    return memory_need(settings, costs).size_bytes <= budget_bytes
