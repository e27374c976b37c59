"""Reading from tables and checking them: what is damage, what is skipped, what is not reached."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, cast

import pymysql
import pytest

from octeth_backupd.domain.server import Address
from octeth_backupd.errors import ServerUnreachableError, VerificationError
from octeth_backupd.pipeline.restore.table_checks import (
    Table,
    TableProgress,
    check_tables,
    largest,
    list_tables,
    read_tables,
    user_schemas,
)
from octeth_backupd.servers.sql_errors import PrivilegeMissingError, query_error
from tests.fakes.clock import FakeClock
from tests.fakes.runs import RecordedContext

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from octeth_backupd.servers.session import Session

SMALL = Table(schema="oempro", name="small", engine="InnoDB", size_bytes=10)
LARGE = Table(schema="oempro", name="la`rge", engine="InnoDB", size_bytes=1000)
REMOTE = Table(schema="oempro", name="far", engine="FEDERATED", size_bytes=5000)
OK = [{"Msg_type": "status", "Msg_text": "OK"}]


class AnsweringSession:
    """Answers by a word in the statement; a number stands for the server's refusal with that error number."""

    def __init__(self, answers: Mapping[str, Sequence[dict[str, Any]] | int], clock: FakeClock | None = None) -> None:
        self._answers = answers
        self._clock = clock or FakeClock()
        self.asked: list[str] = []

    def rows(self, sql: str, args: Sequence[object] = ()) -> list[dict[str, Any]]:
        self.asked.append(" ".join(sql.split()))
        self._clock.go(1)
        for word, answer in self._answers.items():
            if word in sql or word in args:
                if isinstance(answer, int):
                    error = pymysql.OperationalError(answer, "the server's words")
                    raise query_error(error, sql=sql, address=Address(host="x")) from error
                return [dict(row) for row in answer]
        return []


def _session(**answers: Sequence[dict[str, Any]] | int) -> Session:
    return cast("Session", AnsweringSession(answers))


def _check(session: Session, *tables: Table, seconds: float = 100, clock: FakeClock | None = None) -> Any:
    return check_tables(
        session,
        tables,
        budget_seconds=seconds,
        monotonic_seconds=(clock or FakeClock()).monotonic_seconds,
        interrupt=lambda: None,
        on_table=lambda _: None,
    )


def test_every_table_is_read_under_its_quoted_name() -> None:
    session = AnsweringSession({})

    report = read_tables(cast("Session", session), [SMALL, LARGE], on_table=lambda _: None)

    assert report.checked == 2
    assert session.asked == ["SELECT * FROM `oempro`.`small` LIMIT 1", "SELECT * FROM `oempro`.`la``rge` LIMIT 1"]


def test_table_that_cannot_be_read_is_named() -> None:
    with pytest.raises(VerificationError, match=r"oempro\.small cannot be read.*the server's words"):
        read_tables(_session(small=1877), [SMALL], on_table=lambda _: None)


def test_discarded_and_remote_tables_are_skipped_and_said() -> None:
    report = read_tables(_session(small=1814), [SMALL, REMOTE], on_table=lambda _: None)

    assert report.checked == 0
    assert report.skipped == ["oempro.small", "oempro.far"]
    assert len(report.notes) == 2


def test_missing_privilege_and_lost_server_are_no_damage() -> None:
    with pytest.raises(PrivilegeMissingError):
        read_tables(_session(small=1142), [SMALL], on_table=lambda _: None)
    with pytest.raises(ServerUnreachableError, match=r"when it had to read oempro\.small"):
        read_tables(_session(small=2013), [SMALL], on_table=lambda _: None)


def test_sound_tables_are_checked_smallest_first() -> None:
    session = AnsweringSession({"CHECK": OK})

    report = _check(cast("Session", session), LARGE, SMALL)

    assert report.checked == 2
    assert session.asked[0] == "CHECK TABLE `oempro`.`small`"


@pytest.mark.parametrize(
    "rows",
    [
        [{"Msg_type": "error", "Msg_text": "Corrupt"}],
        [
            {"Msg_type": "Warning", "Msg_text": "InnoDB: The B-tree is corrupted."},
            {"Msg_type": "error", "Msg_text": "x"},
        ],
        [{"Msg_type": "error", "Msg_text": "x"}, *OK],
        [{"Msg_type": "status", "Msg_text": "Operation failed"}],
        [],
    ],
)
def test_anything_but_a_clean_ok_is_damage(rows: list[dict[str, Any]]) -> None:
    with pytest.raises(VerificationError, match=r"oempro\.small is damaged"):
        _check(_session(CHECK=rows), SMALL)


def test_engine_that_cannot_check_is_skipped_and_said() -> None:
    note = [{"Msg_type": "note", "Msg_text": "The storage engine for the table doesn't support check"}]

    report = _check(_session(CHECK=note), SMALL)

    assert report.skipped == ["oempro.small"]
    assert report.notes == ["oempro.small was not checked: its engine cannot be checked"]


def test_tables_that_the_time_does_not_reach_are_named() -> None:
    clock = FakeClock()
    session = AnsweringSession({"CHECK": OK}, clock)

    report = _check(cast("Session", session), SMALL, LARGE, seconds=1, clock=clock)

    assert report.checked == 1
    assert report.skipped == ["oempro.la`rge"]
    assert report.notes == ["the time for CHECK TABLE was over before 1 tables"]


def test_the_clock_of_the_check_is_stopped_with_it() -> None:
    _check(_session(CHECK=OK), SMALL, seconds=100)

    timers = [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]
    for timer in timers:
        timer.join(timeout=5)
    assert not any(timer.is_alive() for timer in timers)


def test_largest_tables_are_quoted_and_remote_ones_left_out() -> None:
    assert largest([SMALL, REMOTE, LARGE]) == ("`oempro`.`la``rge`", "`oempro`.`small`")


def test_tables_and_schemas_are_listed_as_the_server_says() -> None:
    row = {"NAME": "small", "ENGINE": "InnoDB", "SIZE": 10}

    assert list_tables(_session(TABLES=[row]), ["oempro"]) == (SMALL,)
    assert user_schemas(_session(SCHEMATA=[{"NAME": "oempro"}])) == ("oempro",)


def test_progress_counts_bytes_of_tables() -> None:
    recorded = RecordedContext()
    progress = TableProgress(recorded.context, "rehearse", [SMALL, LARGE])

    recorded.clock.go(2)
    progress.done(SMALL)

    event = cast("Any", recorded.events[-1])
    assert (event.step, event.done_bytes, event.total_bytes) == ("rehearse", 10, 1010)
    assert event.rate_bytes_per_second == 5.0
