"""Baselines: what was found before does not count again.

A finding is recognised by its fingerprint. It is made of the rule, its subject,
the file relative to the main file, and the directive with the sections around
it; so neither moved lines nor other numbers make a finding new.
"""

import hashlib
import json
import posixpath
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tuner.apache.tree import Configuration
from tuner.errors import UsageError
from tuner.rules.finding import Finding


def with_fingerprints(
    configuration: Configuration, findings: Iterable[Finding]
) -> tuple[Finding, ...]:
    """Give every finding its fingerprint; equal ones are numbered in their order."""
    places = {
        (one.file, one.line_first): f"{one.key} in {one.context}"
        for one in configuration.directives
        if one.active
    }
    main = posixpath.dirname(configuration.main)
    seen: Counter[str] = Counter()
    result: list[Finding] = []
    for finding in findings:
        where = finding.locations[0]
        what = (
            finding.id,
            finding.subject,
            posixpath.relpath(where.file, main or "."),
            places.get((where.file, where.line_first), ""),
        )
        text = "\0".join(what)
        seen[text] += 1
        digest = hashlib.sha256(f"{text}\0{seen[text]}".encode("utf-8", "surrogateescape"))
        result.append(finding.model_copy(update={"fingerprint": digest.hexdigest()[:32]}))
    return tuple(result)


def mark_known(findings: Iterable[Finding], baseline: frozenset[str]) -> tuple[Finding, ...]:
    """Mark the findings that a baseline holds."""
    return tuple(
        one.model_copy(update={"known": True}) if one.fingerprint in baseline else one
        for one in findings
    )


def read_baseline(path: Path) -> frozenset[str]:
    """Return the fingerprints in an earlier report of ``tuner audit --format json``.

    Raises:
        UsageError: the file cannot be read, or is something else.
    """
    hint = "write one with tuner audit --format json --output FILE"
    try:
        document = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"baseline {path}: {error.strerror}", hint=hint) from error
    except json.JSONDecodeError as error:
        where = f"{path}:{error.lineno}:{error.colno}"
        raise UsageError(f"baseline {where}: not JSON: {error.msg}", hint=hint) from error
    except (UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"baseline {path}: not JSON", hint=hint) from error
    findings = document.get("findings") if isinstance(document, dict) else None
    if not isinstance(findings, list):
        raise UsageError(f"baseline {path}: not a report of tuner audit", hint=hint)
    if document.get("schema_version") != 1:
        version = document.get("schema_version")
        raise UsageError(f"baseline {path}: schema_version {version} is not known here", hint=hint)
    found: set[str] = set()
    for number, one in enumerate(findings):
        fingerprint = one.get("fingerprint") if isinstance(one, dict) else None
        if not isinstance(fingerprint, str) or not fingerprint:
            raise UsageError(f"baseline {path}: findings[{number}] has no fingerprint", hint=hint)
        found.add(fingerprint)
    return frozenset(found)
