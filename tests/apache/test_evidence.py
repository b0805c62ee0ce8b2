"""Error logs: which ones are found, what is read of them, and what is counted."""

import gzip
import os
from datetime import datetime
from pathlib import Path

import pytest

from tuner.apache.evidence import files as evidence_files
from tuner.apache.evidence import read as evidence_read
from tuner.apache.evidence.events import EVENTS, Tally
from tuner.apache.evidence.files import error_logs
from tuner.apache.evidence.read import read_evidence
from tuner.apache.read import ReadRequest, read
from tuner.apache.tree import Configuration

EXHAUSTED = (
    "[Sun Mar 01 10:11:12.123456 2026] [mpm_event:error] [pid 7:tid 8] AH00484: server reached "
    "MaxRequestWorkers setting, consider raising the MaxRequestWorkers setting\n"
)
QUIET = "[Mon Mar 02 11:00:00.000000 2026] [core:notice] [pid 7:tid 8] AH00094: Command line\n"


def tree(root: Path, conf: str, logs: dict[str, bytes | str]) -> Configuration:
    """Write a tree that stands for ``/`` and read its configuration."""
    main = root / "usr/local/apache2/conf/httpd.conf"
    main.parent.mkdir(parents=True)
    main.write_text(conf)
    for name, content in logs.items():
        path = root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read(ReadRequest(path=root))


def times(configuration: Configuration) -> dict[str, int]:
    counts = read_evidence(configuration).tally.counts
    return {name: count.times for name, count in counts.items() if count.times}


def test_every_error_log_in_force_is_found_once(tmp_path: Path) -> None:
    conf = """\
ErrorLog logs/main
<VirtualHost *:80>
    ErrorLog /var/log/one.log
</VirtualHost>
<VirtualHost *:81>
    ErrorLog /var/log/one.log
</VirtualHost>
<VirtualHost *:82>
    ErrorLog "|/usr/bin/rotatelogs /var/log/two 86400"
</VirtualHost>
<VirtualHost *:83>
    ErrorLog syslog:local1
</VirtualHost>
"""
    found = error_logs(tree(tmp_path, conf, {}))
    assert found.paths == ("/usr/local/apache2/logs/main", "/var/log/one.log")
    assert found.elsewhere == ("|/usr/bin/rotatelogs /var/log/two 86400", "syslog:local1")


def test_the_default_counts_where_the_main_server_sets_none(tmp_path: Path) -> None:
    found = error_logs(tree(tmp_path, "Listen 80\n", {}))
    assert found.paths == ("/usr/local/apache2/logs/error_log",)


def test_many_logs_are_not_all_read(tmp_path: Path) -> None:
    hosts = "".join(
        f"<VirtualHost *:80>\nErrorLog /var/log/{number}\n</VirtualHost>\n" for number in range(99)
    )
    assert len(error_logs(tree(tmp_path, hosts, {})).paths) == evidence_files.MAX_LOGS


def test_rotated_and_packed_siblings_are_read_the_newest_first(tmp_path: Path) -> None:
    log = "/var/log/error.log"
    logs: dict[str, bytes | str] = {
        log: QUIET,
        f"{log}.1": EXHAUSTED,
        "/var/log/other.log": EXHAUSTED,
    }
    for number in range(2, 9):
        logs[f"{log}.{number}.gz"] = gzip.compress(EXHAUSTED.encode())
    evidence = read_evidence(tree(tmp_path, f"ErrorLog {log}\n", logs))
    assert evidence.files == (log, f"{log}.1", f"{log}.2.gz", f"{log}.3.gz", f"{log}.4.gz")
    assert evidence.tally.counts["workers_exhausted"].times == 4
    assert evidence.tally.counts["workers_exhausted"].last == datetime(2026, 3, 1, 10, 11, 12)
    assert evidence.tally.last == datetime(2026, 3, 2, 11, 0, 0)


def test_logs_with_dates_in_their_names_are_read_the_newest_first(tmp_path: Path) -> None:
    log = "/var/log/error_log"
    logs = {f"{log}-202601{day:02}": EXHAUSTED for day in range(1, 9)} | {log: QUIET}
    evidence = read_evidence(tree(tmp_path, f"ErrorLog {log}\n", dict(logs)))
    assert evidence.files[:3] == (log, f"{log}-20260108", f"{log}-20260107")
    assert len(evidence.files) == 1 + evidence_files.MAX_ROTATED


def test_only_the_end_of_a_long_log_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence_read, "MAX_TAIL_BYTES", 10 * len(EXHAUSTED) - 5)
    configuration = tree(tmp_path, "ErrorLog /var/log/e\n", {"/var/log/e": EXHAUSTED * 1000})
    assert times(configuration) == {"workers_exhausted": 9}


def test_a_packed_log_that_unpacks_to_very_much_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence_read, "MAX_TAIL_BYTES", 10_000)
    packed = gzip.compress(b"\0" * 50_000_000)
    logs: dict[str, bytes | str] = {"/var/log/e": "", "/var/log/e.1.gz": packed}
    evidence = read_evidence(tree(tmp_path, "ErrorLog /var/log/e\n", logs))
    assert evidence.files == ("/var/log/e", "/var/log/e.1.gz")


def test_broken_packed_logs_are_passed_over(tmp_path: Path) -> None:
    whole = gzip.compress(EXHAUSTED.encode() * 100)
    logs: dict[str, bytes | str] = {
        "/var/log/e": EXHAUSTED,
        "/var/log/e.1.gz": whole[:50],
        "/var/log/e.2.gz": b"no gzip",
        "/var/log/e.3.gz": whole[:20] + b"\xff" * 20 + whole[40:],
    }
    evidence = read_evidence(tree(tmp_path, "ErrorLog /var/log/e\n", logs))
    assert evidence.files == ("/var/log/e",)
    assert evidence.unread == ()


