"""What one request costs when nothing else runs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServiceDemand:
    """What one request costs when nothing else runs, in seconds."""

    busy_seconds: float
    """CPU of the server."""
    waiting_seconds: float
    """Everything else: a database, another service, sleep."""

    @property
    def total_seconds(self) -> float:
        """Time that one request occupies a worker."""
        return self.busy_seconds + self.waiting_seconds

    @property
    def busy_share(self) -> float:
        """Share of the service time that needs a CPU."""
        return self.busy_seconds / max(self.total_seconds, 1e-9)

    @property
    def concurrency_per_core(self) -> float:
        """Requests in service that keep one core busy."""
        return 1 / max(self.busy_share, 1e-6)
