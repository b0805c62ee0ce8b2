"""LoadModule, ServerRoot and DefaultRuntimeDir: what they change while httpd reads."""

from tuner.apache.directives import names_by_source
from tuner.apache.modules import MPMS, source_of
from tuner.apache.reading.state import ReadFailure, ReadState, merge_path


def load_module(words: list[str], state: ReadState) -> bool:
    """Execute ``LoadModule SYMBOL FILE``; return whether a new module came in."""
    if len(words) != 2 or not all(words):
        raise ReadFailure(
            "LoadModule takes two arguments, "
            "a module name and the name of a shared object file to load it from"
        )
    symbol = words[0]
    if symbol in state.static_modules:
        raise ReadFailure(f"module {symbol} is built-in and can't be loaded")
    if symbol in state.modules:
        state.warnings.append(f"AH01574: module {symbol} is already loaded, skipping")
        return False
    if symbol in MPMS and any(other in MPMS for other in state.modules):
        raise ReadFailure("AH00534: Configuration error: More than one MPM loaded.")
    state.modules[symbol] = source_of(symbol)
    learn_directives(state, state.modules[symbol])
    return True


def learn_directives(state: ReadState, source: str) -> None:
    """Make the directives of a module known, for <IfDirective> and for canonical names."""
    state.directive_names.update(names_by_source().get(source, ()))


def set_server_root(words: list[str], state: ReadState) -> None:
    """Execute ``ServerRoot DIRECTORY``; later relative paths follow it."""
    if len(words) != 1 or not words[0]:
        raise ReadFailure(
            "ServerRoot takes one argument, "
            "Common directory of server-related files (logs, confs, etc.)"
        )
    path = merge_path("/", words[0])
    if state.files.kind(path) != "directory":
        raise ReadFailure("ServerRoot must be a valid directory")
    state.server_root = path.rstrip("/") or "/"


def set_runtime_directory(words: list[str], state: ReadState) -> None:
    """Check ``DefaultRuntimeDir``.

    A directory that is missing keeps httpd from starting, but on a server that is
    not running it is normal: init scripts make it. So it is only a warning, and
    none for a tree that was copied from elsewhere.
    """
    if len(words) != 1 or not words[0]:
        raise ReadFailure(
            "DefaultRuntimeDir takes one argument, Common directory for run-time files "
            "(shared memory, locks, etc.)"
        )
    path = merge_path(state.server_root, words[0])
    if state.files.root is None and state.files.kind(path) != "directory":
        state.warnings.append(
            f"DefaultRuntimeDir {path} does not exist here; httpd does not start without it"
        )
