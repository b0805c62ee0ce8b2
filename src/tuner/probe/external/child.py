"""Run one program: bounded in time, watched by the guard, and gone afterwards."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tuner.errors import ProbeError, UsageError
from tuner.probe.guard import Guard
from tuner.probe.plan import ProbePlan

_POLL_SECONDS = 0.02
_GRACE_SECONDS = 3.0
_END_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended."""

    stdout: str
    stderr: str
    code: int
    """Negative: ended by that signal."""
    seconds: float
    cpu_seconds: float
    """Of the program and of what it waited for."""
    stopped: str = ""
    """Why the guard stopped it."""
    is_late: bool = False
    """It did not end in time and was ended."""

    @property
    def complaint(self) -> str:
        """The last line that it wrote on standard error."""
        return last_line(self.stderr) or f"exit code {self.code}"


def last_line(text: str) -> str:
    """Return the last line that says something; empty where none does."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")


def find_program(name: str, install: str) -> str:
    """Return the path of a program.

    Raises:
        UsageError: it is not installed; the hint says what to install.
    """
    path = shutil.which(name)
    if path is None:
        raise UsageError(f"{name} is not installed", hint=install)
    return path


def run_child(
    command: Sequence[str],
    limit_seconds: float,
    guard: Guard,
    environment: Mapping[str, str] | None = None,
) -> Finished:
    """Run a program to its end, or end it: at its limit, or when the guard says so.

    It is asked by SIGINT first, which makes most load programs print what they have,
    and killed with its children a little later.

    Raises:
        ProbeError: it does not start.
    """
    with tempfile.TemporaryDirectory(prefix="tuner-engine-") as name:
        out, err = Path(name) / "out", Path(name) / "err"
        with out.open("wb") as stdout, err.open("wb") as stderr:
            begin = time.monotonic()
            try:
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=stdout,
                    stderr=stderr,
                    env=environment,
                    start_new_session=True,
                )
            except OSError as error:
                raise ProbeError(f"{command[0]} does not start: {error.strerror}") from error
        watched = _Watched(process)
        try:
            stopped, is_late = watched.until_end(begin + limit_seconds, guard)
        finally:
            watched.kill()
        return Finished(
            stdout=out.read_text("utf-8", "replace"),
            stderr=err.read_text("utf-8", "replace"),
            code=process.returncode,
            seconds=time.monotonic() - begin,
            cpu_seconds=watched.cpu_seconds,
            stopped=stopped,
            is_late=is_late,
        )


def whole_seconds(seconds: float) -> int:
    """Round up to what a program takes that knows whole seconds only."""
    return max(1, -int(-seconds // 1))


def run_warmed(
    plan: ProbePlan, command: Callable[[float], Sequence[str]], guard: Guard
) -> Finished:
    """Run a program for the warm-up first, and return how it ended for the measurement.

    ``command`` makes its command line for so many seconds.
    """
    lengths = [plan.warmup_seconds, plan.duration_seconds]
    for seconds in lengths if plan.warmup_seconds else lengths[1:]:
        limit = whole_seconds(seconds) + whole_seconds(plan.timeout_seconds) + _END_SECONDS
        finished = run_child(command(seconds), limit, guard)
        if finished.stopped:
            break
    return finished


class _Watched:
    """A child whose CPU time is taken when it is reaped (wait4, getrusage(2))."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.process = process
        self.cpu_seconds = 0.0

    def until_end(self, deadline: float, guard: Guard) -> tuple[str, bool]:
        stopped = ""
        while not self.has_ended():
            stopped = guard()
            if stopped or time.monotonic() > deadline:
                self.interrupt()
                return stopped, not stopped
            time.sleep(_POLL_SECONDS)
        return stopped, False

    def has_ended(self) -> bool:
        if self.process.returncode is None:
            pid, status, usage = os.wait4(self.process.pid, os.WNOHANG)
            if pid:
                self.process.returncode = os.waitstatus_to_exitcode(status)
                self.cpu_seconds = usage.ru_utime + usage.ru_stime
        return self.process.returncode is not None

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)
        give_up = time.monotonic() + _GRACE_SECONDS
        while not self.has_ended() and time.monotonic() < give_up:
            time.sleep(_POLL_SECONDS)

    def kill(self) -> None:
        while not self.has_ended():
            os.killpg(self.process.pid, signal.SIGKILL)
            time.sleep(_POLL_SECONDS)
