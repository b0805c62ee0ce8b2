"""Listening sockets, from real sockets and from the kernel's own tables."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tuner.host.sockets import (
    ListeningSockets,
    established_connections,
    held_sockets,
    listening_sockets,
)

TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1001 1 0
   1: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1002 1 0
   2: 0100007F:1F90 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 1003 1 0
"""
TCP6 = """\
  sl  local_address                         remote_address                        st inode
   0: 00000000000000000000000000000000:01BB 00000000000000000000000000000000:0000 0A \
00000000:00000000 00:00000000 00000000     0        0 1004 1 0
"""
UNIX = """\
Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01  2001 /run/wsgi.7.0.1.sock
0000000000000000: 00000002 00000000 00010000 0001 01  2002 /run/with space.sock
0000000000000000: 00000002 00000000 00010000 0001 01  2003 @abstract
0000000000000000: 00000003 00000000 00000000 0001 03  2004 /run/connected.sock
0000000000000000: 00000002 00000000 00000000 0002 01  2005 /run/datagram.sock
0000000000000000: 00000002 00000000 00010000 0001 01  2006
"""


def test_listening_sockets_are_read_from_the_tables_of_the_kernel(tmp_path: Path) -> None:
    net = tmp_path / "7/net"
    net.mkdir(parents=True)
    (net / "tcp").write_text(TCP)
    (net / "tcp6").write_text(TCP6)
    (net / "unix").write_text(UNIX)
    assert listening_sockets(7, tmp_path) == ListeningSockets(
        tcp_ports={1001: 8080, 1002: 80, 1004: 443},
        unix_paths={
            2001: "/run/wsgi.7.0.1.sock",
            2002: "/run/with space.sock",
            2003: "@abstract",
        },
    )


def test_without_tables_there_are_no_sockets(tmp_path: Path) -> None:
    assert listening_sockets(7, tmp_path) == ListeningSockets({}, {})


def test_held_sockets_are_read_from_the_descriptors(tmp_path: Path) -> None:
    descriptors = tmp_path / "7/fd"
    descriptors.mkdir(parents=True)
    for number, target in enumerate(("/dev/null", "socket:[1001]", "pipe:[5]", "socket:[2001]")):
        (descriptors / str(number)).symlink_to(target)
    (descriptors / "9").write_text("no link, as if it were closed meanwhile")
    assert held_sockets(7, tmp_path) == {1001, 2001}


def test_a_process_that_is_gone_holds_nothing_that_is_known(tmp_path: Path) -> None:
    assert held_sockets(7, tmp_path) is None


@pytest.mark.parametrize(
    ("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
)
def test_a_real_tcp_listener_is_found(family: int, address: str) -> None:
    with socket.socket(family) as listener:
        try:
            listener.bind((address, 0))
        except OSError as error:
            pytest.skip(f"no {address} on this machine: {error}")
        inode = os.fstat(listener.fileno()).st_ino
        assert inode not in listening_sockets(os.getpid()).tcp_ports
        listener.listen()
        port = listener.getsockname()[1]
        assert listening_sockets(os.getpid()).tcp_ports[inode] == port
        held = held_sockets(os.getpid())
        assert held is not None
        assert inode in held


def test_a_connection_is_no_listener() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as client,
    ):
        server, _ = listener.accept()
        with server:
            ports = listening_sockets(os.getpid()).tcp_ports
            held = held_sockets(os.getpid())
            assert held is not None
            for connection in (client, server):
                inode = os.fstat(connection.fileno()).st_ino
                assert inode in held
                assert inode not in ports


def test_a_real_unix_listener_is_found_with_its_path(tmp_path: Path) -> None:
    path = tmp_path / "w x.7.0.1.sock"
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(tmp_path / "bound"))
        listener.bind(str(path))
        listener.listen()
        paths = listening_sockets(os.getpid()).unix_paths
        assert paths[os.fstat(listener.fileno()).st_ino] == str(path)
        assert os.fstat(bound.fileno()).st_ino not in paths


def test_a_closed_listener_is_gone() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        inode = os.fstat(listener.fileno()).st_ino
        assert inode in listening_sockets(os.getpid()).tcp_ports
    assert inode not in listening_sockets(os.getpid()).tcp_ports


def test_another_users_descriptors_are_not_permitted(
    unprivileged: Callable[[Callable[[], str]], str],
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can start a process of another user")
    with subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert held_sockets(process.pid) is not None
        assert unprivileged(lambda: repr(held_sockets(process.pid))) == "None"


def test_connections_to_the_own_ports_are_counted_and_no_others() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert established_connections(os.getpid()) == 0
        with socket.create_connection(server.getsockname()):
            assert established_connections(os.getpid()) == 1


def test_connections_are_not_known_where_descriptors_may_not_be_seen(
    unprivileged: Callable[[Callable[[], str]], str],
) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs a process of another user")
    pid = os.getpid()
    assert unprivileged(lambda: str(established_connections(pid))) == "None"
