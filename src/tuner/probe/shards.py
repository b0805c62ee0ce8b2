"""Processes that each send a part of a probe's load, and print what they did as JSON lines.

A shard prints ``{"t": "tick", "good": n, "bad": n}`` now and then and one
``{"t": "done", ...}`` at the end; SIGTERM ends it early, with its result.
"""

import json
import os
import selectors
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tuner.errors import GuardStop, ProbeError
from tuner.probe.guard import Guard
from tuner.probe.plan import ProbePlan

Document = dict[str, Any]

_END_SECONDS = 10.0
_STORM_BAD = 50
_STORM_SHARE = 0.5
_STORM = "most requests fail"
"""A storm of errors ends a probe early; its result says enough by its errors."""


@dataclass(frozen=True, slots=True)
class Shard:
    """A command and what it reads from standard input."""

    command: tuple[str, ...]
    program: bytes
    environment: Mapping[str, str] | None = None


def part(total: int, parts: int, number: int) -> int:
    """Return one of ``parts`` shares of a whole number; they differ by one at most."""
    return total // parts + (1 if number < total % parts else 0)


def process_count(plan: ProbePlan) -> int:
    """Return how many processes share the load: as planned, with two clients each at least."""
    return max(1, min(plan.processes, plan.concurrency // 2))


def run_shards(
    shards: Sequence[Shard], plan: ProbePlan, guard: Guard
) -> tuple[list[Document], str]:
    """Run shards side by side; return what they measured, and why a guard stopped them.

    Raises:
        ProbeError: a shard failed, or does not end.
        GuardStop: a guard stopped them, and none could tell what it had measured (ssh
            does not pass the signal on).
    """
    with _running(shards) as processes:
        watch = _Watch(processes, guard)
        stopped = watch.until_done(plan.warmup_seconds + plan.duration_seconds + _END_SECONDS)
        missing = [one for one in processes if one.pid not in watch.documents]
        if missing and not stopped:
            raise ProbeError(f"the load loop failed: {_complaint(missing[0])}")
        if not watch.documents:
            raise GuardStop(f"the run was stopped: {stopped}")
        return list(watch.documents.values()), stopped


@contextmanager
def _running(shards: Sequence[Shard]) -> Iterator[list["subprocess.Popen[bytes]"]]:
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for shard in shards:
            processes.append(_start(shard))  # noqa: PERF401 - a failure ends those before
        yield processes
    finally:
        for process in processes:
            if process.poll() is None:
                process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe is not None and not pipe.closed:
                    pipe.close()


def _start(shard: Shard) -> "subprocess.Popen[bytes]":
    try:
        process = subprocess.Popen(
            shard.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=shard.environment,
        )
    except OSError as error:
        raise ProbeError(f"{shard.command[0]} does not start: {error.strerror}") from error
    assert process.stdin is not None
    try:
        process.stdin.write(shard.program)
        process.stdin.close()
    except BrokenPipeError:
        pass  # it ended already: its complaint is read later
    return process


def _complaint(process: "subprocess.Popen[bytes]") -> str:
    """Return the last line that a failed shard wrote."""
    assert process.stderr is not None
    lines = process.stderr.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "no output"


class _Watch:
    """Reads what the shards print, asks the guard, and ends them when it says so."""

    def __init__(self, processes: "Sequence[subprocess.Popen[bytes]]", guard: Guard) -> None:
        self.processes = processes
        self.guard = guard
        self.documents: dict[int, Document] = {}
        self.progress: dict[int, Document] = {}
        self._pending: dict[int, bytes] = {one.pid: b"" for one in processes}

    def until_done(self, limit_seconds: float) -> str:
        """Return when every shard has ended; say why a guard stopped them."""
        deadline = time.monotonic() + limit_seconds
        stopped = ""
        with selectors.DefaultSelector() as selector:
            for process in self.processes:
                assert process.stdout is not None
                os.set_blocking(process.stdout.fileno(), False)
                selector.register(process.stdout, selectors.EVENT_READ, process)
            while selector.get_map():
                for key, _ in selector.select(0.1):
                    if not self._read(key.data):
                        selector.unregister(key.fileobj)
                if not stopped and self._have_begun():
                    stopped = self.guard() or self._storm()
                    if stopped:
                        self._terminate()
                if time.monotonic() > deadline:
                    raise ProbeError("the load loop does not end")
        return "" if stopped == _STORM else stopped

    def _read(self, process: "subprocess.Popen[bytes]") -> bool:
        assert process.stdout is not None
        data = process.stdout.read(1 << 20)
        if not data:
            return data is None
        lines = (self._pending[process.pid] + data).split(b"\n")
        self._pending[process.pid] = lines.pop()
        for line in lines:
            if not line.startswith(b"{"):
                continue  # what a login shell on another host says
            document = json.loads(line)
            if document["t"] == "done":
                self.documents[process.pid] = document
            else:
                self.progress[process.pid] = document
        return True

    def _have_begun(self) -> bool:
        """Tell whether each has said something or ended: before, SIGTERM would lose its result."""
        return all(
            one.pid in self.progress or one.pid in self.documents or one.poll() is not None
            for one in self.processes
        )

    def _storm(self) -> str:
        bad = sum(one["bad"] for one in self.progress.values())
        ended = bad + sum(one["good"] for one in self.progress.values())
        return _STORM if bad >= _STORM_BAD and bad > _STORM_SHARE * ended else ""

    def _terminate(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
