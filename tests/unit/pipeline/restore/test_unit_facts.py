"""What systemd says of a server's unit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.pipeline.restore.unit_facts import UnitFacts, read_unit, started_command

if TYPE_CHECKING:
    from collections.abc import Sequence

EXEC_START = (
    "ExecStart={ path=/usr/sbin/mariadbd ; argv[]=/usr/sbin/mariadbd $MYSQLD_OPTS --port=1 $_WSREP_START_POSITION ; "
    "ignore_errors=no ; start_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }"
)


def said(active: str, *, pid: str = "0", load: str = "loaded") -> str:
    return f"LoadState={load}\nActiveState={active}\nMainPID={pid}\n{EXEC_START}\n"


def answering(output: str | None, asked: list[tuple[str, ...]] | None = None) -> object:
    def ask(program: str, arguments: Sequence[str]) -> str | None:
        if asked is not None:
            asked.append((program, *arguments))
        return output

    return ask


@pytest.mark.parametrize(
    ("state", "is_running"),
    [("active", True), ("activating", True), ("deactivating", True), ("inactive", False), ("failed", False)],
)
def test_a_unit_runs_unless_it_has_ended(state: str, is_running: bool, tmp_path: Path) -> None:
    facts = read_unit("mariadb.service", answering(said(state)), process_directory=tmp_path)  # type: ignore[arg-type]

    assert facts == UnitFacts(
        exists=True, is_running=is_running, command=("/usr/sbin/mariadbd", "--port=1"), name="mariadb.service"
    )


def test_a_running_server_says_itself_how_it_was_started(tmp_path: Path) -> None:
    (tmp_path / "77").mkdir()
    (tmp_path / "77" / "cmdline").write_bytes(b"/usr/sbin/mariadbd\0--port=2\0")

    facts = read_unit("x", answering(said("active", pid="77")), process_directory=tmp_path)  # type: ignore[arg-type]

    assert facts.command == ("/usr/sbin/mariadbd", "--port=2")


def test_a_wrapper_is_not_the_server(tmp_path: Path) -> None:
    (tmp_path / "77").mkdir()
    (tmp_path / "77" / "cmdline").write_bytes(b"/bin/sh\0/usr/bin/mysqld_safe\0")

    facts = read_unit("x", answering(said("active", pid="77")), process_directory=tmp_path)  # type: ignore[arg-type]

    assert facts.command == ("/usr/sbin/mariadbd", "--port=1")


@pytest.mark.parametrize("output", [None, "LoadState=not-found\nActiveState=inactive\n"])
def test_without_systemd_or_unit_there_is_nothing(output: str | None) -> None:
    asked: list[tuple[str, ...]] = []

    facts = read_unit("-x", answering(output, asked))  # type: ignore[arg-type]

    assert facts == UnitFacts(exists=False, is_running=False, name="-x", is_known=output is not None)
    assert asked[0][-2:] == ("--", "-x")


def test_output_without_a_start_has_no_command() -> None:
    assert started_command("MainPID=0") == ()


def test_an_alias_is_told_by_its_unit_s_name() -> None:
    output = f"Id=mariadb.service\nFragmentPath=/lib/systemd/system/mariadb.service\n{said('active')}"

    facts = read_unit("mysql.service", answering(output))  # type: ignore[arg-type]

    assert (facts.name, facts.outranking_file) == ("mariadb.service", None)


def test_an_alias_of_a_masked_unit_is_told_by_the_unit_itself() -> None:
    masked = "FragmentPath=/etc/systemd/system/mariadb.service\n"
    answers = {
        "mysql.service": f"Id=mysql.service\n{masked}{said('inactive', load='error')}",
        "mariadb.service": f"Id=mariadb.service\n{masked}{said('active', load='masked')}",
    }

    facts = read_unit("mysql.service", lambda _, arguments: answers[arguments[-1]])

    assert (facts.name, facts.is_running, facts.outranking_file) == ("mariadb.service", True, None)


def test_a_unit_file_that_no_mask_outranks_is_named() -> None:
    output = f"Id=mysqld.service\nFragmentPath=/etc/systemd/system/mysqld.service\n{said('active')}"

    facts = read_unit("mysqld.service", answering(output))  # type: ignore[arg-type]

    assert facts.outranking_file == Path("/etc/systemd/system/mysqld.service")