def test_nothing_outside_the_root_is_read(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text(EXHAUSTED)
    root = tmp_path / "root"
    configuration = tree(root, "ErrorLog /var/log/e\nErrorLog /../../../outside\n", {})
    log = root / "var/log/e"
    log.parent.mkdir(parents=True)
    log.symlink_to(outside)
    configuration = read(ReadRequest(path=root))
    assert read_evidence(configuration).files == ()


@pytest.mark.parametrize("kind", ["fifo", "directory", "missing"])
def test_what_is_no_file_is_named(tmp_path: Path, kind: str) -> None:
    configuration = tree(tmp_path, "ErrorLog /var/log/e\n", {"/var/log/x": ""})
    if kind == "fifo":
        os.mkfifo(tmp_path / "var/log/e")
    elif kind == "directory":
        (tmp_path / "var/log/e").mkdir()
    evidence = read_evidence(configuration)
    assert evidence.files == ()
    assert evidence.unread[0].startswith("/var/log/e: ")


# --- what is counted -------------------------------------------------------------


WSGI = "[Sun Mar 01 10:11:12.123456 2026] [wsgi:error] [pid 7:tid 8] [client 192.0.2.1:5] "


LINES = [
    (EXHAUSTED, "workers_exhausted"),
    ("AH00161: server reached MaxRequestWorkers setting, consider", "workers_exhausted"),
    ("AH00286: server reached MaxRequestWorkers setting", "workers_exhausted"),
    ("AH10159: server is within MinSpareThreads of", "workers_nearly_exhausted"),
    ("AH03490: scoreboard is full, not at MaxRequestWorkers.Increase", "scoreboard_full"),
    ("AH00288: scoreboard is full, not at MaxRequestWorkers", "scoreboard_full"),
    ("AH00046: child process 7 still did not exit, sending a SIGKILL", "children_killed"),
    ("AH00052: child pid 7 exit signal Segmentation fault (11)", "crashes"),
    ("(11)Resource temporarily unavailable: AH00481: fork: Unable to fork", "fork_failures"),
    ("(24)Too many open files: AH00468: apr_socket_accept", "files_exhausted"),
    ("(12)Cannot allocate memory: AH00159: fork: Unable to fork", "memory_exhausted"),
    (
        f"{WSGI}(11)Resource temporarily unavailable: mod_wsgi (pid=7): Unable to connect to "
        "WSGI daemon process 'app' on '/run/wsgi.1.0.1.sock' after multiple attempts as "
        "listener backlog limit was exceeded or the socket does not exist.",
        "daemon_unreachable",
    ),
    (
        f"{WSGI}(13)Permission denied: mod_wsgi (pid=7): Unable to connect to WSGI daemon "
        "process 'app' on '/run/wsgi.1.0.1.sock' as user with uid=33.",
        "daemon_forbidden",
    ),
    (f"{WSGI}Queue timeout expired for WSGI daemon process 'a'.", "queue_timeouts"),
    (
        f"{WSGI}Timeout when reading response headers from daemon process 'a': /srv/a",
        "daemon_timeouts",
    ),
    (
        f"{WSGI}Truncated or oversized response headers received from daemon process 'a'",
        "daemon_deaths",
    ),
    (
        f"{WSGI}WSGI0147: Error reading response headers from daemon process 'a' "
        "(Connection reset by peer).",
        "daemon_deaths",
    ),
    (
        f"{WSGI}WSGI0146: Daemon process 'a' closed connection before sending complete "
        "response headers.",
        "daemon_deaths",
    ),
    ("Daemon process request time limit exceeded, stopping", "request_timeouts"),
    ("mod_wsgi (pid=7): Daemon process deadlock timer expired, stopping", "deadlocks"),
    ("mod_wsgi (pid=7): Couldn't create worker thread 3 in daemon process", "thread_failures"),
    ("WSGI0022: Unable to create worker thread 3 in daemon process 'a'.", "thread_failures"),
    ("mod_wsgi (pid=7): Process 'a' terminated by signal 9", "killed_by_kernel"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "event"), LINES)
def test_a_line_is_one_event(line: str, event: str) -> None:
    tally = Tally()
    tally.add(f"{QUIET}{line.rstrip()}\n{QUIET}".encode())
    assert {name for name, count in tally.counts.items() if count.times} == {event}
    assert tally.counts[event].times == 1


def test_every_event_has_a_line_here() -> None:
    assert {event for _, event in LINES} == set(EVENTS)


@pytest.mark.parametrize(
    "line",
    [
        QUIET,
        'GET /?q=AH00484 "ok"',
        "AH00045: child process 7 still did not exit, sending a SIGTERM",
        "Process 'a' terminated by signal 15",
    ],
)
def test_other_lines_are_none(line: str) -> None:
    tally = Tally()
    tally.add(line.encode())
    assert not any(count.times for count in tally.counts.values())


@pytest.mark.parametrize(
    "stamp", ["", "[Sun Mar 32 10:11:12 2026] ", "[Sun Foo 01 10:11:12 2026] ", "2026-03-01 "]
)
def test_a_line_without_a_date_is_counted(stamp: str) -> None:
    tally = Tally()
    tally.add(f"{stamp}AH00484: server\n".encode())
    assert tally.counts["workers_exhausted"].times == 1
    assert tally.counts["workers_exhausted"].last is None
    assert tally.last is None
