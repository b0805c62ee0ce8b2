"""Our reader against the real httpd, which judges with ``-t -D DUMP_CONFIG`` (see ``oracle``)."""

import os
import pwd
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.apache.cases import TABLES
from tests.apache.grammar import configurations
from tests.apache.oracle import Answer, ask, logged, parse_dump, place_of
from tests.apache.trees import (
    MAIN,
    MODULES,
    SETTINGS,
    Case,
    Kept,
    first_error,
    kept,
    load,
    one,
    shown,
    without_settings,
    write,
)
from tuner.apache.binary import Httpd
from tuner.apache.effective.mpm import mpm_settings
from tuner.apache.read import ReadRequest, read
from tuner.apache.reading.options import ReadOptions
from tuner.apache.reading.reader import read_configuration
from tuner.apache.tree import Configuration

pytestmark = pytest.mark.httpd


@pytest.fixture(scope="session")
def oracle(httpd: Httpd) -> Httpd:
    """An httpd that can show its tree."""
    missing = [name for name in MODULES if httpd.module_file(f"{name}_module") is None]
    if missing or "version_module" not in httpd.static_modules:
        pytest.skip(f"{httpd.path} has not the modules of Debian's httpd {missing}")
    return httpd


def both(httpd: Httpd, root: Path, case: Case) -> tuple[Configuration, Answer]:
    """Let httpd and our reader read the same files."""
    write(root, case)
    before = (*load(MODULES, httpd.modules), *SETTINGS, *case.before)
    answer = ask(
        httpd,
        root,
        root / MAIN,
        defines=case.defines,
        before=before,
        after=case.after,
        environment=case.environment,
    )
    options = ReadOptions(
        server_root=str(root),
        defines=("DUMP_CONFIG", *case.defines),
        before=before,
        after=case.after,
        environment=dict(case.environment),
        static_modules=httpd.static_modules,
        httpd_version=httpd.version,
        version_suffix=httpd.version_suffix,
    )
    return read_configuration(f"{root}/{MAIN}", options), answer


def check_agreement(configuration: Configuration, answer: Answer) -> str:
    """Compare tree or refusal; return which of them there was to compare."""
    errors = configuration.fatal_errors
    if answer.refusal:
        assert errors, f"httpd refuses what we accept: {answer.output}"
        if answer.is_cut:
            return "refused"
        file, line, message = place_of(answer.refusal)
        assert (errors[0].file, errors[0].line) == (file, line), answer.output
        # Case differs for a tag nested in a false block: httpd shows it as it is written.
        assert logged(errors[0].message).strip().lower() == message.lower()
        return "refused"
    assert not errors, f"we refuse what httpd accepts: {errors[0]}\n{answer.output}"
    if answer.tree is None:
        return "not executed"
    assert kept(configuration) == without_settings(answer.tree)
    return "tree"


# --- small configurations ------------------------------------------------------


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=f"{name}: {title}")
        for name, cases in TABLES.items()
        for title, case in cases.items()
    ],
)
def test_a_small_configuration_is_read_as_the_tables_say(
    case: Case, public_directory: Path, oracle: Httpd
) -> None:
    configuration, answer = both(oracle, public_directory, case)
    assert check_agreement(configuration, answer) == ("refused" if case.error else "tree")
    assert not answer.is_cut
    assert first_error(configuration, public_directory) == case.error
    if answer.tree is not None:
        assert shown(without_settings(answer.tree), public_directory) == list(case.tree)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("Nope\n", "Invalid command 'Nope'"),
        ("\ufeffTimeout 5\n", "Invalid command '\\xef\\xbb\\xbfTimeout'"),
        ("Timeout 60 # one minute\n", "Timeout takes one argument"),
        ("UnsetEnv\u00a0a\n", "Invalid command 'UnsetEnv\\xc2\\xa0a'"),
        ("KeepAlive yes\n", "KeepAlive must be On or Off"),
        ("<VirtualHost *:80>\nMaxRequestWorkers 5\n</VirtualHost>\n", "cannot occur within"),
        ('ServerName "a\nb"\n', "Invalid command 'b\"'"),
        ("<Directory /tmp /var>\n</Directory>\n", "Multiple <Directory> arguments"),
    ],
)
def test_what_only_the_execution_phase_refuses_is_read(
    text: str, complaint: str, tmp_path: Path, oracle: Httpd
) -> None:
    configuration, answer = both(oracle, tmp_path, one(text))
    assert complaint in answer.output
    assert check_agreement(configuration, answer) == "not executed"


def test_a_dump_is_parsed_by_its_indentation() -> None:
    text = (
        "# In file: /a\n#   1:\n<VirtualHost *:80>\n# In file: /b\n  #   2:\n  <Files x>\n"
        "  #  12:\n  SetEnv A two\nlines\n</VirtualHost>\n#1234:\nTimeout 5\n"
    )
    assert parse_dump(text) == [
        Kept(0, "<VirtualHost", "*:80>", "/a", 1),
        Kept(1, "<Files", "x>", "/b", 2),
        Kept(1, "SetEnv", "A two\nlines", "/b", 12),
        Kept(0, "Timeout", "5", "/b", 1234),
    ]


# --- whole trees ------------------------------------------------------------------


def user_and_group() -> tuple[str, str]:
    """A user who is not root: Debian's own, else nobody."""
    names = {entry.pw_name for entry in pwd.getpwall()}
    return ("www-data", "www-data") if "www-data" in names else ("nobody", "#65534")


