"""What httpd executes at once, while it reads, instead of keeping it (EXEC_ON_READ)."""

from tuner.apache.reading.conditions import CONDITIONS, evaluate
from tuner.apache.reading.frames import Frame, Inclusion
from tuner.apache.reading.includes import MAX_INCLUDE_DEPTH, find_files
from tuner.apache.reading.loading import load_module, set_runtime_directory, set_server_root
from tuner.apache.reading.macro_commands import store_macro, undefine_macro, use_macro
from tuner.apache.reading.macros import MacroError
from tuner.apache.reading.progress import Progress
from tuner.apache.reading.skipping import skip_block, skip_opaque
from tuner.apache.reading.state import ReadFailure, merge_path
from tuner.apache.reading.variables import define, undefine
from tuner.apache.syntax.words import decode, words
from tuner.apache.tree import Directive

_INCLUDE = (
    "Name(s) of the config file(s) to be included; "
    "fails if the wildcard does not match at least one file"
)
_INCLUDE_OPTIONAL = (
    "Name or pattern of the config file(s) to be included; "
    "ignored if the file does not exist or the pattern does not match any files"
)


def execute(progress: Progress, frame: Frame, directive: Directive, key: str, rest: bytes) -> None:
    """Execute ``directive``; what httpd refuses becomes an error with its place."""
    try:
        if key in CONDITIONS:
            _enter_condition(progress, frame, directive, key)
        elif key in ("include", "includeoptional"):
            _include(progress, directive, rest, optional=key == "includeoptional")
        elif key == "<macro":
            store_macro(progress.state, frame, directive, rest)
        elif key == "use":
            use_macro(progress, frame, directive, rest)
        elif key.startswith("<lua"):
            skip_opaque(frame, directive)
        else:
            _execute_simple(progress, key, rest)
    except (ReadFailure, MacroError) as failure:
        directive.reason = f"httpd refuses it: {failure}"
        progress.fail(str(failure), directive.source.path, directive.line)


def _execute_simple(progress: Progress, key: str, rest: bytes) -> None:
    arguments = [decode(word) for word in words(rest)]
    state = progress.state
    progress.verdicts.clear()
    if key == "define":
        define(arguments, state)
    elif key == "undefine":
        undefine(arguments, state)
    elif key == "loadmodule":
        if load_module(arguments, state):
            progress.names.clear()
    elif key == "serverroot":
        set_server_root(arguments, state)
    elif key == "defaultruntimedir":
        set_runtime_directory(arguments, state)
    elif key == "undefmacro":
        undefine_macro(state, arguments)


def _include(progress: Progress, directive: Directive, rest: bytes, optional: bool) -> None:
    arguments = [decode(word) for word in words(rest)]
    if len(arguments) != 1 or not arguments[0]:
        what = _INCLUDE_OPTIONAL if optional else _INCLUDE
        raise ReadFailure(f"{directive.name} takes one argument, {what}")
    if progress.open_includes >= MAX_INCLUDE_DEPTH:
        progress.stopped = True
        raise ReadFailure(
            f"Exceeded maximum include depth of {MAX_INCLUDE_DEPTH}, "
            "There appears to be a recursion."
        )
    state = progress.state
    path = merge_path(state.server_root, arguments[0])
    progress.frames.append(Inclusion(directive, find_files(state.files, path, optional)))
    progress.open_includes += 1


def _enter_condition(progress: Progress, frame: Frame, directive: Directive, key: str) -> None:
    question = (key, directive.args)
    verdict = progress.verdicts.get(question)
    if verdict is None:
        verdict = progress.verdicts[question] = evaluate(key, directive.args, progress.state)
    if not verdict.true:
        directive.reason = verdict.reason
        skip_block(progress, frame, directive, verdict.reason)
        return
    progress.frames.append(Frame(frame.input, directive.section, directive, CONDITIONS[key]))
