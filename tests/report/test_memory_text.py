"""Snapshots of what ``tuner measure`` says, for servers that are made up."""

import io
import json

import pytest
from rich.console import Console
from syrupy.assertion import SnapshotAssertion

from tuner.capacity.budget import Budget, BudgetTerm
from tuner.capacity.growth import Growth
from tuner.capacity.memory import MemoryNeed, NeedTerm
from tuner.host.machine import Machine
from tuner.host.processes import ProcessMemory
from tuner.host.profile import summarise
from tuner.host.smaps import Kinds
from tuner.pipeline.memory_report import MemoryReport, NotKnown, RoleReport, Room, Totals
from tuner.pipeline.warm import Warmed
from tuner.report.documents import as_json
from tuner.report.memory_live import shown_live
from tuner.report.memory_text import render_text, sample_line

MB, GB = 2**20, 2**30

KINDS = Kinds(
    heap_bytes=4 * MB,
    arenas=3,
    arenas_bytes=MB // 2,
    stacks=12,
    stacks_bytes=MB // 4,
    stacks_reserved_bytes=96 * MB,
    files_bytes=MB,
    other_bytes=31 * MB,
)
GROWTH = Growth(
    unit="request", bytes_each=2048, low_bytes=1536, high_bytes=2560, points=12, processes=3
)


def process(pid: int, role: str, uss: int, **more: object) -> ProcessMemory:
    return ProcessMemory.model_validate(
        {
            "pid": pid,
            "create_time": 0.0,
            "role": role,
            "group": None,
            "uss_bytes": uss * MB,
            "pss_bytes": (uss + 1) * MB,
            "rss_bytes": (uss + 8) * MB,
            "swap_bytes": 0,
            "threads": 1,
            "cpu_seconds": 1.5,
            "metric": "uss",
            "time_slices": 100,
            "warmth": "unknown",
            **more,
        }
    )


PROCESSES = (
    process(10, "parent", 2),
    process(11, "daemon", 36, group="shop", threads=18, swap_bytes=3 * MB, warmth="warm",
            warmth_reason="its threads have worked"),
    process(12, "front", 5, threads=27, requests=900, warmth="warm", warmth_reason="by mod_status"),
    process(13, "front", 4, threads=27, requests=0, warmth="cold", warmth_reason="no request yet"),
    process(14, "other", 1, helper="logger"),
    process(15, "other", 1, helper="cgid"),
)  # fmt: skip

NEED = MemoryNeed(
    terms=(
        NeedTerm(name="parent", processes=1, each_bytes=2 * MB, source="USS"),
        NeedTerm(name="front", processes=6, each_bytes=5 * MB, source="USS"),
        NeedTerm(name="daemon shop", processes=2, each_bytes=36 * MB, source="USS"),
        NeedTerm(
            name="loading in daemon shop", processes=2, each_bytes=9 * MB, source="peak RSS - RSS",
            is_transient=True,
        ),
    ),
    restart=(NeedTerm(name="old front processes", processes=2, each_bytes=5 * MB, source="x"),),
)  # fmt: skip


def report(**more: object) -> MemoryReport:
    profile = summarise(PROCESSES)
    roles = tuple(
        RoleReport(
            memory=one,
            kinds=KINDS,
            growth=GROWTH if one.role == "front" else NotKnown(unknown="3 points are too few"),
        )
        for one in profile.roles
    )
    values: dict[str, object] = {
        "tuner": "0.0.0",
        "configuration": "/etc/apache2/apache2.conf",
        "layout": "debian",
        "pid": 10,
        "uptime_seconds": 7300.0,
        "machine": Machine(
            memory_total_bytes=GB,
            memory_available_bytes=GB // 2,
            memory_limit_bytes=GB,
            memory_limit_source="MemTotal",
            swap_used_bytes=0,
            cores=2,
            cores_source="CPU affinity",
        ),
        "confidence": "medium",
        "doubts": ("front: 1 of 2 processes are cold and left out",),
        "roles": roles,
        "shared_bytes": profile.shared_bytes,
        "processes": PROCESSES,
        "budget": Budget(
            terms=(BudgetTerm(name="memory", size_bytes=GB, source="MemTotal"),), origin="measured"
        ),
        "budget_bytes": GB,
        "budget_formula": "1 GB memory",
        "need": NEED,
        "need_bytes": NEED.size_bytes,
        "need_steady_bytes": NEED.steady_bytes,
        "need_at_restart_bytes": NEED.restart_bytes,
        "need_formula": NEED.formula,
        "room": Room(
            left_bytes=GB - NEED.size_bytes,
            more_front_processes=180,
            more_daemon_processes={"shop": 25},
            left_at_restart_bytes=GB - NEED.restart_bytes,
        ),
        "scoreboard": True,
        "warmed": Warmed(url="http://127.0.0.1/", requests=90, failed=2, concurrency=30),
        "samples": (
            Totals(at_seconds=0.0, processes=6, pss_bytes=55 * MB, rss_bytes=98 * MB, swap_bytes=0),
        ),
    }
    return MemoryReport.model_validate({**values, **more})


@pytest.mark.parametrize("verbose", [False, True])
def test_the_report(snapshot: SnapshotAssertion, verbose: bool) -> None:
    assert render_text(report(), colour=False, verbose=verbose) == snapshot


def test_the_report_of_a_server_that_may_not_be_read(snapshot: SnapshotAssertion) -> None:
    unknown = NotKnown(unknown="no process has loaded the application yet")
    found = report(
        confidence="low",
        doubts=("descriptors are not readable",),
        need=unknown,
        room=unknown,
        warmed=None,
        samples=(
            Totals(at_seconds=0.0, processes=6, pss_bytes=None, rss_bytes=98 * MB, swap_bytes=0),
        ),
    )
    assert render_text(found, colour=False) == snapshot


def test_what_is_missing_is_said() -> None:
    room = Room(
        left_bytes=-300 * MB,
        more_front_processes=0,
        more_daemon_processes={"shop": 0},
        left_at_restart_bytes=-310 * MB,
    )
    assert "nothing: 300 MB are missing" in render_text(report(room=room), colour=False)


def test_a_sample_is_one_line() -> None:
    assert sample_line(report()) == (
        "     0.0 s  6 processes, PSS 55 MB, RSS 98 MB; daemon shop 1 x 36 MB, front 2 x 5 MB"
    )


def test_names_from_a_configuration_cannot_move_the_cursor() -> None:
    text = render_text(report(configuration="/etc/\x1b[2Japache2.conf"), colour=False)
    assert "\x1b" not in text


def test_the_live_table_passes_reports_on() -> None:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=120)
    reports = [report(), report(pid=99)]
    assert list(shown_live(reports, console)) == reports
    assert "parent process 99" in stream.getvalue()
    assert "daemon shop" in stream.getvalue()


def test_the_document_is_the_model() -> None:
    assert MemoryReport.model_validate(json.loads(as_json(report()))) == report()
