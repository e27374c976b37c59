"""Asking a server's program about itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.restore.site import Owner
from octeth_backupd.errors import ProgramError
from octeth_backupd.pipeline.restore.server_program import (
    ASK_TIMEOUT_SECONDS,
    ask_account,
    ask_configuration,
    ask_version,
    on_host,
    printed_defaults,
)
from tests.fakes.runner import ScriptedRunner

if TYPE_CHECKING:
    from collections.abc import Sequence

VERSION = "/usr/sbin/mysqld  Ver 9.7.4-2 for Linux on x86_64 ((Debian))"


class Asked:
    """Answers by program, and remembers what it was asked."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.questions: list[tuple[str, ...]] = []

    def __call__(self, program: str, arguments: Sequence[str]) -> str | None:
        self.questions.append((program, *arguments))
        return self.answers.get(program)


def test_the_program_that_is_there_tells_its_version() -> None:
    asked = Asked(mariadbd="mariadbd  Ver 10.11.18-MariaDB\n")

    assert ask_version(asked) == ("mariadbd", "mariadbd Ver 10.11.18-MariaDB")
    assert asked.questions == [("mysqld", "--version"), ("mariadbd", "--version")]


def test_the_likely_program_is_tried_first_and_once() -> None:
    asked = Asked(mysqld=VERSION)

    ask_version(asked, ("/opt/mysqld", "mysqld"))

    assert [program for program, _ in asked.questions] == ["/opt/mysqld", "mysqld"]


def test_output_without_a_version_is_no_answer() -> None:
    assert ask_version(Asked(mysqld="Segmentation fault", mariadbd="")) is None


def test_configuration_is_asked_for_with_nothing_but_the_choice_of_files() -> None:
    asked = Asked(mysqld="mysqld would have been started with the following arguments:\n--port=1 --log-bin=/l/b \n")
    command = ("mysqld", "--defaults-file=/my.cnf", "--report-password=canary")

    assert ask_configuration(asked, "mysqld", command) == ("--port=1", "--log-bin=/l/b")
    assert asked.questions == [("mysqld", "--defaults-file=/my.cnf", "--print-defaults")]


def test_a_server_that_reads_no_files_is_not_asked() -> None:
    asked = Asked(mysqld="--port=1")

    assert ask_configuration(asked, "mysqld", ("--no-defaults",)) == ()
    assert asked.questions == []


def test_a_program_that_prints_nothing_has_no_configuration() -> None:
    assert ask_configuration(Asked(), "mysqld", ()) == ()


def test_a_value_with_a_space_stays_whole() -> None:
    assert printed_defaults("x\n--init-connect=SET NAMES utf8 --port=1") == (
        "--init-connect=SET NAMES utf8",
        "--port=1",
    )


def test_the_account_is_read_in_numbers() -> None:
    asked = Asked(id="uid=999(mysql) gid=998(mysql) groups=998(mysql)")

    assert ask_account(asked) == Owner(user_id=999, group_id=998)
    assert ask_account(Asked()) is None


def test_a_program_of_the_host_is_run_within_a_limit() -> None:
    runner = ScriptedRunner([VERSION])

    assert on_host(runner)("mysqld", ("--version",)) == VERSION
    assert runner.timeouts == [ASK_TIMEOUT_SECONDS]


def test_a_program_that_fails_or_is_missing_has_no_answer() -> None:
    assert on_host(ScriptedRunner(["x"], exit_code=1))("mysqld", ()) is None
    assert on_host(ScriptedRunner(error=ProgramError("not installed")))("mysqld", ()) is None
