"""A tree that is read with ``--root`` shows nothing of this machine, and no file can do harm."""

import errno
import os
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.apache.trees import first_error, kept, shown
from tuner.apache.read import ReadRequest, read
from tuner.apache.reading.files import MAX_FILE_BYTES, FileTree
from tuner.apache.reading.options import ReadOptions
from tuner.apache.reading.reader import read_configuration
from tuner.apache.tree import Configuration
from tuner.errors import ConfigurationNotFound

_EVENTS = ("open", "os.scandir", "os.listdir")
_seen: list[str] | None = None


def _note(event: str, arguments: tuple[object, ...]) -> None:
    if _seen is not None and event in _EVENTS and isinstance(arguments[0], str | bytes | Path):
        _seen.append(os.fsdecode(arguments[0]))


@pytest.fixture(scope="module", autouse=True)
def _audit_hook() -> None:
    """An audit hook sees what Python opens; it cannot be taken away again, only left idle."""
    sys.addaudithook(_note)


@pytest.fixture
def opened() -> Iterator[list[str]]:
    """Every path that is opened or listed during the test."""
    global _seen
    _seen = []
    yield _seen
    _seen = None


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A directory beside the root that must never be read."""
    directory = tmp_path / "outside"
    directory.mkdir()
    (directory / "secret.conf").write_text("UnsetEnv secret\n")
    return directory


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A directory that stands for ``/``."""
    directory = tmp_path / "root"
    (directory / "etc/conf.d").mkdir(parents=True)
    return directory


def read_inside(root: Path, text: str) -> Configuration:
    (root / "etc/t.conf").write_text(text)
    return read_configuration("/etc/t.conf", ReadOptions(server_root="/etc", root=root))


def lines(configuration: Configuration) -> list[str]:
    return [str(row) for row in kept(configuration)]


def test_absolute_paths_are_paths_inside_the_root(root: Path) -> None:
    (root / "srv").mkdir()
    (root / "srv/a.inc").write_text("Timeout 5\n")
    configuration = read_inside(root, "Include /srv/a.inc\nIncludeOptional /srv/*.inc\n")
    assert lines(configuration) == ["/srv/a.inc:1 Timeout 5"] * 2
    assert configuration.errors == ()


def test_an_absolute_link_is_followed_inside_the_root(
    root: Path, outside: Path, opened: list[str]
) -> None:
    inner = root / str(outside).lstrip("/")
    inner.mkdir(parents=True)
    (inner / "secret.conf").write_text("UnsetEnv inner\n")
    (root / "etc/conf.d/a.conf").symlink_to(outside / "secret.conf")
    (root / "etc/conf.d/b.conf").symlink_to(outside)
    configuration = read_inside(root, "Include conf.d/*.conf\n")
    assert lines(configuration) == [
        "/etc/conf.d/a.conf:1 UnsetEnv inner",
        "/etc/conf.d/b.conf/secret.conf:1 UnsetEnv inner",
    ]
    assert configuration.sources[1].real == inner / "secret.conf"
    assert all(Path(path).is_relative_to(root) for path in opened)


@pytest.mark.parametrize(
    "target",
    [
        "{outside}/secret.conf",
        "../../../outside/secret.conf",
        "../../../../../../../../../../..{outside}/secret.conf",
        "link-to-outside/secret.conf",
        "./../conf.d/link-to-outside/../outside/secret.conf",
        "/proc/self/root{outside}/secret.conf",
    ],
)
def test_a_link_out_of_the_root_leads_nowhere(
    target: str, root: Path, outside: Path, opened: list[str]
) -> None:
    (root / "etc/conf.d/link-to-outside").symlink_to(outside)
    link = root / "etc/conf.d/a.conf"
    link.symlink_to(target.format(outside=outside))
    assert link.exists()
    configuration = read_inside(root, "Timeout 5\nInclude conf.d/*.conf\n")
    assert lines(configuration) == ["/etc/t.conf:1 Timeout 5"]
    assert [error.message for error in configuration.errors] == [
        "Could not open configuration file /etc/conf.d/a.conf: No such file or directory"
    ]
    assert all(Path(path).is_relative_to(root) for path in opened)


