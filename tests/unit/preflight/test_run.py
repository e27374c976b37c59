"""All failures are reported together."""

from __future__ import annotations

from pathlib import Path

import pytest

from octeth_backupd.domain.checks import CheckResult, CheckStatus
from octeth_backupd.errors import LoginRefusedError, PreflightError, StorageError
from octeth_backupd.preflight.registry import CHECKS
from octeth_backupd.preflight.run import raise_on_failure, run_checks
from octeth_backupd.servers.survey import Survey
from tests.unit.preflight.builder import location, storage, subject


def test_good_server_lets_a_run_begin(tmp_path: Path) -> None:
    results = run_checks(subject(tmp_path))

    assert len(results) == len(CHECKS)
    raise_on_failure(results)


def test_every_failure_is_named_with_the_first_fixes(tmp_path: Path) -> None:
    examined = subject(
        tmp_path,
        find_program=lambda _name: None,
        storages=(storage("local", StorageError("read-only file system", hint="Remount it.")),),
        survey=Survey(
            location=location(),
            error=LoginRefusedError("the server refused the password of root", hint="Correct password_file."),
            error_stage="login",
        ),
    )

    with pytest.raises(PreflightError) as caught:
        raise_on_failure(run_checks(examined))

    assert "tools: tar is not installed" in caught.value.message
    assert "storage_writable: local: read-only file system" in caught.value.message
    assert "login: the server refused the password of root" in caught.value.message
    assert "not asked" not in caught.value.message
    assert caught.value.hint == "Install tar. Run: apt-get install tar Remount it. Correct password_file."


def _result(name: str, status: CheckStatus) -> CheckResult:
    return CheckResult(name=name, status=status, summary="so it is", fix="Do.")


def test_warnings_let_a_run_begin_and_are_not_named_beside_a_failure() -> None:
    harmless = [_result("a", CheckStatus.WARNING), _result("b", CheckStatus.PASSED)]

    raise_on_failure(harmless)
    with pytest.raises(PreflightError) as raised:
        raise_on_failure([*harmless, _result("c", CheckStatus.FAILED)])

    assert raised.value.message.startswith("c: ")


def test_question_that_could_not_be_asked_prevents_a_run() -> None:
    with pytest.raises(PreflightError, match="identity: so it is"):
        raise_on_failure([_result("tools", CheckStatus.PASSED), _result("identity", CheckStatus.UNKNOWN)])
