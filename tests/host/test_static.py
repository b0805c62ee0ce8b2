"""Static files below directories."""

from pathlib import Path

from tuner.host.static import static_files


def test_regular_files_count_once(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "one").write_bytes(b"x" * 100)
    (tmp_path / "a/two").write_bytes(b"x" * 20)
    (tmp_path / "a/b/three").write_bytes(b"x" * 3)
    (tmp_path / "link").symlink_to(tmp_path / "one")
    (tmp_path / "loop").symlink_to(tmp_path)
    found = static_files([tmp_path, tmp_path / "a", tmp_path, tmp_path / "missing"])
    assert found == (3, 123, True)


def test_the_walk_is_bounded(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / str(number)).write_bytes(b"x")
    assert static_files([tmp_path], most=3) == (3, 3, False)