@pytest.mark.parametrize("name", ["debian-event-daemon", "founding-prefork-embedded"])
def test_a_sample_tree_is_read_as_httpd_reads_it(
    name: str, sample: Callable[[str], Path], tmp_path: Path, oracle: Httpd
) -> None:
    place = sample(name) / "etc/apache2"
    run, log = tmp_path / "run", tmp_path / "log"
    run.mkdir()
    log.mkdir()
    user, group = user_and_group()
    changed = {
        "APACHE_RUN_DIR": str(run),
        "APACHE_LOCK_DIR": str(run),
        "APACHE_PID_FILE": str(run / "pid"),
        "APACHE_LOG_DIR": str(log),
        "APACHE_RUN_USER": user,
        "APACHE_RUN_GROUP": group,
    }
    before = (*load(["info"], oracle.modules), SETTINGS[0])
    configuration = read(
        ReadRequest(
            path=place, environment=changed, defines=("DUMP_CONFIG",), before=before, httpd=oracle
        )
    )
    answer = ask(
        oracle,
        place,
        place / "apache2.conf",
        before=before,
        environment=configuration.options.environment,
    )
    assert answer.tree is not None, answer.output
    assert kept(configuration) == answer.tree
    assert configuration.errors == ()
    files = {Path(row.file).relative_to(place).parts[0] for row in answer.tree[1:]}
    assert files == {"apache2.conf", "mods-enabled", "ports.conf", "sites-enabled"}


def test_httpd_knows_the_static_modules_that_we_assume(oracle: Httpd, tmp_path: Path) -> None:
    text = "".join(
        f"<IfModule {symbol}>\nUnsetEnv {symbol}\n</IfModule>\n" for symbol in oracle.static_modules
    )
    configuration, answer = both(oracle, tmp_path, one(text))
    assert check_agreement(configuration, answer) == "tree"
    assert [row.args for row in kept(configuration)] == list(oracle.static_modules)


# --- random configurations -----------------------------------------------------------

ENVIRONMENT = {"ENV": "from/environment", "SPACED": "two words"}


def compare_random_configurations(httpd: Httpd, examples: int, is_fixed: bool) -> Counter[str]:
    """Compare random configurations; count what there was to compare."""
    seen: Counter[str] = Counter()

    @settings(
        max_examples=examples,
        derandomize=is_fixed,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(configurations())
    def compare(files: dict[str, bytes]) -> None:
        case = Case(files, defines=("GIVEN",), environment=ENVIRONMENT)
        with tempfile.TemporaryDirectory() as name:
            root = Path(os.path.realpath(name))
            seen[check_agreement(*both(httpd, root, case))] += 1

    compare()
    return seen


def test_random_configurations_are_read_as_httpd_reads_them(oracle: Httpd) -> None:
    seen = compare_random_configurations(oracle, 200, is_fixed=True)
    assert seen["tree"] > 80
    assert seen["refused"] > 20


@pytest.mark.slow
def test_many_random_configurations_are_read_as_httpd_reads_them(oracle: Httpd) -> None:
    seen = compare_random_configurations(oracle, 2000, is_fixed=False)
    assert seen["tree"] > 800
    assert seen["refused"] > 200


# --- settings of the MPM ----------------------------------------------------------------

VALUES = {
    "ServerLimit": (-1, 0, 1, 2, 5, 16, 20, 300, 20000, 20001, 200000, 200001),
    "MaxRequestWorkers": (-5, 0, 1, 10, 24, 25, 26, 99, 150, 256, 300, 400, 401, 1000),
    "MaxClients": (10, 300),
    "StartServers": (-1, 0, 1, 3, 20, 300),
    "MaxRequestsPerChild": (0, 5),
}
THREAD_VALUES = {
    "ThreadLimit": (-1, 0, 1, 10, 64, 100, 20000, 20001, 100000, 100001),
    "ThreadsPerChild": (-1, 0, 1, 7, 25, 64, 65, 100),
    "MinSpareThreads": (-1, 0, 1, 10, 75),
    "MaxSpareThreads": (0, 10, 250),
}
PREFORK_VALUES = {"MinSpareServers": (-1, 0, 1, 10), "MaxSpareServers": (0, 5, 20)}


@st.composite
def mpm_lines(draw: st.DrawFn, name: str) -> str:
    values = {**VALUES, **(PREFORK_VALUES if name == "prefork" else THREAD_VALUES)}
    names = draw(st.lists(st.sampled_from(sorted(values)), min_size=1, max_size=5))
    ends = st.sampled_from(("", "", "x"))
    return "".join(f"{one} {draw(st.sampled_from(values[one]))}{draw(ends)}\n" for one in names)


@pytest.mark.parametrize("name", ["prefork", "worker", "event"])
def test_httpd_warns_of_every_correction_that_has_a_code(name: str, oracle: Httpd) -> None:
    modules = ("info", f"mpm_{name}", "authz_core")

    @settings(max_examples=60, derandomize=True, database=None, deadline=None)
    @given(mpm_lines(name))
    def compare(text: str) -> None:
        with tempfile.TemporaryDirectory() as directory:
            root = Path(os.path.realpath(directory))
            (root / MAIN).write_text(text)
            before = (*load(modules, oracle.modules), *SETTINGS)
            options = ReadOptions(server_root=str(root), before=before)
            found = mpm_settings(read_configuration(f"{root}/{MAIN}", options))
            assert found is not None
            answer = ask(oracle, root, root / MAIN, before=before)
            assert answer.tree is not None, answer.output
            codes = [clamp.code for clamp in found.clamps if clamp.code is not None]
            assert sorted(codes) == sorted(answer.codes)

    compare()
