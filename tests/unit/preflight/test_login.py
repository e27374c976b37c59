"""A refused login is told with what to correct."""

from __future__ import annotations

from octeth_backupd.domain.checks import CheckStatus
from octeth_backupd.errors import LoginRefusedError, ServerError
from tests.unit.preflight.builder import nothing_known, run, subject


def test_refused_login_fails() -> None:
    result = run("login", subject(**nothing_known("login", LoginRefusedError("access denied for root"))))

    assert result.status is CheckStatus.FAILED
    assert result.summary == "access denied for root"
    assert "[servers.oempro]" in result.fix


def test_error_after_the_login_does_not_speak_against_it() -> None:
    result = run("login", subject(**nothing_known("facts", ServerError("SELECT denied"))))

    assert result.status is CheckStatus.PASSED
