"""tuner.toml: what a project says once instead of on every command line."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tuner.errors import RuleError, UsageError, did_you_mean
from tuner.rules.finding import Severity
from tuner.rules.loader import builtin_rules, load_rule

FILE_NAME = "tuner.toml"
_MAX_BYTES = 1_000_000

Key = tuple[str | int, ...]
Scalar = str | int | float | bool


def _hyphens(name: str) -> str:
    return name.replace("_", "-")


class _Table(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, alias_generator=_hyphens, populate_by_name=False
    )


class AuditPreferences(_Table):
    """Defaults of options of ``tuner audit``; None where the file says nothing."""

    select: list[str] | None = None
    ignore: list[str] | None = None
    min_severity: Severity | None = None
    fail_on: Severity | None = None
    budget: str | None = None
    cores: int | None = Field(default=None, ge=1)
    reserve: str | None = None
    app_memory: list[str] | None = None
    rules: list[str] | None = None
    baseline: str | None = None


class _Document(_Table):
    audit: AuditPreferences = AuditPreferences()
    thresholds: dict[str, dict[str, Scalar]] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a tuner.toml says; paths in it are relative to its directory."""

    audit: AuditPreferences = field(default_factory=AuditPreferences)
    rules: tuple[Path, ...] = ()
    baseline: Path | None = None
    thresholds: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    path: Path | None = None


def read_preferences(path: Path | None) -> Preferences:
    """Read ``path``, else ``tuner.toml`` in the current directory, else nothing.

    Raises:
        UsageError: the first mistake, with file and line.
    """
    if path is None:
        path = Path(FILE_NAME)
        if not path.is_file():
            return Preferences()
    return _Reading(path).preferences()


class _Reading:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = _text(path)
        try:
            self.values = tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            message = str(error).replace("(at line ", "(line ")
            raise UsageError(f"{path}: not TOML: {message}") from error

    def preferences(self) -> Preferences:
        try:
            document = _Document.model_validate(self.values)
        except ValidationError as error:
            raise self._invalid(error) from error
        audit, base = document.audit, self.path.parent
        rules = tuple(base / one for one in audit.rules or ())
        files = self._rule_files(rules)
        for key, wanted in (("select", audit.select), ("ignore", audit.ignore)):
            for one in wanted or ():
                if not any(rule_id.startswith(one.upper()) for rule_id in files):
                    hint = did_you_mean(one.upper(), files, "tuner rules lists them")
                    raise self._error(("audit", key), f"{one}: no rule begins like this", hint)
        return Preferences(
            audit=audit,
            rules=rules,
            baseline=base / audit.baseline if audit.baseline is not None else None,
            thresholds=self._thresholds(document.thresholds, files),
            path=self.path,
        )

    def _rule_files(self, directories: Sequence[Path]) -> dict[str, Path]:
        """Return every rule's file by id: file names begin with it."""
        for directory in directories:
            if not directory.is_dir():
                message = f"{directory}: no such directory of rules"
                raise self._error(("audit", "rules"), message, "")
        return {
            file.name.partition("-")[0]: file
            for directory in (builtin_rules(), *directories)
            for file in sorted(directory.rglob("*.yaml"))
        }

    def _thresholds(
        self, written: Mapping[str, Mapping[str, Scalar]], files: Mapping[str, Path]
    ) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for rule_id, values in written.items():
            if rule_id not in files:
                hint = did_you_mean(rule_id, files, "tuner rules lists them")
                raise self._error(("thresholds", rule_id), f"there is no rule {rule_id}", hint)
            found[rule_id] = {}
            for name, value in values.items():
                text = str(value).lower() if isinstance(value, bool) else str(value)
                found[rule_id][name] = text
                try:
                    load_rule(files[rule_id], {rule_id: {name: text}})
                except RuleError as error:
                    key = ("thresholds", rule_id, name)
                    raise self._error(key, error.message, error.hint) from error
        return found

    def _invalid(self, error: ValidationError) -> UsageError:
        first = error.errors()[0]
        key: Key = first["loc"]
        # The kinds that a threshold may have are alternatives, which pydantic adds to the key.
        if key[0] == "thresholds":
            key = key[:3]
        name = ".".join(text if (text := str(one)).isprintable() else ascii(text) for one in key)
        if first["type"] == "extra_forbidden":
            table = _Document if len(key) == 1 else AuditPreferences
            known = [_hyphens(one) for one in table.model_fields]
            return self._error(
                key,
                f"there is no key {name}",
                did_you_mean(str(key[-1]), known, f"there are: {', '.join(known)}"),
            )
        message = first["msg"][:1].lower() + first["msg"][1:]
        return self._error(key, f"{name}: {message}", "")

    def _error(self, key: Key, message: str, hint: str) -> UsageError:
        return UsageError(f"{self.path}:{self._line(key)}: {message}", hint=hint)

    def _line(self, key: Key) -> int:
        """Return the line on which a key's value begins.

        The file is read line by line: the key is on the first line behind the
        longest part that can be read and does not have it yet.
        """
        lines = self.text.splitlines(keepends=True)
        begins = 1
        for number in range(1, len(lines) + 1):
            try:
                values = tomllib.loads("".join(lines[:number]))
            except tomllib.TOMLDecodeError:
                continue
            if _has(values, key):
                return begins
            begins = number + 1
        return 1


def _has(values: Any, key: Key) -> bool:
    for part in key:
        if isinstance(part, int):
            return True
        if not isinstance(values, dict) or part not in values:
            return False
        values = values[part]
    return True


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", hint="see --config") from error
    if len(data) > _MAX_BYTES:
        raise UsageError(f"{path}: too large for a tuner.toml", hint="see --config")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{path}:{line}: not UTF-8") from error