@pytest.mark.parametrize(
    "path", ["../../outside/secret.conf", "/../outside/*.conf", "conf.d/../../../outside"]
)
def test_dots_do_not_lead_out_of_the_root(
    path: str, root: Path, outside: Path, opened: list[str]
) -> None:
    assert (outside / "secret.conf").is_file()
    configuration = read_inside(root, f"IncludeOptional {path}\nTimeout 5\n")
    assert lines(configuration) == ["/etc/t.conf:2 Timeout 5"]
    assert configuration.errors == ()
    assert all(Path(one).is_relative_to(root) for one in opened)


def test_an_escaping_directory_link_is_not_listed(
    root: Path, outside: Path, opened: list[str]
) -> None:
    (root / "etc/conf.d/dir").symlink_to(outside)
    for path in ("conf.d/dir", "conf.d/dir/*.conf", "conf.d/*/*.conf", "conf.d/*"):
        configuration = read_inside(root, f"IncludeOptional {path}\n")
        assert lines(configuration) == []
    assert not any(path.startswith(str(outside)) for path in opened)


def test_iffile_does_not_see_outside(root: Path, outside: Path) -> None:
    (root / "etc/link").symlink_to(outside / "secret.conf")
    configuration = read_inside(
        root,
        f"<IfFile {outside}/secret.conf>\nTimeout 1\n</IfFile>\n<IfFile link>\nTimeout 2\n"
        "</IfFile>\n<IfFile t.conf>\nTimeout 3\n</IfFile>\n",
    )
    assert lines(configuration) == ["/etc/t.conf:8 Timeout 3"]


def test_the_root_may_be_a_link_itself(root: Path, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(root)
    (root / "etc/a.inc").write_text("Timeout 5\n")
    configuration = read_inside(tmp_path / "alias", "Include a.inc\n")
    assert lines(configuration) == ["/etc/a.inc:1 Timeout 5"]
    assert configuration.sources[1].real == root / "etc/a.inc"


def test_links_inside_the_root_are_followed(root: Path) -> None:
    (root / "usr/share").mkdir(parents=True)
    (root / "usr/share/a.conf").write_text("Timeout 5\n")
    (root / "share").symlink_to("/usr/share")
    (root / "etc/conf.d/a.conf").symlink_to("../../share/a.conf")
    configuration = read_inside(root, "Include conf.d/*.conf\n")
    assert lines(configuration) == ["/etc/conf.d/a.conf:1 Timeout 5"]
    assert configuration.sources[1].real == root / "usr/share/a.conf"


@pytest.mark.parametrize("is_confined", [True, False])
def test_a_loop_of_links_is_an_error(is_confined: bool, root: Path) -> None:
    (root / "etc/a").symlink_to("b")
    (root / "etc/b").symlink_to("a")
    base = "/etc" if is_confined else f"{root}/etc"
    (root / "etc/t.conf").write_text(f"Include {base}/a\nIncludeOptional {base}/a/*.conf\n")
    options = ReadOptions(server_root=base, root=root if is_confined else None)
    configuration = read_configuration(f"{base}/t.conf", options)
    assert [error.message for error in configuration.errors] == [
        f"Could not open configuration file {base}/a: Too many levels of symbolic links",
        f"Include/IncludeOptional: Could not open directory {base}/a: "
        "Too many levels of symbolic links",
    ]


@pytest.mark.parametrize(("links", "is_read"), [(40, True), (41, False)])
def test_as_many_links_are_followed_as_linux_follows(links: int, is_read: bool, root: Path) -> None:
    (root / "etc/l0").write_text("Timeout 5\n")
    for number in range(links):
        (root / f"etc/l{number + 1}").symlink_to(f"l{number}")
    configuration = read_inside(root, f"IncludeOptional l{links}\n")
    assert bool(lines(configuration)) is is_read
    if is_read:
        assert (root / f"etc/l{links}").read_text() == "Timeout 5\n"


def test_a_pipe_is_never_opened(tmp_path: Path, opened: list[str]) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "t.conf").write_text("Include pipe\nTimeout 5\n")
    configuration = read_configuration(f"{tmp_path}/t.conf", ReadOptions(server_root=str(tmp_path)))
    assert first_error(configuration, tmp_path) == (
        "t.conf:1: Could not open configuration file $ROOT/pipe: not a regular file"
    )
    assert shown(kept(configuration), tmp_path) == ["t.conf:2 Timeout 5"]
    assert f"{tmp_path}/t.conf" in opened
    assert f"{tmp_path}/pipe" not in opened


