"""What every ``engines.base.Engine`` must do, against programs that only pretend.

A subclass provides the fixtures ``make_engine`` (makes the engine with a program), ``facts`` (of a server that fits)
and ``version_output`` (what its program says to ``--version``, fitting that server).
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.checks import CheckStatus
from octeth_backupd.domain.server import Address
from octeth_backupd.engines.base import BackupRequest
from octeth_backupd.errors import CancelledError, EngineError, ProgramError
from octeth_backupd.process.cancellation import Cancellation
from octeth_backupd.process.host import HostRunner
from octeth_backupd.process.mark import RunMark
from octeth_backupd.process.redaction import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable

    from octeth_backupd.domain.server import ServerFacts
    from octeth_backupd.engines.base import Engine, EngineRun


def write_program(directory: Path, script: str) -> str:
    """Write a shell script that stands for an engine's program and return its path."""
    path = directory / "program"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def request_for(facts: ServerFacts, directory: Path) -> BackupRequest:
    """Return an ordinary request."""
    return BackupRequest(
        target_directory=directory / "backup",
        option_file=directory / "run.cnf",
        address=Address(host="127.0.0.1", port=3306),
        paths={"data": "/var/lib/mysql"},
        parallel=2,
        open_files_limit=1024,
        lock_ddl_timeout_seconds=300,
        facts=facts,
    )


class EngineContract:
    """The suite."""

    @pytest.fixture
    def host_runner(self) -> HostRunner:
        return HostRunner(mark=RunMark("installation", "run"), redactor=Redactor())

    def backup(self, engine: Engine, facts: ServerFacts, directory: Path, runner: HostRunner) -> EngineRun:
        return engine.backup(
            request_for(facts, directory),
            runner,
            on_line=lambda _: None,
            cancellation=Cancellation(),
            timeout_seconds=0,
        )

    def test_version_is_read_from_what_the_program_prints_on_standard_error(
        self,
        make_engine: Callable[[str], Engine],
        facts: ServerFacts,
        version_output: str,
        host_runner: HostRunner,
        tmp_path: Path,
    ) -> None:
        engine = make_engine(write_program(tmp_path, f"echo some notice; echo {shlex.quote(version_output)} >&2"))

        version = engine.version(host_runner, cancellation=Cancellation())

        assert version.version.series == facts.version.series
        assert version.text == version_output
        assert engine.check_fit(version, facts).status is CheckStatus.PASSED

    def test_program_that_is_another_is_refused(
        self, make_engine: Callable[[str], Engine], host_runner: HostRunner, tmp_path: Path
    ) -> None:
        engine = make_engine(write_program(tmp_path, "echo frobnicate 1.2.3"))

        with pytest.raises(EngineError, match=r"frobnicate 1\.2\.3"):
            engine.version(host_runner, cancellation=Cancellation())

    def test_missing_program_is_an_error_with_a_hint(
        self, make_engine: Callable[[str], Engine], host_runner: HostRunner
    ) -> None:
        engine = make_engine("/nonexistent/program")

        with pytest.raises(ProgramError, match="is not installed") as caught:
            engine.version(host_runner, cancellation=Cancellation())

        assert caught.value.hint

    def test_option_file_is_the_first_argument_and_in_the_form_with_the_equals_sign(
        self, make_engine: Callable[[str], Engine], facts: ServerFacts, host_runner: HostRunner, tmp_path: Path
    ) -> None:
        engine = make_engine(write_program(tmp_path, 'for argument; do echo "$argument"; done'))

        run = self.backup(engine, facts, tmp_path, host_runner)

        assert run.completed.output[0] == f"--defaults-extra-file={tmp_path}/run.cnf"
        assert f"--target-dir={tmp_path}/backup" in run.completed.output
        assert "--backup" in run.completed.output

    def test_no_argument_names_user_or_password(
        self, make_engine: Callable[[str], Engine], facts: ServerFacts, host_runner: HostRunner, tmp_path: Path
    ) -> None:
        engine = make_engine(write_program(tmp_path, 'for argument; do echo "$argument"; done'))

        run = self.backup(engine, facts, tmp_path, host_runner)

        assert not [line for line in run.completed.output if line.startswith(("--user", "--password", "-u", "-p"))]

    def test_evidence_is_handed_over_and_not_judged(
        self, make_engine: Callable[[str], Engine], facts: ServerFacts, host_runner: HostRunner, tmp_path: Path
    ) -> None:
        engine = make_engine(
            write_program(
                tmp_path, "echo '2026-11-22 11:10:24 0 [ERROR] InnoDB: torn' >&2; echo 'completed OK!'; exit 3"
            )
        )

        run = self.backup(engine, facts, tmp_path, host_runner)

        assert run.completed.exit_code == 3
        assert run.last_line == "completed OK!"
        assert len(run.error_lines) == 1

    def test_prepare_works_on_the_directory_with_the_memory_given(
        self, make_engine: Callable[[str], Engine], host_runner: HostRunner, tmp_path: Path
    ) -> None:
        engine = make_engine(write_program(tmp_path, 'for argument; do echo "$argument"; done'))

        run = engine.prepare(
            tmp_path / "backup",
            host_runner,
            memory_bytes=123456789,
            on_line=lambda _: None,
            cancellation=Cancellation(),
            open_files_limit=1024,
        )

        assert {"--prepare", f"--target-dir={tmp_path}/backup", "--use-memory=123456789"} <= set(run.completed.output)
        assert "--backup" not in run.completed.output

    def test_cancel_ends_the_program_by_the_signal_it_understands(
        self, make_engine: Callable[[str], Engine], facts: ServerFacts, host_runner: HostRunner, tmp_path: Path
    ) -> None:
        stop = "INT" if make_engine("x").name == "mariadb-backup" else "TERM"
        other = "TERM" if stop == "INT" else "INT"
        engine = make_engine(
            write_program(
                tmp_path,
                f"trap '' {other}; trap 'echo ended by {stop}; exit 1' {stop}\n"
                "echo ready; while :; do sleep 0.05; done",
            )
        )
        cancellation = Cancellation()
        lines: list[str] = []

        def take(line: str) -> None:
            lines.append(line)
            if line == "ready":
                cancellation.cancel()

        with pytest.raises(CancelledError):
            engine.backup(
                request_for(facts, tmp_path), host_runner, on_line=take, cancellation=cancellation, timeout_seconds=0
            )

        assert lines[0] == "ready"
        assert f"ended by {stop}" in lines

    def test_expectation_demands_what_it_names(self, make_engine: Callable[[str], Engine]) -> None:
        expectation = make_engine("x").expectation

        assert expectation.raw_backup_type != expectation.prepared_backup_type
        assert expectation.checkpoints_files in expectation.required_files
        assert expectation.info_files in expectation.required_files

    def test_grants_are_named(self, make_engine: Callable[[str], Engine], facts: ServerFacts) -> None:
        grants = make_engine("x").required_grants(facts)

        assert {"RELOAD", "PROCESS"} <= set(grants)
