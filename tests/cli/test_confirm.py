"""Consent to a load on a server that is not on loopback."""

import io
import sys

import pytest

from tuner.cli.confirm import confirm_away
from tuner.errors import UsageError

AWAY = ("http://192.0.2.1:80", "http://127.0.0.1:80")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def answering(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(text))


def test_loopback_needs_no_consent(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, "")
    confirm_away(AWAY[1:], "plan", load="the load", yes=False)


def test_yes_is_consent() -> None:
    confirm_away(AWAY, "plan", load="the load", yes=True)


def test_the_typed_host_is_consent(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answering(monkeypatch, "192.0.2.1\n")
    confirm_away(AWAY, "plan: 4 probes", load="the load", yes=False)
    said = capsys.readouterr().err
    assert "plan: 4 probes" in said
    assert "Type 192.0.2.1 to send this load there" in said


@pytest.mark.parametrize("typed", ["\n", "y\n", "127.0.0.1\n", ""])
def test_anything_else_is_none(monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    answering(monkeypatch, typed)
    with pytest.raises(UsageError, match="nothing was sent"):
        confirm_away(AWAY, "plan", load="the load", yes=False)


def test_without_a_terminal_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("192.0.2.1\n"))
    with pytest.raises(UsageError, match="--yes"):
        confirm_away(AWAY, "plan", load="the load", yes=False)
