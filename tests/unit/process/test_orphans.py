"""process.orphans, with real processes."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.process.mark import RunMark
from octeth_backupd.process.orphans import end_orphans

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def installation_id() -> str:
    return uuid.uuid4().hex


@pytest.fixture
def start(installation_id: str) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts a shell that carries a mark and has printed a line; ended afterwards whatever happens."""
    started: list[subprocess.Popen[bytes]] = []

    def start(script: str, *, run_id: str = "run", installation: str = "") -> subprocess.Popen[bytes]:
        mark = RunMark(installation or installation_id, run_id)
        popen = subprocess.Popen(
            ["sh", "-c", f"echo ready; {script}"],
            env={"PATH": os.defpath, **mark.environment()},
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        started.append(popen)
        assert popen.stdout is not None
        popen.stdout.readline()
        return popen

    yield start
    for popen in started:
        popen.kill()
        popen.wait()
        assert popen.stdout is not None
        popen.stdout.close()


def test_left_over_program_and_its_children_are_ended(
    start: Callable[..., subprocess.Popen[bytes]], installation_id: str
) -> None:
    shell = start("sleep 300 & echo started; wait")
    assert shell.stdout is not None
    shell.stdout.readline()

    ended = end_orphans(installation_id)

    assert {orphan.run_id for orphan in ended} == {"run"}
    assert len(ended) == 2
    assert shell.poll() is not None
    assert end_orphans(installation_id) == ()


def test_program_that_ignores_all_signals_is_killed(
    start: Callable[..., subprocess.Popen[bytes]], installation_id: str
) -> None:
    shell = start("trap '' INT TERM HUP; echo x; while :; do sleep 300; done")
    assert shell.stdout is not None
    shell.stdout.readline()

    end_orphans(installation_id, grace_seconds=0.1)

    assert shell.wait() == -9


def test_program_that_only_heeds_interrupt_gets_it(
    start: Callable[..., subprocess.Popen[bytes]], installation_id: str
) -> None:
    shell = start("trap '' TERM HUP; trap 'exit 5' INT; echo x; while :; do sleep 0.05; done")
    assert shell.stdout is not None
    shell.stdout.readline()

    end_orphans(installation_id)

    assert shell.wait() == 5


def test_programs_of_living_runs_are_spared(
    start: Callable[..., subprocess.Popen[bytes]], installation_id: str
) -> None:
    living = start("exec sleep 300", run_id="living")
    left = start("exec sleep 300", run_id="left")

    ended = end_orphans(installation_id, keep=frozenset({"living"}))

    assert [orphan.pid for orphan in ended] == [left.pid]
    assert ended[0].program in {"sh", "sleep"}
    assert living.poll() is None


def test_programs_of_another_installation_are_spared(
    start: Callable[..., subprocess.Popen[bytes]], installation_id: str
) -> None:
    stranger = start("exec sleep 300", installation=f"{installation_id}0")

    ended = end_orphans(installation_id)

    assert ended == ()
    assert stranger.poll() is None


def test_caller_spares_itself(installation_id: str) -> None:
    mark = RunMark(installation_id, "run")
    script = (
        "from octeth_backupd.process.orphans import end_orphans\n"
        f"assert end_orphans({installation_id!r}) == ()\n"
        "print('alive')"
    )

    result = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **mark.environment()},
        capture_output=True,
        text=True,
    )

    assert result.stdout == "alive\n", result.stderr
