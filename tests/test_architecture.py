"""The shape of the program: who imports whom, what is loaded when, what is shipped."""

import inspect
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tuner import errors
from tuner.errors import TunerError

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "src/tuner").rglob("*.py"))
MAX_LINES = 500


def python(*words: str) -> str:
    """Run this Python and return its standard output."""
    done = subprocess.run(
        [sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_imports_keep_the_contracts() -> None:
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports({}))"
    said = python("-c", code.format("config_filename='pyproject.toml', no_cache=True"))
    assert re.search(r"Contracts: [1-9]\d* kept, 0 broken\.", said)


def test_every_package_has_its_place_in_the_contracts() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    (layers,) = [
        one["layers"]
        for one in settings["tool"]["importlinter"]["contracts"]
        if one["type"] == "layers"
    ]
    placed = {name.strip() for layer in layers for name in layer.split("|")}
    found = {
        f"tuner.{path.stem}"
        for path in (ROOT / "src/tuner").iterdir()
        if (path / "__init__.py").is_file() or path.suffix == ".py"
    }
    assert placed <= found
    assert found - placed == {"tuner.__init__", "tuner.__main__"}


SAMPLE = ROOT / "sample_configs/debian-event-daemon"


@pytest.mark.parametrize(
    ("words", "absent"),
    [
        (["--help"], {"pydantic", "httpx", "psutil", "ruamel", "jinja2"}),
        (["--version"], {"pydantic", "httpx", "psutil", "ruamel", "jinja2"}),
        (["audit", "--help"], {"httpx", "psutil", "ruamel", "jinja2"}),
        (["optimize", "--help"], {"httpx", "psutil", "ruamel", "jinja2"}),
        (["probe", "--help"], {"httpx", "psutil", "ruamel", "jinja2", "apachelogs"}),
        (["smoke", "check", "--help"], {"httpx", "psutil", "ruamel", "jinja2", "apachelogs"}),
        (
            ["audit", "sample_configs/container", "--no-live", "--no-exit-codes"],
            {"httpx", "jinja2", "jsonschema"},
        ),
        (["show", "--help"], {"httpx", "psutil", "ruamel", "jinja2"}),
        (["show", "sample_configs/container"], {"httpx", "psutil", "ruamel", "jinja2", "hdrh"}),
        (["explain", "--help"], {"httpx", "psutil", "ruamel", "jinja2"}),
        (["audit", str(SAMPLE), "--no-exit-codes"], {"httpx", "hdrh", "jinja2", "rich"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_command_loads_nothing_that_it_does_not_need(words: list[str], absent: set[str]) -> None:
    code = f"""
import sys
sys.argv = ["tuner", *{words!r}]
from tuner.cli.app import main
try:
    main()
except SystemExit as end:
    assert not end.code
print("\\nloaded:", *sorted(name for name in sys.modules if "." not in name))
"""
    said, _, loaded = python("-c", code).rpartition("\nloaded:")
    assert said.strip()
    assert "typer" in loaded.split()
    assert not absent & set(loaded.split())


@pytest.mark.parametrize(
    "path", SOURCES, ids=[str(path.relative_to(ROOT / "src/tuner")) for path in SOURCES]
)
def test_no_module_is_too_long_to_read(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= MAX_LINES


def test_half_of_the_modules_are_short() -> None:
    lengths = sorted(len(path.read_text("utf-8").splitlines()) for path in SOURCES)
    assert lengths[len(lengths) // 2] <= 130


ERRORS = [
    one
    for _, one in inspect.getmembers(errors, inspect.isclass)
    if issubclass(one, TunerError) and one.__module__ == errors.__name__
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_the_error_tree_shows_every_error_with_its_exit_code(error: type[TunerError]) -> None:
    tree = inspect.getdoc(errors) or ""
    assert re.search(rf"\b{error.__name__} +{error.exit_code} +\S", tree)
    assert error.__doc__


def test_an_error_is_one_line_with_its_hint() -> None:
    assert str(TunerError("what is wrong")) == "what is wrong"
    assert str(TunerError("what is wrong", hint="what to do")) == "what is wrong (what to do)"


def test_the_rule_pack_goes_into_the_wheel() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wheel = settings["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["packages"] == ["src/tuner"]
    assert wheel["force-include"] == {"rules": "tuner/_rules"}
    assert list((ROOT / "rules").rglob("*.yaml"))


def test_the_wheel_carries_rules_templates_and_types(tmp_path: Path) -> None:
    python(
        *("-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"),
        *("--wheel-dir", str(tmp_path), "."),
    )
    (wheel,) = tmp_path.glob("tuner-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for path in sorted((ROOT / "rules").rglob("*.yaml")):
        assert f"tuner/_rules/{path.relative_to(ROOT / 'rules')}" in names
    for path in (ROOT / "src/tuner").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            assert str(path.relative_to(ROOT / "src")) in names
    assert not any(name.startswith(("tests/", "sample_configs/")) for name in names)
