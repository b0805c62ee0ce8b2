"""Roles and memory of real processes: a small server that looks like httpd with mod_wsgi."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tuner.errors import MeasurementError
from tuner.host.processes import ProcessMemory, process_tree

MIB = 2**20

SERVER = textwrap.dedent(
    """
    import os, socket, sys

    directory = sys.argv[1]
    tcp = socket.create_server(("127.0.0.1", 0))
    unix = {}


    def listen(name):
        unix[name] = socket.socket(socket.AF_UNIX)
        unix[name].bind(f"{directory}/{name}")
        unix[name].listen()


    def wait():
        # Ends as soon as the test closes its end, or is gone itself.
        sys.stdin.read()
        os._exit(0)


    def say(*words):
        os.write(1, (" ".join(map(str, words)) + "\\n").encode())


    def child(name, keep=(), ballast=0, program=()):
        if os.fork():
            return
        for one in (tcp, *unix.values()):
            if one in keep:
                one.set_inheritable(True)
            else:
                one.close()
        data = os.urandom(1024) * (ballast * 1024)
        if name == "nested" and os.fork() == 0:
            say("grandchild", os.getpid())
            wait()
        say(name, os.getpid())
        if program:
            os.execv(program[0], program[1:])
        wait()


    me = os.getpid()
    for name in (f"w.{me}.0.1.sock", f"w.{me}.0.2.sock", f"w.{me}.0.9.sock", "w.1.0.1.sock"):
        listen(name)
    child("front", [tcp])
    child("both", [tcp, unix[f"w.{me}.0.1.sock"]])
    child("shop", [unix[f"w.{me}.0.1.sock"]], ballast=30)
    child("blog", [unix[f"w.{me}.0.2.sock"]])
    child("unknown", [unix[f"w.{me}.0.9.sock"]])
    child("foreign", [unix["w.1.0.1.sock"]])
    child("helper")
    child("nested")
    child("program", program=["/bin/cat", "cat"])
    child("titled", [unix[f"w.{me}.0.2.sock"]], program=["/bin/cat", "(wsgi:blog)"])
    child("shortened", [unix[f"w.{me}.0.1.sock"]], program=["/bin/cat", "(wsgi:s"])
    if os.fork() == 0:
        os._exit(0)
    say("server", me)
    wait()
    """
)
NAMES = (
    *("front", "both", "shop", "blog", "unknown", "foreign", "helper", "nested", "grandchild"),
    *("program", "titled", "shortened", "server"),
)
GROUPS = ("shop", "blog")


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: the pid of each of its processes by name."""

    pids: dict[str, int]

    @property
    def parent(self) -> int:
        return self.pids["server"]

    def name_of(self, pid: int) -> str:
        return next(name for name, known in self.pids.items() if known == pid)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    directory = tmp_path_factory.mktemp("s")
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, str(directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline().split() for _ in NAMES]
        pids = {name: int(pid) for name, pid in lines}
        assert set(pids) == set(NAMES)
        for name in ("program", "titled", "shortened"):
            _wait_for_program(pids[name])
        yield Server(pids)


def _wait_for_program(pid: int) -> None:
    """Wait until a process that has announced itself has become another program."""
    command = Path(f"/proc/{pid}/comm")
    while command.read_text() != "cat\n":
        os.sched_yield()


def roles(server: Server, found: tuple[ProcessMemory, ...]) -> dict[str, tuple[str, str | None]]:
    return {server.name_of(one.pid): (one.role, one.group) for one in found}


def test_roles_follow_from_listening_sockets(server: Server) -> None:
    assert roles(server, process_tree(server.parent, GROUPS)) == {
        "server": ("parent", None),
        "front": ("front", None),
        "both": ("front", None),
        "shop": ("daemon", "shop"),
        "blog": ("daemon", "blog"),
        "unknown": ("daemon", None),
        "foreign": ("other", None),
        "helper": ("front", None),
        "nested": ("front", None),
        "grandchild": ("other", None),
        "program": ("other", None),
        "titled": ("daemon", "blog"),
        "shortened": ("daemon", "shop"),
    }


def test_a_front_process_without_its_listener_finishes_only(server: Server) -> None:
    found = {server.name_of(one.pid): one for one in process_tree(server.parent, GROUPS)}
    stopping = {name for name, one in found.items() if one.is_stopping}
    assert stopping == {"helper", "nested"}
    assert {found[name].role_source for name in stopping} == {"program"}


def test_without_names_daemons_have_no_group(server: Server) -> None:
    found = roles(server, process_tree(server.parent))
    assert {group for role, group in found.values() if role == "daemon"} == {None}


