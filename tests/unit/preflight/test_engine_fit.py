"""The engine's own answer, under the check's name; a missing engine is a failure."""

from __future__ import annotations

from octeth_backupd.domain.checks import CheckStatus
from octeth_backupd.errors import DockerError, EngineError, ProgramError
from tests.unit.preflight.builder import engine, run, subject


def test_engine_that_does_not_fit_fails_with_the_package() -> None:
    result = run("engine_fit", subject(engine=engine(fits=False)))

    assert result.status is CheckStatus.FAILED
    assert (result.name, result.server) == ("engine_fit", "oempro")
    assert result.command == "apt-get install mariadb-backup"


def test_missing_program_fails_with_the_errors_hint() -> None:
    error = ProgramError("xtrabackup is not installed", hint="Install percona-xtrabackup-84.")

    result = run("engine_fit", subject(engine_version=None, engine_version_error=error))

    assert result.status is CheckStatus.FAILED
    assert (result.summary, result.fix) == (error.message, error.hint)


def test_engine_of_the_wrong_vendor_fails() -> None:
    error = EngineError("xtrabackup cannot back up MariaDB")

    assert run("engine_fit", subject(engine=None, engine_error=error)).status is CheckStatus.FAILED


def test_what_keeps_the_engine_from_being_asked_is_not_answered_with_an_installation() -> None:
    error = DockerError("the output of xtrabackup did not end with its container")

    result = run("engine_fit", subject(engine_version=None, engine_version_error=error))

    assert result.status is CheckStatus.FAILED
    assert "Install" not in result.fix
    assert "could not be asked" in result.fix


def test_engine_without_a_place_waits_for_it() -> None:
    assert run("engine_fit", subject(engine_version=None)).status is CheckStatus.UNKNOWN
