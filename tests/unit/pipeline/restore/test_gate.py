from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from octeth_backupd.domain.restore.journal import Expected
from octeth_backupd.domain.restore.old_login import NO_LOGIN, OLD_LOGIN
from octeth_backupd.errors import DockerError, RestoreError, ServerError, ServerUnreachableError
from octeth_backupd.pipeline.restore import readiness
from octeth_backupd.pipeline.restore.gate import pass_gate
from tests.fakes.power import FakePower
from tests.unit.pipeline.restore.doors import CONFIGURED, OLD, Door
from tests.unit.servers.builders import ScriptedSession

if TYPE_CHECKING:
    from collections.abc import Sequence

    from octeth_backupd.pipeline.restore.login import Login
    from tests.fakes.bench import Bench

_EXPECTED = Expected(
    tables={"shop": 2}, largest=("`shop`.`orders`",), gtid="3e11fa47-71ca-11e1-9e33-c80aa9429562:1-20", login="old"
)
_IN_ORDER: dict[str, Any] = {
    "GROUP BY TABLE_SCHEMA": [{"TABLE_SCHEMA": "shop", "NUMBER": 2}],
    "SHOW GRANTS": [{"Grants": "GRANT ALL PRIVILEGES ON *.* TO `backup`@`%`"}],
    "SELECT VERSION": [{"VERSION()": "9.7.4"}],
    "GTID_SUBSET": [{"contained": 1, "executed": _EXPECTED.gtid}],
    "`shop`.`orders`": [{"id": 1}],
}


