"""Simulated servers: what settings give, by a queueing model instead of httpd."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from tuner.capacity.memory import MemoryCosts, ProcessCost, fits, memory_need
from tuner.capacity.settings import FrontSettings, GroupSettings, Settings
from tuner.search.demand import ServiceDemand
from tuner.search.engines import Search
from tuner.search.space import Point, Space
from tuner.search.trial import Objective, Trial

MB = 2**20
GB = 2**30


def cost(size_bytes: int) -> ProcessCost:
    return ProcessCost(size_bytes=size_bytes, origin="measured", source="USS")


def daemon_space(
    *,
    processes: int = 1,
    threads: int = 15,
    each: int = 50 * MB,
    budget: int = 16 * GB,
    cores: int = 4,
    concurrency: int = 64,
) -> Space:
    """One daemon group behind the event MPM."""
    front = FrontSettings(
        mpm="event",
        max_request_workers=400,
        server_limit=20,
        start_servers=3,
        min_spare=75,
        max_spare=250,
        threads_per_child=25,
        thread_limit=64,
    )
    group = GroupSettings(name="app", processes=processes, threads=threads)
    return Space(
        today=Settings(front=front, groups=(group,)),
        group="app",
        costs=MemoryCosts(parent=cost(4 * MB), front=cost(2 * MB), groups={"app": cost(each)}),
        budget_bytes=budget,
        cores=cores,
        concurrency=concurrency,
    )


def embedded_space(
    *, workers: int = 256, each: int = 40 * MB, budget: int = 16 * GB, concurrency: int = 64
) -> Space:
    """An application inside prefork's processes."""
    front = FrontSettings(
        mpm="prefork",
        max_request_workers=workers,
        server_limit=max(256, workers),
        start_servers=5,
        min_spare=5,
        max_spare=10,
    )
    return Space(
        today=Settings(front=front),
        group=None,
        costs=MemoryCosts(parent=cost(4 * MB), front=cost(each), groups={}),
        budget_bytes=budget,
        cores=4,
        concurrency=concurrency,
        fixed_pool=True,
    )


@dataclass(frozen=True)
class Surface:
    """What a server gives when a request needs ``busy`` seconds of CPU and waits ``waiting``."""

    busy: float
    waiting: float
    cores: int = 4
    concurrency: int = 64
    noise: float = 0.0
    """Largest deviation, repeatable for the same point."""

    @property
    def demand(self) -> ServiceDemand:
        return ServiceDemand(self.busy, self.waiting)

    def throughput(self, processes: int, threads: int) -> float:
        """Give what slots, cores and one core for each process allow, a little less each."""
        if not threads:
            return 0.0
        slots = min(self.concurrency, processes * threads) / (self.busy + self.waiting)
        cpu = min(processes, self.cores) / self.busy
        together = float((slots**-6 + cpu**-6) ** (-1 / 6))
        crowding = 1 + 0.004 * max(0, processes - self.cores) + 0.0005 * threads
        shake = 1 + self.noise * math.sin(97 * processes + 31 * threads)
        return together / crowding * shake


def trial_of(
    space: Space, surface: Surface, point: Point, number: int, latency_factor: float = 2.0
) -> Trial:
    """Measure a point; what does not fit the budget cannot be started."""
    settings = space.today if point == space.start else space.settings(point)
    need = memory_need(settings, space.costs).size_bytes
    failed = "" if fits(settings, space.costs, space.budget_bytes) else "over the budget"
    throughput = 0.0 if failed else surface.throughput(point.processes, point.threads)
    return Trial(
        number=number,
        settings=settings,
        throughput=throughput,
        latency_seconds=latency_factor * surface.concurrency / throughput if throughput else None,
        error_rate=1.0 if failed else 0.0,
        memory_bytes=need,
        need_bytes=need,
        failed=failed,
    )


Measure = Callable[[Point, int], Trial]


def drive(search: Search, measure: Measure) -> list[tuple[Point, Trial]]:
    """Answer every question until there is none; return what was asked and answered."""
    asked: list[tuple[Point, Trial]] = []
    while (point := search.ask()) is not None:
        trial = measure(point, len(asked))
        asked.append((point, trial))
        search.tell(trial)
    return asked


def best_possible(space: Space, surface: Surface, objective: Objective) -> Trial:
    """Measure every allowed point and return the fastest that is feasible."""
    trials = [
        trial_of(space, surface, Point(processes=processes, threads=threads), 0)
        for processes in {*space.process_levels(), space.start.processes}
        for threads in {*space.thread_levels(), space.start.threads}
    ]
    feasible = [one for one in trials if one.is_feasible(objective)]
    return max(feasible, key=lambda one: one.throughput)
