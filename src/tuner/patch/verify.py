"""Prove a patch before it is written: read the patched tree and compare what it means."""

from collections.abc import Iterable, Mapping, Sequence

from tuner.apache.changes import (
    Change,
    RemoveDirective,
    RemoveLine,
    SetArguments,
    SetDirective,
    SetOption,
)
from tuner.apache.effective.daemons import daemon_groups
from tuner.apache.effective.mpm import mpm_settings
from tuner.apache.effective.values import names_of, occurrences
from tuner.apache.reading.reader import reread
from tuner.apache.tree import Configuration, Directive
from tuner.errors import PatchError
from tuner.patch.edits import FileChange


def verify(
    before: Configuration, files: Sequence[FileChange], changes: Iterable[Change]
) -> Configuration:
    """Read the patched configuration and return it.

    Raises:
        PatchError: it says something else than intended: a wanted value is not
            in force, httpd would correct it, or another directive changed.
    """
    after = reread(before, {change.path: change.after for change in files})
    wanted = tuple(changes)
    _no_new_errors(before, after)
    _nothing_else_changed(before, after, wanted)
    for change in wanted:
        _is_in_force(after, change)
    _nothing_to_clamp(after, wanted)
    _effective_values_stay(before, after, wanted)
    return after


def _no_new_errors(before: Configuration, after: Configuration) -> None:
    known = {error.message for error in before.fatal_errors}
    for error in after.fatal_errors:
        if error.message not in known:
            raise PatchError(f"the patched configuration is refused: {error}")


def _nothing_else_changed(
    before: Configuration, after: Configuration, changes: Sequence[Change]
) -> None:
    names = {
        name.lower()
        for change in changes
        if isinstance(change, SetDirective | RemoveDirective)
        for name in names_of(change.name)
    }
    groups = {change.group for change in changes if isinstance(change, SetOption)}
    removed = {
        (change.name.lower(), change.file, change.line)
        for change in changes
        if isinstance(change, RemoveLine)
    }

    replaced = {
        (change.name.lower(), change.file, change.line): change.arguments
        for change in changes
        if isinstance(change, SetArguments)
    }

    def arguments(one: Directive, wanted: Mapping[tuple[str, str, int], str]) -> str:
        return wanted.get((one.key, one.file, one.line), one.args)

    def untouched(
        configuration: Configuration,
        wanted: Mapping[tuple[str, str, int], str],
        without: set[tuple[str, str, int]],
    ) -> list[tuple[str, str, str, int]]:
        return [
            (one.key, arguments(one, wanted).strip(), one.file, one.depth)
            for one in configuration.tree
            if not (one.key in names and one.section is None)
            and not _defines(one, groups)
            and (one.key, one.file, one.line) not in without
        ]

    old, new = untouched(before, replaced, removed), untouched(after, {}, set())
    for was, now in zip(old, new, strict=False):
        if was != now:
            raise PatchError(f"the patch would also change {was[0]} {was[1]} in {was[2]}")
    if len(old) != len(new):
        raise PatchError("the patch would also add or remove other directives")


def _defines(directive: Directive, groups: set[str]) -> bool:
    return directive.key == "wsgidaemonprocess" and (directive.words or ("",))[0] in groups


def _is_in_force(after: Configuration, change: Change) -> None:
    match change:
        case SetDirective(name=name, value=value):
            found = occurrences(after, name)
            if not found or found[-1].words[:1] != (value,):
                raise PatchError(f"{name} {value} would not be in force after the patch")
        case SetOption(group=group, option=option, value=value):
            groups = {one.name: one for one in daemon_groups(after)}
            if group not in groups or groups[group].options.get(option) != value:
                raise PatchError(f"{option}={value} of {group} would not be in force")
        case RemoveDirective(name=name):
            if occurrences(after, name):
                raise PatchError(f"{name} would still be in force")


def _nothing_to_clamp(after: Configuration, changes: Sequence[Change]) -> None:
    mpm = mpm_settings(after)
    set_names = {
        name.lower()
        for change in changes
        if isinstance(change, SetDirective)
        for name in names_of(change.name)
    }
    for clamp in mpm.clamps if mpm else ():
        if clamp.directive.lower() in set_names:
            raise PatchError(
                f"httpd would correct {clamp.directive} {clamp.configured} "
                f"to {clamp.effective}: {clamp.because}"
            )


def _effective_values_stay(
    before: Configuration, after: Configuration, changes: Sequence[Change]
) -> None:
    """Refuse a change that moves another MPM value, except to what is written for it."""
    old, new = mpm_settings(before), mpm_settings(after)
    if old is None or new is None:
        return
    set_names = {change.name.lower() for change in changes if isinstance(change, SetDirective)}
    for field in ("server_limit", "thread_limit", "threads_per_child", "max_request_workers"):
        was, now = getattr(old, field), getattr(new, field)
        if was is None or now is None or was.effective == now.effective:
            continue
        names = {name.lower() for name in names_of(now.name)}
        if not names & set_names and now.effective != now.parsed:
            raise PatchError(
                f"the patch would also change {now.name} from {was.effective} to {now.effective}"
            )
