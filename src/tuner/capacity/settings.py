"""Settings: one assignment of the directives that decide capacity."""

from pydantic import BaseModel, ConfigDict

from tuner.apache.effective.daemons import DaemonGroup
from tuner.apache.effective.mpm import MpmName, MpmSettings


class Value(BaseModel):
    """Base of the values here: frozen, nothing beyond its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class FrontSettings(Value):
    """The MPM's numbers; consistent, so that httpd has nothing to correct."""

    mpm: MpmName
    max_request_workers: int
    server_limit: int
    start_servers: int
    min_spare: int
    """MinSpareServers under prefork, MinSpareThreads otherwise."""
    max_spare: int
    threads_per_child: int | None = None
    thread_limit: int | None = None

    @property
    def threads(self) -> int:
        """Workers in each front process."""
        return self.threads_per_child or 1

    @property
    def processes(self) -> int:
        """Front processes when every worker is used."""
        return max(1, self.max_request_workers // self.threads)


class GroupSettings(Value):
    """The size of one daemon process group."""

    name: str
    processes: int
    threads: int

    @property
    def capacity(self) -> int:
        """Requests executed at the same time."""
        return self.processes * self.threads


class Settings(Value):
    """The front and every daemon process group."""

    front: FrontSettings
    groups: tuple[GroupSettings, ...] = ()

    @property
    def daemon_capacity(self) -> int:
        """Requests that all daemon groups together execute at the same time."""
        return sum(group.capacity for group in self.groups)

    def describe(self) -> str:
        """Return the settings in one line for tables and logs."""
        parts = [f"{group.name} p={group.processes} t={group.threads}" for group in self.groups]
        front = f"MaxRequestWorkers {self.front.max_request_workers}"
        if self.front.threads_per_child:
            front += f" ({self.front.processes} x {self.front.threads})"
        return ", ".join([*parts, front])


def current_settings(mpm: MpmSettings, groups: tuple[DaemonGroup, ...]) -> Settings:
    """Return what the configuration runs with today."""
    return Settings(
        front=FrontSettings(
            mpm=mpm.name,
            max_request_workers=mpm.workers,
            server_limit=mpm.server_limit.effective,
            start_servers=mpm.start_servers.effective,
            min_spare=mpm.min_spare.effective,
            max_spare=mpm.max_spare.effective,
            threads_per_child=mpm.threads_per_child.effective if mpm.threads_per_child else None,
            thread_limit=mpm.thread_limit.effective if mpm.thread_limit else None,
        ),
        groups=tuple(
            GroupSettings(name=group.name, processes=group.processes, threads=group.threads)
            for group in groups
        ),
    )
