"""Other arguments for a directive at one place: others of its name stay."""

from pathlib import Path

import pytest

from tests.patch.support import edited, load
from tuner.apache.changes import SetArguments, SetDirective
from tuner.errors import PatchError
from tuner.patch.build import build_patch


def change(
    directory: Path, line: int, arguments: str = "60", name: str = "Timeout"
) -> SetArguments:
    return SetArguments(
        name=name, file=str(directory / "httpd.conf"), line=line, arguments=arguments
    )


@pytest.mark.parametrize(
    ("before", "line", "after"),
    [
        (b"Timeout 300\nTimeout 400\n", 2, b"Timeout 300\nTimeout 60\n"),
        (b"  timeout   '300'  \n", 1, b"  timeout   60  \n"),
        (b"Timeout \\\n  300\nListen 80\n", 2, b"Timeout \\\n  60\nListen 80\n"),
        (b"Timeout 300\r\nListen 80\r\n", 1, b"Timeout 60\r\nListen 80\r\n"),
        (
            b"<VirtualHost *:80>\n  Timeout 300\n</VirtualHost>\nTimeout 300\n",
            2,
            b"<VirtualHost *:80>\n  Timeout 60\n</VirtualHost>\nTimeout 300\n",
        ),
    ],
)
def test_only_the_one_at_the_place_changes(
    tmp_path: Path, before: bytes, line: int, after: bytes
) -> None:
    configuration = load(tmp_path, before)
    assert edited(configuration, [change(tmp_path, line)]) == {"httpd.conf": after}
    assert build_patch(configuration, [change(tmp_path, line)], []).files[0].after == after


def test_all_arguments_are_replaced(tmp_path: Path) -> None:
    configuration = load(tmp_path, b"LogLevel debug ssl:trace3\n")
    wanted = change(tmp_path, 1, "warn wsgi:info", "LogLevel")
    assert edited(configuration, [wanted]) == {"httpd.conf": b"LogLevel warn wsgi:info\n"}


@pytest.mark.parametrize(
    ("before", "line", "message"),
    [
        (b"Timeout 300\n", 2, "there is no Timeout at"),
        (b"Define T 300\nTimeout ${T}\n", 2, "is composed of variables"),
        (b"<Macro m>\nTimeout 300\n</Macro>\nUse m\n", 4, "there is no Timeout at"),
    ],
)
def test_what_cannot_be_edited_is_refused(
    tmp_path: Path, before: bytes, line: int, message: str
) -> None:
    with pytest.raises(PatchError, match=message):
        build_patch(load(tmp_path, before), [change(tmp_path, line)], [])


def test_two_values_for_one_place_are_refused(tmp_path: Path) -> None:
    configuration = load(tmp_path, b"Timeout 300\n")
    with pytest.raises(PatchError, match="two values are wanted for Timeout at "):
        build_patch(configuration, [change(tmp_path, 1), change(tmp_path, 1, "90")], [])
    other = SetDirective(name="Timeout", value="90")
    with pytest.raises(PatchError, match="two changes touch the same text"):
        build_patch(configuration, [change(tmp_path, 1), other], [])


def test_one_change_wanted_twice_is_one(tmp_path: Path) -> None:
    configuration = load(tmp_path, b"Timeout 300\n")
    made = build_patch(configuration, [change(tmp_path, 1), change(tmp_path, 1)], [])
    assert made.files[0].after == b"Timeout 60\n"
