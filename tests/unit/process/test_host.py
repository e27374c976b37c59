"""process.host: what the contract suite of runners does not say."""

from __future__ import annotations

import os
import resource
import shutil
import threading
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.errors import CancelledError, ProgramError
from octeth_backupd.process.cancellation import Cancellation
from octeth_backupd.process.command import Command
from octeth_backupd.process.host import HostRunner
from octeth_backupd.process.mark import RunMark
from octeth_backupd.process.procfs import marked_processes
from octeth_backupd.process.redaction import Redactor

if TYPE_CHECKING:
    from pathlib import Path

    from octeth_backupd.process.command import Completed


def _runner(run_id: str = "run", path: str | None = None) -> HostRunner:
    return HostRunner(mark=RunMark("installation-of-test-host", run_id), redactor=Redactor(["s3cret"]), path=path)


def _run(command: Command) -> Completed:
    return _runner().run(command, on_line=lambda _: None, cancellation=Cancellation())


def _shell(script: str, *, low_priority: bool = True, open_files_limit: int = 0) -> Command:
    return Command(program="sh", arguments=("-c", script), low_priority=low_priority, open_files_limit=open_files_limit)


def _left(run_id: str) -> list[int]:
    return [pid for pid, mark in marked_processes() if mark == RunMark("installation-of-test-host", run_id)]


def test_program_lives_on_the_thread_that_runs_it_not_on_the_one_that_made_the_runner() -> None:
    # XtraBackup asks the kernel to kill it when the thread that spawned it ends; so does this.
    assert shutil.which("setpriv"), "setpriv is needed for the tests: apt-get install util-linux"
    command = Command(program="setpriv", arguments=("--pdeathsig", "KILL", "sh", "-c", "sleep 0.3; echo survived"))
    results: list[Completed] = []
    thread = threading.Thread(target=lambda: results.append(_run(command)))

    thread.start()
    thread.join()

    assert results[0].output == ("survived",)
    assert results[0].exit_code == 0


def test_priority_is_low_when_asked_for() -> None:
    own = os.getpriority(os.PRIO_PROCESS, 0)

    # The priority is set right after the start: give the shell a moment before it looks.
    low = _run(_shell("sleep 0.3; exec cut -d' ' -f19 /proc/self/stat"))
    ordinary = _run(_shell("exec cut -d' ' -f19 /proc/self/stat", low_priority=False))

    assert int(low.output[0]) == max(own, 10)
    assert int(ordinary.output[0]) == own


def test_open_files_limit_is_raised_but_never_lowered() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(soft + 1, hard)

    raised = _run(_shell("sleep 0.1; ulimit -Sn", open_files_limit=wanted))
    kept = _run(_shell("sleep 0.1; ulimit -Sn", open_files_limit=16))

    assert int(raised.output[0]) == wanted
    assert int(kept.output[0]) == soft


def test_open_files_limit_beyond_what_the_kernel_allows_fails_nothing() -> None:
    completed = _run(_shell("sleep 0.1; ulimit -Sn", open_files_limit=2**40))

    assert int(completed.output[0]) == resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def test_program_that_cannot_be_executed_is_an_error(tmp_path: Path) -> None:
    program = tmp_path / "broken"
    program.write_text("#!/nonexistent/interpreter\n")
    program.chmod(0o755)

    with pytest.raises(ProgramError, match="cannot be started") as caught:
        _run(Command(program=str(program)))

    assert caught.value.hint


@pytest.mark.parametrize(
    ("program", "package"),
    [("tar", "tar"), ("pigz", "pigz"), ("xtrabackup", "percona-xtrabackup-80"), ("mariadb-backup", "mariadb-backup")],
)
def test_missing_program_names_its_package(program: str, package: str, tmp_path: Path) -> None:
    with pytest.raises(ProgramError, match=f"{program} is not installed") as caught:
        _runner(path=str(tmp_path)).run(Command(program=program), on_line=lambda _: None, cancellation=Cancellation())

    assert package in caught.value.hint


