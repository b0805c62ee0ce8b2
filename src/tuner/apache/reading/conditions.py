"""<IfModule>, <IfDefine>, <IfFile>, <IfVersion>, <IfDirective>, <IfSection>.

These run while httpd reads. A false block is skipped as text; its lines never
reach the tree.
"""

import re
from dataclasses import dataclass

from tuner.apache.modules import misnamed_module
from tuner.apache.reading.state import ReadFailure, ReadState, merge_path
from tuner.apache.syntax.words import decode, encode, next_word, words

CONDITIONS = {
    "<ifmodule": b"ifmodule>",
    "<ifdefine": b"ifdefine>",
    "<iffile": b"iffile>",
    "<ifdirective": b"ifdirective>",
    "<ifsection": b"ifsection>",
    "<ifversion": b"ifversion>",
}
"""Every condition, and what its closing tag ends in."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the block is read, and why (not), in words for people."""

    true: bool
    reason: str


def evaluate(name: str, args: str, state: ReadState) -> Verdict:
    """Evaluate a condition; ``name`` is in lower case, ``args`` keeps its ``>``.

    Raises:
        ReadFailure: httpd refuses the line.
    """
    if name == "<ifversion":
        return _evaluate_version(args, state)
    return _evaluate_section(name, args, state)


def _evaluate_section(name: str, args: str, state: ReadState) -> Verdict:
    inner, bracket, _ = args.rpartition(">")
    shown = _DISPLAY[name]
    if not bracket:
        raise ReadFailure(f"{shown}> directive missing closing '>'")
    negated = inner.startswith("!")
    word = decode(next_word(encode(inner[1:] if negated else inner))[0])
    if not word:
        raise ReadFailure(f"{shown}> directive requires additional arguments")
    holds, fact = _TESTS[name](word, state)
    return Verdict(holds != negated, fact)


def _test_module(word: str, state: ReadState) -> tuple[bool, str]:
    loaded = state.has_module(word)
    if loaded:
        return True, f"module {word} is loaded"
    meant = misnamed_module(word, state.modules)
    hint = f" under that name (it is {meant[0]} or {meant[1]})" if meant else ""
    return False, f"module {word} is not loaded{hint}"


def _test_define(word: str, state: ReadState) -> tuple[bool, str]:
    holds = word in state.defines
    return holds, f"{word} is {'' if holds else 'not '}defined"


def _test_file(word: str, state: ReadState) -> tuple[bool, str]:
    path = merge_path(state.server_root, word)
    holds = state.files.kind(path) != "missing"
    return holds, f"{path} {'exists' if holds else 'does not exist'}"


def _test_directive(word: str, state: ReadState) -> tuple[bool, str]:
    holds = word.lower() in state.directive_names
    return holds, f"directive {word} is {'known' if holds else 'not known yet'}"


def _test_section(word: str, state: ReadState) -> tuple[bool, str]:
    holds = f"<{word.lower()}" in state.directive_names
    return holds, f"section <{word}> is {'known' if holds else 'not known yet'}"


_TESTS = {
    "<ifmodule": _test_module,
    "<ifdefine": _test_define,
    "<iffile": _test_file,
    "<ifdirective": _test_directive,
    "<ifsection": _test_section,
}
_DISPLAY = {
    "<ifmodule": "<IfModule",
    "<ifdefine": "<IfDefine",
    "<iffile": "<IfFile",
    "<ifdirective": "<IfDirective",
    "<ifsection": "<IfSection",
}


def _evaluate_version(args: str, state: ReadState) -> Verdict:
    """Follow mod_version's own, odd argument rules (modules/metadata/mod_version.c)."""
    found = [decode(word) for word in words(encode(args))]
    if not 1 <= len(found) <= 3 or not found[0]:
        raise ReadFailure(
            "<IfVersion takes one, two or three arguments, "
            "a comparison operator, a version (and a delimiter)"
        )
    if len(found) == 1:
        found = ["=", *found]
    if len(found) == 2 and found[1] == ">":
        found = ["=", *found]
    first = found[0]
    if len(found) == 3 and found[2] == ">":
        version = found[1]
    elif found[1].endswith(">"):
        version = found[1][:-1]
    else:
        raise ReadFailure("<IfVersion> directive missing closing '>'")
    negated = first.startswith("!") and len(first) > 1
    operator = first[1:] if negated else first
    holds = _compare(operator, first, version, state)
    have = ".".join(map(str, state.httpd_version))
    sign = "is" if holds else "is not"
    return Verdict(holds != negated, f"httpd {have} {sign} {operator} {version}")


def _compare(operator: str, written: str, version: str, state: ReadState) -> bool:
    if operator in ("=", "==") and version.startswith("/"):
        if len(version) < 2 or not version.endswith("/"):
            raise ReadFailure("Missing delimiting / of regular expression.")
        return _match_version(version[1:-1], state)
    if operator == "~":
        return _match_version(version, state)
    if operator not in ("=", "==", "<", "<=", ">", ">="):
        raise ReadFailure(f"unrecognized operator '{written}'")
    wanted = _parse_version(version)
    have = state.httpd_version
    return {
        "=": have == wanted,
        "==": have == wanted,
        "<": have < wanted,
        "<=": have <= wanted,
        ">": have > wanted,
        ">=": have >= wanted,
    }[operator]


def _parse_version(text: str) -> tuple[int, int, int]:
    if not re.fullmatch(r"[0-9]+(\.[0-9]*){0,2}", text):
        raise ReadFailure(
            "Version appears to be invalid. It must have the format "
            "major[.minor[.patch]] where major, minor and patch are numbers."
        )
    parts = [int(part or 0) for part in text.split(".")]
    major, minor, patch = (*parts, 0, 0)[:3]
    return major, minor, patch


def _match_version(pattern: str, state: ReadState) -> bool:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ReadFailure("Unable to compile regular expression") from error
    text = ".".join(map(str, state.httpd_version)) + state.version_suffix
    return compiled.search(text) is not None
