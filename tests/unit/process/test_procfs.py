"""process.procfs."""

from __future__ import annotations

import os
import subprocess

from octeth_backupd.process.mark import ENVIRONMENT_NAME, RunMark
from octeth_backupd.process.procfs import command_lines, marked_processes, read_mark, read_stat, session_members


def test_own_process_is_described() -> None:
    stat = read_stat(os.getpid())

    assert stat is not None
    assert stat.is_alive
    assert (stat.group, stat.session) == (os.getpgrp(), os.getsid(0))


def test_process_that_is_not_there_is_none() -> None:
    assert read_stat(2**22 + 1) is None
    assert read_mark(2**22 + 1) is None


def test_session_holds_leader_and_children_but_no_zombie() -> None:
    with subprocess.Popen(
        ["sh", "-c", "sleep 300 & echo ready; read line; kill $!; kill -9 $$"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as shell:
        assert shell.stdin is not None
        assert shell.stdout is not None
        shell.stdout.readline()
        before = session_members(shell.pid)
        shell.stdin.write(b"go\n")
        shell.stdin.flush()
        os.waitid(os.P_PID, shell.pid, os.WEXITED | os.WNOWAIT)
        stat = read_stat(shell.pid)
        after = session_members(shell.pid)

    assert sorted(member.program for member in before) in (["sh", "sh"], ["sh", "sleep"])
    assert stat is not None
    assert not stat.is_alive
    assert shell.pid not in [member.pid for member in after]


def test_marked_process_is_found() -> None:
    with subprocess.Popen(
        ["sh", "-c", "echo ready; read line"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={ENVIRONMENT_NAME: "installation-a/run-b", "PATH": os.defpath},
    ) as marked:
        assert marked.stdin is not None
        assert marked.stdout is not None
        marked.stdout.readline()  # before that the kernel may still be setting its environment up
        found = dict(marked_processes())
        marked.stdin.close()

    assert found[marked.pid] == RunMark("installation-a", "run-b")
    assert os.getpid() not in found


def test_program_name_with_parentheses_and_spaces_is_read_whole(tmp_path: os.PathLike[str]) -> None:
    program = os.path.join(tmp_path, "a) b (c")  # noqa: PTH118 - the name is the point
    os.symlink("/bin/sleep", program)  # noqa: PTH211

    with subprocess.Popen([program, "300"]) as sleep:
        stat = read_stat(sleep.pid)
        sleep.kill()

    assert stat is not None
    assert stat.program == "a) b (c"


def test_command_lines_are_told_argument_by_argument() -> None:
    script = "echo ready; read line"
    with subprocess.Popen(["sh", "-c", script, "a b"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()  # before that the kernel may still be setting its arguments up
        found = dict(command_lines())
        process.stdin.close()

    assert found[process.pid][1:] == ("-c", script, "a b")
    assert found[os.getpid()]