def test_program_has_nothing_to_read() -> None:
    completed = _run(Command(program="cat"))

    assert completed.exit_code == 0


def test_working_directory_is_the_one_asked_for(tmp_path: Path) -> None:
    completed = _run(Command(program="pwd", arguments=("-P",), working_directory=tmp_path))

    assert completed.output == (str(tmp_path.resolve()),)


def test_child_that_has_left_the_group_is_ended_too() -> None:
    # A shell with job control gives each background program a group of its own within the session.
    completed = _runner("leaver").run(
        _shell("set -m; sleep 300 & echo done"), on_line=lambda _: None, cancellation=Cancellation()
    )

    assert completed.exit_code == 0
    assert _left("leaver") == []


def test_piped_program_streams_bytes_and_keeps_its_errors_apart() -> None:
    with _runner().pipe(_shell(r"printf '\000\377'; echo about s3cret >&2; exit 3")) as program:
        data = program.stdout.read()
        completed = program.wait()

    assert data == b"\0\xff"
    assert completed.exit_code == 3
    assert completed.output == ("about ***",)


def test_piped_program_reads_what_it_is_given(tmp_path: Path) -> None:
    path = tmp_path / "input"
    path.write_bytes(b"x" * 300_000)

    with path.open("rb") as source, _runner().pipe(Command(program="cat"), stdin=source) as program:
        data = program.stdout.read()
        completed = program.wait()

    assert data == b"x" * 300_000
    assert completed.exit_code == 0


def test_piped_program_with_much_to_complain_does_not_block() -> None:
    with _runner().pipe(
        _shell("i=0; while [ $i -lt 20000 ]; do echo complaint $i >&2; i=$((i+1)); done; echo x")
    ) as it:
        data = it.stdout.read()
        completed = it.wait()

    assert data == b"x\n"
    assert completed.output[-1] == "complaint 19999"


def test_piped_program_left_by_an_error_is_ended() -> None:
    with pytest.raises(LookupError), _runner("left").pipe(_shell("sleep 300 & echo x; sleep 300")) as program:
        program.stdout.read(1)
        raise LookupError

    assert _left("left") == []


def test_piped_program_left_without_waiting_is_ended() -> None:
    with _runner("unwaited").pipe(Command(program="yes")) as program:
        first = program.stdout.read(2)

    assert first == b"y\n"
    assert _left("unwaited") == []


def test_wait_does_not_wait_for_a_reader_who_has_stopped() -> None:
    with _runner().pipe(Command(program="yes")) as program:
        program.stdout.read(2)
        completed = program.wait()

    assert completed.exit_code != 0


def test_cancellation_ends_a_piped_program_that_says_nothing() -> None:
    cancellation = Cancellation()

    with (
        pytest.raises(CancelledError),
        _runner("piped").pipe(
            _shell("trap '' TERM INT; echo x; while :; do sleep 300; done"), cancellation=cancellation
        ) as program,
    ):
        program.stdout.read(1)
        cancellation.cancel()
        program.stdout.read()
        program.wait()

    assert _left("piped") == []


def test_piped_program_of_a_cancelled_run_does_not_start() -> None:
    cancellation = Cancellation()
    cancellation.cancel()

    with pytest.raises(CancelledError), _runner().pipe(Command(program="cat"), cancellation=cancellation):
        raise AssertionError("started")


def test_installed_programs_are_found() -> None:
    assert _runner().finds("sh")
    assert not _runner().finds("no-such-program-1f3e")
    assert not _runner(path="/nonexistent").finds("sh")


def test_nothing_of_many_runs_is_left_open() -> None:
    runner = _runner()
    runner.run(_shell("exit 0"), on_line=lambda _: None, cancellation=Cancellation())
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208

    for _ in range(5):
        runner.run(_shell("echo x"), on_line=lambda _: None, cancellation=Cancellation())
        with runner.pipe(_shell("echo x")) as program:
            program.stdout.read()
            program.wait()

    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
