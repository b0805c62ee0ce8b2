"""File systems, from tables that look like the kernel's."""

from pathlib import Path

import pytest

from tuner.host.mounts import NETWORK_TYPES, filesystem_of

TABLE = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / /srv rw shared:2 master:3 - nfs4 files:/export rw,vers=4.2
31 30 0:41 / /srv/www/local rw - xfs /dev/sdb1 rw
32 22 0:42 / /mnt/with\\040space rw - cifs //files/share rw
broken line
33 22 0:43 / /srv rw - fuse.sshfs user@host:/ rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "ext4"),
        ("/var/www", "ext4"),
        ("/srvs", "ext4"),
        ("/srv", "fuse.sshfs"),
        ("/srv/www", "fuse.sshfs"),
        ("/srv/www/local/site", "xfs"),
        ("/mnt/with space/a", "cifs"),
    ],
)
def test_the_longest_and_last_mount_holds_a_path(tmp_path: Path, path: str, kind: str) -> None:
    (tmp_path / "self").mkdir()
    (tmp_path / "self/mountinfo").write_text(TABLE)
    assert filesystem_of(path, tmp_path) == kind


def test_nothing_is_known_without_a_table(tmp_path: Path) -> None:
    assert filesystem_of("/", tmp_path) is None


def test_this_machine_has_a_root() -> None:
    found = filesystem_of("/")
    assert found
    assert found not in NETWORK_TYPES or found in ("9p", "virtiofs", "nfs", "nfs4")