def test_a_pipe_in_a_directory_is_never_opened(root: Path, opened: list[str]) -> None:
    os.mkfifo(root / "etc/conf.d/a.conf")
    (root / "etc/conf.d/b.conf").write_text("Timeout 5\n")
    configuration = read_inside(root, "Include conf.d\n")
    assert lines(configuration) == ["/etc/conf.d/b.conf:1 Timeout 5"]
    assert [error.message for error in configuration.errors] == [
        "Could not open configuration file /etc/conf.d/a.conf: not a regular file"
    ]
    assert str(root / "etc/conf.d/a.conf") not in opened


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/tty", "/dev/random"])
def test_a_device_is_never_opened(device: str, tmp_path: Path, opened: list[str]) -> None:
    (tmp_path / "t.conf").write_text(f"IncludeOptional {device}\nInclude link\nTimeout 5\n")
    (tmp_path / "link").symlink_to(device)
    configuration = read_configuration(f"{tmp_path}/t.conf", ReadOptions(server_root=str(tmp_path)))
    assert [error.message for error in configuration.errors] == [
        f"Could not open configuration file {path}: not a regular file"
        for path in (device, f"{tmp_path}/link")
    ]
    assert shown(kept(configuration), tmp_path) == ["t.conf:3 Timeout 5"]
    assert opened == [f"{tmp_path}/t.conf"] * opened.count(f"{tmp_path}/t.conf")


def test_a_socket_is_not_a_file(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        files = FileTree()
        assert files.kind(f"{tmp_path}/s") == "special"
        with pytest.raises(OSError, match="not a regular file"):
            files.read(f"{tmp_path}/s")


def test_the_null_device_is_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "t.conf").write_text("Include /dev/null\nTimeout 5\n")
    configuration = read_configuration(f"{tmp_path}/t.conf", ReadOptions(server_root=str(tmp_path)))
    assert shown(kept(configuration), tmp_path) == ["t.conf:2 Timeout 5"]
    assert configuration.errors == ()


def test_a_directory_is_not_read_as_a_file(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="not a regular file") as caught:
        FileTree().read(str(tmp_path))
    assert caught.value.errno == errno.EBADF


def test_a_huge_file_is_refused_unopened(tmp_path: Path, opened: list[str]) -> None:
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    opened.clear()
    (tmp_path / "t.conf").write_text("Include huge\nTimeout 5\n")
    configuration = read_configuration(f"{tmp_path}/t.conf", ReadOptions(server_root=str(tmp_path)))
    assert first_error(configuration, tmp_path) == (
        "t.conf:1: Could not open configuration file $ROOT/huge: larger than 64 MiB"
    )
    assert shown(kept(configuration), tmp_path) == ["t.conf:2 Timeout 5"]
    assert f"{tmp_path}/huge" not in opened