class GateBench:
    """A started server whose answers are attributes."""

    def __init__(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bench = bench
        self.power = FakePower(clock=bench.clock)
        self.session = ScriptedSession(dict(_IN_ORDER))
        self.door = Door({"old": self.session})
        self.waited, self.free_after = 0, -1
        monkeypatch.setattr(readiness, "log_in", self.door.log_in)

    def answers(self, word: str, answer: Any) -> None:
        self.session.answers = {**self.session.answers, word: answer}

    def gate(
        self, logins: Sequence[Login] = (OLD,), expected: Expected = _EXPECTED, *, has_served: bool = False
    ) -> tuple[str, ...]:
        return pass_gate(
            self.bench.context(),
            self.bench.server,
            self.power,
            expected,
            logins,
            since=self.bench.clock.now(),
            has_served=has_served,
            wait=self.wait,
        )

    def wait(self, seconds: float) -> None:
        self.bench.clock.go(seconds)
        self.waited += 1
        if self.waited == self.free_after:
            self.door.error = None


@pytest.fixture
def gated(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> GateBench:
    return GateBench(bench, monkeypatch)


def test_server_in_order_passes_after_each_large_table_was_read(gated: GateBench) -> None:
    assert gated.gate() == ()
    assert "SELECT * FROM `shop`.`orders` LIMIT 1" in gated.session.asked


def test_login_of_the_rehearsal_is_tried_first(gated: GateBench) -> None:
    gated.gate((CONFIGURED, OLD))

    assert gated.door.tried == ["old"]


def test_old_password_that_no_rehearsal_has_told_of_is_a_note(gated: GateBench) -> None:
    assert gated.gate((CONFIGURED, OLD), replace(_EXPECTED, login="")) == (OLD_LOGIN,)


def test_refused_login_alone_does_not_fail_it(gated: GateBench) -> None:
    gated.door.accepts.clear()

    assert gated.gate((CONFIGURED, OLD)) == (NO_LOGIN, "not looked into: backup was refused")


def test_refused_login_with_corruption_in_the_log_fails_it(gated: GateBench) -> None:
    gated.door.accepts.clear()
    gated.power.lines = ["[ERROR] [MY-012224] [InnoDB] Database page corruption on disk"]

    with pytest.raises(RestoreError, match="Database page corruption"):
        gated.gate()


def test_missing_tables_are_named(gated: GateBench) -> None:
    gated.answers("GROUP BY TABLE_SCHEMA", [])

    with pytest.raises(RestoreError, match="database shop is missing"):
        gated.gate()


def test_table_that_cannot_be_read_is_named(gated: GateBench) -> None:
    gated.answers("`shop`.`orders`", 1030)

    with pytest.raises(RestoreError, match=r"table `shop`\.`orders` cannot be read"):
        gated.gate()


def test_gtids_that_are_missing_fail_it(gated: GateBench) -> None:
    gated.answers("GTID_SUBSET", [{"contained": 0, "executed": "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-19"}])

    with pytest.raises(RestoreError, match=r":1-19 and does not hold .*:1-20"):
        gated.gate()


def test_mariadb_is_not_asked_for_gtids(gated: GateBench) -> None:
    gated.answers("SELECT VERSION", [{"VERSION()": "10.11.18-MariaDB-log"}])

    gated.gate()

    assert not any("GTID_SUBSET" in sql for sql in gated.session.asked)


def test_what_the_account_may_not_see_is_a_note(gated: GateBench) -> None:
    gated.answers("`shop`.`orders`", 1142)

    (note,) = gated.gate()

    assert "lacks the privilege" in note


REMOVED = pytest.mark.parametrize(
    ("word", "answer", "gone"),
    [
        ("GROUP BY TABLE_SCHEMA", [], "database shop is missing"),
        ("`shop`.`orders`", 1146, "table `shop`.`orders` is not there"),
        ("`shop`.`orders`", 1049, "table `shop`.`orders` is not there"),
    ],
)


@REMOVED
def test_what_is_not_there_takes_the_data_away(gated: GateBench, word: str, answer: Any, gone: str) -> None:
    gated.answers(word, answer)

    with pytest.raises(RestoreError, match=re.escape(gone)):
        gated.gate()


@REMOVED
def test_what_clients_may_have_removed_meanwhile_is_a_note(gated: GateBench, word: str, answer: Any, gone: str) -> None:
    gated.answers(word, answer)

    (note,) = gated.gate(has_served=True)

    assert note.startswith(gone)


def test_table_that_cannot_be_read_takes_data_away_from_a_server_that_has_served_too(gated: GateBench) -> None:
    gated.answers("`shop`.`orders`", 1030)

    with pytest.raises(RestoreError, match="cannot be read"):
        gated.gate(has_served=True)


def test_table_that_had_no_file_in_the_backup_either_is_a_note(gated: GateBench) -> None:
    gated.answers("`shop`.`orders`", 1814)

    (note,) = gated.gate()

    assert "`shop`.`orders` has had no file" in note


def test_server_that_died_under_the_reads_fails_it(gated: GateBench) -> None:
    gated.answers("`shop`.`orders`", 2013)
    gated.power.running, gated.power.exit_code = False, 139

    with pytest.raises(RestoreError, match=r"it has ended with exit code 139; .*connection .* was lost"):
        gated.gate()


def test_server_that_does_not_answer_fails_it(gated: GateBench) -> None:
    gated.door.error = ServerUnreachableError("nobody answers", retryable=True)

    with pytest.raises(RestoreError, match="nobody answers"):
        gated.gate()


def test_server_whose_connections_are_all_taken_for_a_while_passes(gated: GateBench) -> None:
    gated.door.error = ServerError("too many connections", retryable=True)
    gated.free_after = 3

    assert gated.gate() == ()
    assert gated.waited == 3


def test_server_that_has_ended_is_not_waited_for(gated: GateBench) -> None:
    gated.door.error = ServerUnreachableError("nobody answers", retryable=True)
    gated.power.running = False

    with pytest.raises(RestoreError, match="it has ended"):
        gated.gate()
    assert gated.waited == 0


def test_every_failure_is_named_at_once(gated: GateBench) -> None:
    gated.answers("GROUP BY TABLE_SCHEMA", [])
    gated.power.lines = ["[ERROR] InnoDB: page corruption"]

    with pytest.raises(RestoreError, match=r"shop is missing; its log says: \[ERROR\]"):
        gated.gate()


def test_engine_that_is_away_is_no_verdict(gated: GateBench) -> None:
    gated.power.error = DockerError("the engine is down", retryable=True)

    with pytest.raises(DockerError):
        gated.gate()


def test_nothing_expected_is_nothing_compared(gated: GateBench) -> None:
    gated.session.answers = {}

    assert gated.gate(expected=Expected(login="old")) == ()


def test_notes_are_warnings_of_the_run_too(gated: GateBench) -> None:
    gated.answers("GROUP BY TABLE_SCHEMA", [{"TABLE_SCHEMA": "shop", "NUMBER": 3}])

    (note,) = gated.gate()

    assert f"gate: {note}" in [getattr(event, "message", "") for event in gated.bench.events]


def test_an_account_that_may_not_see_all_tables_only_makes_a_note_of_missing_ones(gated: GateBench) -> None:
    gated.answers("GROUP BY TABLE_SCHEMA", [])
    gated.answers("SHOW GRANTS", [{"Grants": "GRANT RELOAD, PROCESS ON *.* TO `backup`@`%`"}])

    assert gated.gate() == ("database shop is missing, as far as backup may see",)
