"""The runners of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.pipeline.programs import Programs
from octeth_backupd.process.cancellation import Cancellation
from octeth_backupd.process.command import Command
from octeth_backupd.process.mark import ENVIRONMENT_NAME
from tests.fakes.server import PASSWORD

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.bench import Bench


def _program(directory: Path, name: str, text: str) -> None:
    path = directory / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o700)


def _lines(bench: Bench, program: str, search_path: str | None) -> list[str]:
    programs = Programs(bench.parts(search_path=search_path), installation_id="i" * 32, run_id="r1")
    lines: list[str] = []
    programs.host.run(Command(program=program), on_line=lines.append, cancellation=Cancellation())
    return lines


def test_a_program_carries_the_mark_of_its_run(bench: Bench) -> None:
    _program(bench.directory, "say-mark", f'echo "${ENVIRONMENT_NAME}"')

    assert _lines(bench, "say-mark", str(bench.directory)) == [f"{'i' * 32}/r1"]


def test_a_secret_of_the_configuration_does_not_come_out_of_a_program(bench: Bench) -> None:
    _program(bench.directory, "say-secret", f"echo 'password is {PASSWORD}.'")

    (line,) = _lines(bench, "say-secret", str(bench.directory))

    assert PASSWORD not in line
    assert line.startswith("password is ")


def test_programs_are_looked_up_where_the_configuration_says(bench: Bench) -> None:
    programs = Programs(bench.parts(search_path="/nonexistent"), installation_id="i" * 32, run_id="r1")

    assert not programs.host.finds("sh")
    assert Programs(bench.parts(), installation_id="i" * 32, run_id="r1").host.finds("sh")


def test_a_sidecar_is_a_runner_of_its_own(bench: Bench) -> None:
    programs = Programs(bench.parts(), installation_id="i" * 32, run_id="r1")

    sidecar = programs.sidecar("mariadb:10.11", "c0ffee", {bench.directory: "rw"})

    assert (programs.host.name, sidecar.name) == ("host", "sidecar")
