"""The space: which settings may be tried at all."""

from pydantic import BaseModel, ConfigDict

from tuner.capacity.front import hold_open, resize_front, workers_for_daemons
from tuner.capacity.memory import MemoryCosts, fits, memory_need
from tuner.capacity.settings import GroupSettings, Settings

PROCESS_LEVELS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64)
THREAD_LEVELS = (1, 2, 3, 5, 8, 12, 15, 20, 25, 32, 40, 50, 64, 80, 100, 128)
WORKER_LEVELS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 50, 64, 80, 100, 128, 150)
WORKER_LEVELS_ABOVE = (200, 256, 320, 400, 512, 640, 800, 1024)


class Point(BaseModel):
    """One point: processes and threads of the searched group, or workers of the front."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    processes: int
    threads: int


class Space(BaseModel):
    """The points around today's settings that fit memory and make sense for the load."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    today: Settings
    group: str | None
    """The daemon process group that is searched; None searches the front."""
    costs: MemoryCosts
    budget_bytes: int
    cores: int
    concurrency: int
    share: float = 1.0
    """The group's part of all requests; throughput always counts all of them."""
    fixed_pool: bool = False
    """Keep all front processes running: an embedded application must not be
    loaded while requests wait."""

    @property
    def start(self) -> Point:
        """Return today's point."""
        if self.group is None:
            return Point(processes=self.today.front.processes, threads=self.today.front.threads)
        group = self._today_group()
        return Point(processes=group.processes, threads=group.threads)

    def settings(self, point: Point) -> Settings:
        """Return the settings of a point, the front sized to go with it."""
        if self.group is None:
            return self._front_settings(point)
        groups = tuple(
            GroupSettings(name=one.name, processes=point.processes, threads=point.threads)
            if one.name == self.group
            else one
            for one in self.today.groups
        )
        capacity = sum(group.capacity for group in groups)
        workers = max(self.today.front.max_request_workers, workers_for_daemons(capacity))
        return Settings(front=resize_front(self.today.front, workers), groups=groups)

    def _front_settings(self, point: Point) -> Settings:
        front = resize_front(self.today.front, point.processes * point.threads)
        if self.fixed_pool:
            front = hold_open(front)
        return self.today.model_copy(update={"front": front})

    def allows(self, point: Point) -> bool:
        """Tell whether the settings of a point stay within the memory budget."""
        return self.holds(self.settings(point))

    def holds(self, settings: Settings) -> bool:
        """Tell whether settings stay within the memory budget."""
        return fits(settings, self.costs, self.budget_bytes)

    def need_bytes(self, point: Point) -> int:
        """Return the memory that a point needs at full occupancy."""
        return memory_need(self.settings(point), self.costs).size_bytes

    def nearest(self, processes: int, threads: int) -> Point:
        """Return the point on the levels at or above, fewer processes until it fits memory."""
        threads = _level_at_least(self.thread_levels(), threads)
        levels = self.process_levels()
        most = _level_at_least(levels, processes)
        for level in reversed([level for level in levels if level <= most]):
            point = Point(processes=level, threads=threads)
            if self.allows(point):
                return point
        return Point(processes=levels[0], threads=threads)

    def process_levels(self) -> tuple[int, ...]:
        """Return the values of processes (or workers) worth trying."""
        if self.group is None:
            return self._front_levels()
        most = max(2 * self.cores + 1, self.start.processes)
        return tuple(value for value in PROCESS_LEVELS if value <= most)

    def _front_levels(self) -> tuple[int, ...]:
        """Return numbers of front processes with a worker for every client, as far as they fit.

        A client holds its worker while it is connected (all but event, with
        KeepAlive); with fewer workers than clients some are served and the others
        starve, which looks fast in a measurement.
        """
        threads = self.today.front.threads
        most = max(2 * self.concurrency, 4)
        levels = {max(1, -(-value // threads)) for value in WORKER_LEVELS + WORKER_LEVELS_ABOVE}
        usable = [value for value in sorted(levels) if value * threads <= most] or [1]
        needed = -(-self.concurrency // threads)
        enough = [value for value in usable if value >= needed]
        fitting = [one for one in usable if self.allows(Point(processes=one, threads=threads))]
        if not enough or not fitting or fitting[-1] < enough[0]:
            return (fitting[-1] if fitting else usable[0],)
        return tuple(enough)

    def thread_levels(self) -> tuple[int, ...]:
        """Return the values of threads worth trying; the front keeps its own."""
        if self.group is None:
            return (self.today.front.threads,)
        most = max(self.concurrency, self.start.threads)
        return tuple(value for value in THREAD_LEVELS if value <= most) or (1,)

    def _today_group(self) -> GroupSettings:
        return next(one for one in self.today.groups if one.name == self.group)


def _level_at_least(levels: tuple[int, ...], value: int) -> int:
    return next((level for level in levels if level >= value), levels[-1])
