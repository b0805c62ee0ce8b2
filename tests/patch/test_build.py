"""A whole patch: verified before it is written, honest in its header, applied to real files."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.patch.support import EVENT, PREFORK, WSGI, load, run
from tuner.apache.changes import (
    Change,
    RemoveDirective,
    RemoveLine,
    RestartClass,
    SetDirective,
    SetOption,
)
from tuner.apache.read import ReadRequest, read
from tuner.apache.tree import Configuration
from tuner.errors import PatchError
from tuner.patch.build import build_patch, write_patch
from tuner.patch.edits import Edit, FileChange, apply_edits
from tuner.patch.verify import verify

TIMEOUT = SetDirective(name="Timeout", value="60")
WORKERS = SetDirective(name="MaxRequestWorkers", value="200")


def change_of(configuration: Configuration, *edits: tuple[bytes, bytes]) -> tuple[FileChange, ...]:
    """Return the main file with texts replaced, as if a faulty ``locate`` had said so."""
    path = Path(configuration.main)
    data = path.read_bytes()
    found = [Edit(path, data.index(old), data.index(old) + len(old), new) for old, new in edits]
    return (apply_edits(path, data, found),)


# --- verification ------------------------------------------------------------------


def test_an_intended_change_passes_and_gives_the_patched_tree(tmp_path: Path) -> None:
    configuration = load(tmp_path, b"Timeout 300\nListen 80\n")
    after = verify(configuration, change_of(configuration, (b"300", b"60")), [TIMEOUT])
    assert [one.label for one in after.directives] == ["Timeout 60", "Listen 80"]
    assert after.assumptions == configuration.assumptions
    assert (tmp_path / "httpd.conf").read_bytes() == b"Timeout 300\nListen 80\n"


@pytest.mark.parametrize(
    ("main", "edit", "change", "message"),
    [
        (
            b"Timeout 300\nTimeout 200\n",
            (b"300", b"60"),
            TIMEOUT,
            "Timeout 60 would not be in force after the patch",
        ),
        (
            b"Timeout 300\n",
            (b"300", b"600"),
            TIMEOUT,
            "Timeout 60 would not be in force after the patch",
        ),
        (
            b"Timeout 300\n",
            (b"Timeout 300\n", b""),
            TIMEOUT,
            "Timeout 60 would not be in force after the patch",
        ),
        (
            b"ServerLimit 5\nServerLimit 6\n",
            (b"ServerLimit 5\n", b""),
            RemoveDirective(name="ServerLimit"),
            "ServerLimit would still be in force",
        ),
        (
            WSGI + b"WSGIDaemonProcess app threads=5 threads=5\n",
            (b"threads=5", b"threads=9"),
            SetOption(group="app", option="threads", value="9"),
            "threads=9 of app would not be in force",
        ),
        (
            WSGI + b"WSGIDaemonProcess app threads=5\n",
            (b"app", b"ap"),
            SetOption(group="app", option="threads", value="5"),
            "the patch would also add or remove other directives",
        ),
    ],
)
def test_a_change_that_is_not_in_force_is_refused(
    tmp_path: Path, main: bytes, edit: tuple[bytes, bytes], change: Change, message: str
) -> None:
    configuration = load(tmp_path, main)
    with pytest.raises(PatchError, match=message):
        verify(configuration, change_of(configuration, edit), [change])


@pytest.mark.parametrize(
    ("main", "edits", "message"),
    [
        (
            b"Timeout 300\nListen 80\n",
            [(b"300", b"60"), (b"80", b"81")],
            r"the patch would also change listen 80 in .*httpd\.conf",
        ),
        (
            b"Timeout 300\nListen 80\n",
            [(b"300", b"60"), (b"Listen 80\n", b"")],
            "the patch would also add or remove other directives",
        ),
        (
            b"Timeout 300\nListen 80\n",
            [(b"300", b"60\nListen 81")],
            "the patch would also change listen 80",
        ),
        (
            b"Timeout 300\n<VirtualHost *:80>\nTimeout 9\n</VirtualHost>\n",
            [(b"300", b"60"), (b"9", b"8")],
            "the patch would also change timeout 9",
        ),
        (
            b"Timeout 300\nListen 80\nListen 81\n",
            [(b"300", b"60"), (b"Listen 80\nListen 81", b"Listen 81\nListen 80")],
            "the patch would also change listen 80",
        ),
        (
            b"Define P 80\nTimeout 300\nListen ${P}\n",
            [(b"300", b"60"), (b"P 80", b"P 81")],
            "the patch would also change listen 80",
        ),
        (
            b"Timeout 300\nListen 80\n",
            [(b"300", b"60"), (b"Listen 80", b"<Location />\nListen 80\n</Location>")],
            "the patch would also change listen 80",
        ),
    ],
)
def test_a_patch_that_changes_something_else_is_refused(
    tmp_path: Path, main: bytes, edits: list[tuple[bytes, bytes]], message: str
) -> None:
    configuration = load(tmp_path, main)
    with pytest.raises(PatchError, match=message):
        verify(configuration, change_of(configuration, *edits), [TIMEOUT])


def test_a_patch_that_httpd_could_not_read_is_refused(tmp_path: Path) -> None:
    configuration = load(tmp_path, b"Timeout 300\n")
    files = change_of(configuration, (b"300", b"60\n</VirtualHost>"))
    with pytest.raises(PatchError, match=r"the patched configuration is refused: .*Virtual"):
        verify(configuration, files, [TIMEOUT])


def test_errors_that_were_there_before_do_not_count(tmp_path: Path) -> None:
    main = tmp_path / "httpd.conf"
    main.write_bytes(b"Timeout 300\nInclude nothing.conf\n")
    configuration = read(ReadRequest(path=main))
    assert configuration.fatal_errors
    assert build_patch(configuration, [TIMEOUT], []).files[0].after.startswith(b"Timeout 60\n")


@pytest.mark.parametrize(
    ("main", "change", "message"),
    [
        (
            PREFORK + b"MaxRequestWorkers 100\n",
            SetDirective(name="MaxRequestWorkers", value="500"),
            "httpd would correct MaxRequestWorkers 500 to 256: ServerLimit is 256",
        ),
        (
            PREFORK + b"MaxClients 100\n",
            SetDirective(name="MaxRequestWorkers", value="500"),
            "httpd would correct MaxClients 500 to 256",
        ),
        (
            EVENT + b"ThreadsPerChild 25\nMaxRequestWorkers 100\n",
            SetDirective(name="MaxRequestWorkers", value="110"),
            "httpd would correct MaxRequestWorkers 110 to 100: it is no multiple",
        ),
        (
            EVENT + b"ThreadsPerChild 25\nMaxRequestWorkers 100\n",
            SetDirective(name="ThreadsPerChild", value="100"),
            "httpd would correct ThreadsPerChild 100 to 64: ThreadLimit is 64",
        ),
        (
            EVENT + b"MinSpareThreads 75\nMaxSpareThreads 200\n",
            SetDirective(name="MaxSpareThreads", value="80"),
            "httpd would correct MaxSpareThreads 80 to 101",
        ),
        (
            PREFORK,
            SetDirective(name="ServerLimit", value="0"),
            "httpd would correct ServerLimit 0 to 1",
        ),
    ],
)
def test_a_value_that_httpd_would_correct_is_refused(
    tmp_path: Path, main: bytes, change: Change, message: str
) -> None:
    with pytest.raises(PatchError, match=message):
        build_patch(load(tmp_path, main), [change], [])


def test_values_that_go_together_pass_together(tmp_path: Path) -> None:
    configuration = load(tmp_path, PREFORK + b"MaxRequestWorkers 100\n")
    changes = [
        SetDirective(name="MaxRequestWorkers", value="500"),
        SetDirective(name="ServerLimit", value="500"),
    ]
    patch = build_patch(configuration, changes, [])
    assert patch.files[0].after == PREFORK + b"ServerLimit 500\nMaxRequestWorkers 500\n"


@pytest.mark.parametrize(
    ("main", "change"),
    [
        (b"Listen 80\n# a comment that goes on \\", TIMEOUT),
        (b"Listen 80\\", TIMEOUT),
        (b"Timeout 300\n", SetDirective(name="Timeout", value="60\nListen 81")),
        (b"Timeout 300\n", SetDirective(name="Timeout", value="60\r\nListen 81\\")),
        (b"Listen 80\n", SetDirective(name="Timeout", value="60\n</VirtualHost>")),
        (
            WSGI + b'WSGIDaemonProcess app display-name="a\n',
            SetOption(group="app", option="threads", value="5"),
        ),
        (
            WSGI + b"WSGIDaemonProcess app\nWSGIDaemonProcess app\n",
            SetOption(group="app", option="threads", value="5"),
        ),
    ],
)
def test_traps_end_in_a_refusal(tmp_path: Path, main: bytes, change: Change) -> None:
    configuration = load(tmp_path, main)
    with pytest.raises(PatchError, match=r"would|refused"):
        build_patch(configuration, [change], [])
    assert (tmp_path / "httpd.conf").read_bytes() == main


def test_what_is_so_already_is_nothing_to_change(tmp_path: Path) -> None:
    with pytest.raises(PatchError, match="there is nothing to change"):
        build_patch(load(tmp_path, b"Timeout 60\n"), [TIMEOUT], [])


# --- the header --------------------------------------------------------------------


def header_of(text: bytes) -> list[str]:
    return text.partition(b"\n--- ")[0].decode().split("\n")


def test_the_header_says_what_why_and_how(tmp_path: Path) -> None:
    configuration = load(tmp_path, b"Timeout 300\n")
    reasons = ["tuner audit", "", "TMO001 Lower it: two\nlines"]
    patch = build_patch(configuration, [TIMEOUT], reasons, base=tmp_path)
    assert header_of(patch.text) == [
        "# tuner audit",
        "#",
        "# TMO001 Lower it: two",
        "# lines",
        "# In force after a graceful restart (apachectl graceful).",
        "# Any restart ends requests that mod_wsgi daemons are serving after 3 seconds.",
        "# httpd -t on the patched configuration: not run: no httpd here",
        f"# Apply:     patch -p1 -d {tmp_path} < THIS_FILE",
        f"# Roll back: patch -R -p1 -d {tmp_path} < THIS_FILE",
    ]
    assert patch.text.endswith(
        b"\n--- a/httpd.conf\n+++ b/httpd.conf\n@@ -1 +1 @@\n-Timeout 300\n+Timeout 60\n"
    )
    assert patch.changes == (TIMEOUT,)
    assert patch.configtest == "not run: no httpd here"


@pytest.mark.parametrize(
    ("changes", "restart", "words"),
    [
        ([TIMEOUT], "graceful", "a graceful restart (apachectl graceful)"),
        ([SetDirective(name="Listen", value="81")], "restart", "a restart (apachectl restart)"),
        (
            [TIMEOUT, SetDirective(name="serverlimit", value="300")],
            "stop+start",
            "a stop and a start; httpd ignores ServerLimit, ThreadLimit and ListenBacklog",
        ),
    ],
)
def test_the_header_names_the_restart_that_is_needed(
    tmp_path: Path, changes: list[Change], restart: RestartClass, words: str
) -> None:
    configuration = load(tmp_path, PREFORK + b"Listen 80\nTimeout 300\n")
    patch = build_patch(configuration, changes, [])
    assert patch.restart == restart
    assert f"# In force after {words}" in patch.text.decode()


def test_crlf_files_need_a_binary_patch(tmp_path: Path) -> None:
    patch = build_patch(load(tmp_path, b"Timeout 300\r\n"), [TIMEOUT], [], base=tmp_path)
    shown = header_of(patch.text)
    assert shown[-2] == f"# Apply:     patch -p1 --binary -d {tmp_path} < THIS_FILE"
    assert shown[-1] == f"# Roll back: patch -R -p1 --binary -d {tmp_path} < THIS_FILE"


def test_reasons_with_undecodable_bytes_are_kept(tmp_path: Path) -> None:
    configuration = load(tmp_path, b"Timeout 300\n")
    patch = build_patch(configuration, [TIMEOUT], ["group caf\udce9"])
    assert patch.text.startswith(b"# group caf\xe9\n")


def test_httpds_own_test_sees_the_patched_tree_and_is_quoted(tmp_path: Path) -> None:
    seen: list[tuple[str, bytes]] = []

    def configtest(patched: Configuration, files: Sequence[FileChange]) -> str:
        seen.append((patched.named("Timeout")[0].args, files[0].after))
        return "Syntax OK"

    patch = build_patch(load(tmp_path, b"Timeout 300\n"), [TIMEOUT], [], configtest)
    assert seen == [("60", b"Timeout 60\n")]
    assert patch.configtest == "Syntax OK"
    assert "# httpd -t on the patched configuration: Syntax OK" in header_of(patch.text)


def test_what_httpds_own_test_refuses_is_refused(tmp_path: Path) -> None:
    def configtest(patched: Configuration, files: Sequence[FileChange]) -> str:
        raise PatchError("httpd -t refuses the patched configuration: AH00526")

    with pytest.raises(PatchError, match="AH00526"):
        build_patch(load(tmp_path, b"Timeout 300\n"), [TIMEOUT], [], configtest)


# --- paths ---------------------------------------------------------------------------


def test_paths_are_relative_to_the_current_directory_where_all_files_are_below_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "etc").mkdir()
    patch = build_patch(load(tmp_path / "etc", b"Timeout 300\n"), [TIMEOUT], [])
    assert patch.base == tmp_path
    assert b"\n--- a/etc/httpd.conf\n" in patch.text


def test_paths_are_relative_to_the_root_directory_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    patch = build_patch(load(tmp_path, b"Timeout 300\n"), [TIMEOUT], [])
    assert patch.base == Path("/")
    assert f"\n--- a{tmp_path}/httpd.conf\n" in patch.text.decode()


def test_paths_are_relative_to_the_tree_that_was_read_as_root(tmp_path: Path) -> None:
    directory = tmp_path / "image/etc/httpd/conf"
    directory.mkdir(parents=True)
    (directory / "httpd.conf").write_bytes(b"Timeout 300\n")
    request = ReadRequest(path=Path("/etc/httpd"), root=tmp_path / "image")
    patch = build_patch(read(request), [TIMEOUT], [])
    assert patch.base == tmp_path / "image"
    assert b"\n--- a/etc/httpd/conf/httpd.conf\n" in patch.text


def test_files_come_sorted_and_each_once(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / f"{name}.conf").write_bytes(b"")
    (tmp_path / "b.conf").write_bytes(b"Timeout 300\nKeepAlive On\n")
    (tmp_path / "a.conf").write_bytes(b"KeepAliveTimeout 15\n")
    configuration = load(tmp_path, b"Include b.conf\nInclude a.conf\n")
    changes = [
        SetDirective(name="KeepAliveTimeout", value="2"),
        TIMEOUT,
        SetDirective(name="KeepAlive", value="Off"),
    ]
    patch = build_patch(configuration, changes, [], base=tmp_path)
    headers = [line for line in patch.text.split(b"\n") if line.startswith(b"+++")]
    assert headers == [b"+++ b/a.conf", b"+++ b/b.conf"]
    again = build_patch(configuration, changes, [], base=tmp_path)
    assert again.text == patch.text


@pytest.mark.parametrize(
    "program", [("patch", "-p1", "--binary", "-i"), ("git", "apply")], ids=lambda words: words[0]
)
def test_the_real_file_behind_a_link_is_patched_and_never_the_link(
    tmp_path: Path, program: tuple[str, ...]
) -> None:
    real, enabled = tmp_path / "mods-available/mpm.conf", tmp_path / "mods-enabled"
    real.parent.mkdir()
    enabled.mkdir()
    before = b"# caf\xe9\r\n<IfModule prefork.c>\r\n\tMaxClients 150\r\n</IfModule>\r\n# end"
    real.write_bytes(before)
    (enabled / "mpm.conf").symlink_to("../mods-available/mpm.conf")
    configuration = load(tmp_path, PREFORK + b"Include mods-enabled/*.conf\n")
    patch = build_patch(configuration, [WORKERS], ["why"], base=tmp_path)
    assert [one.path for one in patch.files] == [real]
    assert b"mods-enabled" not in patch.text
    write_patch(patch, tmp_path / "tuner.patch")
    run(tmp_path, *program, "tuner.patch")
    assert (enabled / "mpm.conf").is_symlink()
    assert real.read_bytes() == before.replace(b"150", b"200")
    after = read(ReadRequest(path=tmp_path / "httpd.conf"))
    assert after.named("MaxClients")[0].args == "200"
    run(tmp_path, *program[:2], "-R", *program[2:], "tuner.patch")
    assert real.read_bytes() == before


def test_a_file_that_is_linked_twice_and_read_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real.conf").write_bytes(b"MaxClients 150\n")
    for name in ("a.link", "b.link"):
        (tmp_path / name).symlink_to("real.conf")
    configuration = load(tmp_path, PREFORK + b"Include *.link\n")
    with pytest.raises(PatchError, match="is included 2 times"):
        build_patch(configuration, [WORKERS], [])


# --- writing -------------------------------------------------------------------------


def test_a_patch_replaces_an_older_one_and_leaves_nothing_else(tmp_path: Path) -> None:
    patch = build_patch(load(tmp_path, b"Timeout 300\n"), [TIMEOUT], [])
    target = tmp_path / "out/tuner.patch"
    target.parent.mkdir()
    target.write_bytes(b"older and much longer" * 100)
    write_patch(patch, target)
    assert target.read_bytes() == patch.text
    assert list(target.parent.iterdir()) == [target]


def test_a_patch_that_cannot_be_written_leaves_the_older_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    patch = build_patch(load(tmp_path, b"Timeout 300\n"), [TIMEOUT], [])
    target = tmp_path / "out/tuner.patch"
    target.parent.mkdir()
    target.write_bytes(b"older")

    def full(self: Path, data: bytes) -> int:
        with self.open("wb") as file:
            file.write(data[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(PatchError, match=r"tuner\.patch: No space left on device"):
        write_patch(patch, target)
    assert target.read_bytes() == b"older"
    assert list(target.parent.iterdir()) == [target]


def test_a_directory_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    patch = build_patch(load(tmp_path, b"Timeout 300\n"), [TIMEOUT], [])
    with pytest.raises(PatchError, match="No such file or directory"):
        write_patch(patch, tmp_path / "nowhere/tuner.patch")


def test_a_line_of_a_host_can_be_taken_out(tmp_path: Path) -> None:
    text = b"<VirtualHost *:80>\n  Timeout 5\n  Timeout 6\n</VirtualHost>\nTimeout 7\n"
    configuration = load(tmp_path, text)
    change = RemoveLine(name="Timeout", file=configuration.main, line=2)
    patch = build_patch(configuration, [change], [])
    assert patch.files[0].after == text.replace(b"  Timeout 5\n", b"")