def test_an_unreadable_file_is_an_error(
    public_directory: Path, unprivileged: Callable[[Callable[[], str]], str]
) -> None:
    (public_directory / "t.conf").write_text("Include secret\nIncludeOptional secret\nTimeout 5\n")
    (public_directory / "secret").write_text("UnsetEnv secret\n")
    (public_directory / "secret").chmod(0)

    def read_it() -> str:
        configuration = read_configuration(
            f"{public_directory}/t.conf", ReadOptions(server_root=str(public_directory))
        )
        errors = [str(error) for error in configuration.errors]
        return "\n".join([*errors, *shown(kept(configuration), public_directory)])

    message = f"Could not open configuration file {public_directory}/secret: Permission denied"
    assert unprivileged(read_it).splitlines() == [
        f"{public_directory}/t.conf:1: {message}",
        f"{public_directory}/t.conf:2: {message}",
        "t.conf:3 Timeout 5",
    ]


def test_an_unreadable_directory_is_an_error(
    public_directory: Path, unprivileged: Callable[[Callable[[], str]], str]
) -> None:
    (public_directory / "t.conf").write_text("Include d\nInclude d/*.conf\nTimeout 5\n")
    (public_directory / "d").mkdir(mode=0o700)
    (public_directory / "d/a.conf").write_text("UnsetEnv secret\n")
    (public_directory / "d").chmod(0)

    def read_it() -> str:
        configuration = read_configuration(
            f"{public_directory}/t.conf", ReadOptions(server_root=str(public_directory))
        )
        errors = [str(error) for error in configuration.errors]
        return "\n".join([*errors, *shown(kept(configuration), public_directory)])

    message = (
        f"Include/IncludeOptional: Could not open directory {public_directory}/d: Permission denied"
    )
    assert unprivileged(read_it).splitlines() == [
        f"{public_directory}/t.conf:1: {message}",
        f"{public_directory}/t.conf:2: {message}",
        "t.conf:3 Timeout 5",
    ]


def test_a_name_with_a_nul_is_no_file(tmp_path: Path) -> None:
    for files in (FileTree(), FileTree(tmp_path)):
        assert files.kind("/etc\0/passwd") == "missing"
        with pytest.raises(OSError, match="No such file") as caught:
            files.read("/etc\0/passwd")
        assert caught.value.errno == errno.ENOENT


def test_a_name_that_is_no_utf8_is_read(root: Path) -> None:
    (root / "etc/conf.d" / os.fsdecode(b"\xff.conf")).write_text("Timeout 5\n")
    configuration = read_inside(root, "Include conf.d/*.conf\nInclude conf.d/?.conf\n")
    assert lines(configuration) == ["/etc/conf.d/\udcff.conf:1 Timeout 5"] * 2


def test_a_tree_is_found_inside_its_root(root: Path) -> None:
    (root / "etc/apache2/conf.d").mkdir(parents=True)
    (root / "etc/apache2/apache2.conf").write_text("IncludeOptional conf.d/*.conf\nTimeout 5\n")
    (root / "etc/apache2/conf.d/a.conf").symlink_to("/etc/a.inc")
    (root / "etc/a.inc").write_text("UnsetEnv a\n")
    for path in (Path("/etc/apache2"), Path("etc/apache2"), root / "etc/apache2", Path("/")):
        configuration = read(ReadRequest(path=path, root=root))
        assert configuration.main == "/etc/apache2/apache2.conf"
        assert configuration.root == root
        assert lines(configuration) == [
            "/etc/apache2/conf.d/a.conf:1 UnsetEnv a",
            "/etc/apache2/apache2.conf:2 Timeout 5",
        ]


def test_a_main_file_outside_the_root_is_not_found(root: Path, outside: Path) -> None:
    (outside / "apache2.conf").write_text("Timeout 5\n")
    (root / "etc/apache2").symlink_to(outside)
    for path in (outside, Path("/etc/apache2"), Path("../outside")):
        with pytest.raises(ConfigurationNotFound, match="no Apache configuration inside"):
            read(ReadRequest(path=path, root=root))


def test_a_root_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationNotFound, match="no such directory, given with --root"):
        read(ReadRequest(path=Path("/etc"), root=tmp_path / "nope"))