def test_the_parent_comes_first(server: Server) -> None:
    found = process_tree(server.parent, GROUPS)
    assert (found[0].pid, found[0].role) == (server.parent, "parent")
    assert [one.role for one in found].count("parent") == 1


def test_a_zombie_is_left_out(server: Server) -> None:
    children = Path(f"/proc/{server.parent}/task/{server.parent}/children").read_text().split()
    known = {server.pids[name] for name in NAMES if name not in ("server", "grandchild")}
    (zombie,) = set(map(int, children)) - known
    assert zombie not in {one.pid for one in process_tree(server.parent, GROUPS)}


def test_memory_is_that_of_each_process(server: Server) -> None:
    found = {server.name_of(one.pid): one for one in process_tree(server.parent, GROUPS)}
    for one in found.values():
        assert one.metric == "uss"
        assert one.pss_bytes is not None
        assert 0 < one.uss_bytes - one.swap_bytes <= one.pss_bytes <= one.rss_bytes
        assert one.threads == 1
        assert one.cpu_seconds > 0
        assert one.create_time > 0
    ballast = found["shop"].uss_bytes - found["blog"].uss_bytes
    assert 29 * MIB < ballast < 33 * MIB


def test_memory_that_parent_and_child_share_is_not_the_childs_own(server: Server) -> None:
    found = {server.name_of(one.pid): one for one in process_tree(server.parent, GROUPS)}
    helper = found["helper"]
    assert helper.pss_bytes is not None
    assert helper.uss_bytes < helper.pss_bytes < helper.rss_bytes


def test_without_rights_only_names_tell_roles_apart(
    server: Server, unprivileged: Callable[[Callable[[], str]], str]
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can start a server of another user")

    def measure() -> str:
        found = process_tree(server.parent, GROUPS)
        return json.dumps([one.model_dump() for one in found])

    found = [ProcessMemory.model_validate(one) for one in json.loads(unprivileged(measure))]
    # Other programs are told apart, and daemons that show their group; all else looks alike.
    assert roles(server, tuple(found)) == {
        "server": ("parent", None),
        "program": ("other", None),
        "titled": ("daemon", "blog"),
        "shortened": ("daemon", "shop"),
        **{
            name: ("front", None)
            for name in NAMES
            if name not in ("server", "program", "titled", "shortened")
        },
    }
    sizes = {server.name_of(one.pid): one for one in found}
    own = {server.name_of(one.pid): one for one in process_tree(server.parent, GROUPS)}
    for name, one in sizes.items():
        assert (one.metric, one.pss_bytes) == ("anonymous", None)
        # Cautious: pages that are still shared with the parent count as the process's own.
        assert own[name].uss_bytes <= one.uss_bytes + MIB
        assert one.uss_bytes <= one.rss_bytes + one.swap_bytes
        assert one.cpu_seconds > 0
    assert sizes["shop"].uss_bytes > 29 * MIB


def test_a_name_that_is_cut_off_means_a_group_only_where_one_fits(
    server: Server, unprivileged: Callable[[Callable[[], str]], str]
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can start a server of another user")

    def measure() -> str:
        found = process_tree(server.parent, ("shop", "store", "blog", "blogs"))
        return json.dumps({server.name_of(one.pid): one.group for one in found})

    groups = json.loads(unprivileged(measure))
    assert (groups["titled"], groups["shortened"]) == ("blog", None)


def test_a_process_that_is_not_running_is_said_so() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    with pytest.raises(MeasurementError, match=f"process {process.pid} is not running"):
        process_tree(process.pid)


def test_a_parent_that_has_ended_but_is_not_reaped_is_said_so() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        with pytest.raises(MeasurementError, match="ended while it was measured"):
            process_tree(process.pid)


def test_processes_that_vanish_meanwhile_are_left_out() -> None:
    script = textwrap.dedent(
        """
        import os, select, sys
        print("ready", flush=True)
        while not select.select([0], [], [], 0)[0]:
            if os.fork() == 0:
                os._exit(0)
            os.wait()
        """
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        for _ in range(50):
            found = process_tree(process.pid)
            assert (found[0].pid, found[0].role) == (process.pid, "parent")
            assert len(found) <= 2


def test_a_killed_child_is_gone_from_the_next_measurement() -> None:
    script = "import os\nif os.fork() == 0:\n    print(os.getpid(), flush=True)\ninput()\n"
    with subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        assert [one.pid for one in process_tree(process.pid)] == [process.pid, child]
        os.kill(child, signal.SIGKILL)
        while len(process_tree(process.pid)) > 1:
            os.sched_yield()
        assert [one.pid for one in process_tree(process.pid)] == [process.pid]
