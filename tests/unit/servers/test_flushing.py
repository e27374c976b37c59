from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import pytest

from octeth_backupd.errors import ServerError
from octeth_backupd.servers.flushing import dirty_pages_allowed, flush_dirty_pages, restore_dirty_pages
from octeth_backupd.servers.session import Session
from tests.fakes.clock import FakeClock
from tests.unit.servers.builders import ScriptedSession

_VARIABLES = [
    {"Variable_name": "innodb_max_dirty_pages_pct", "Value": "90.000000"},
    {"Variable_name": "innodb_max_dirty_pages_pct_lwm", "Value": "10.000000"},
]


class FlushingSession(ScriptedSession):
    """Writes pages while it is waited for; the last number stays."""

    def __init__(self, clock: FakeClock, *dirty: int, **answers: Sequence[Mapping[str, Any]] | int) -> None:
        super().__init__({"SHOW GLOBAL VARIABLES": _VARIABLES} | {"SET GLOBAL": answers.get("refusal", [])})
        self._clock = clock
        self._dirty = list(dirty)

    def rows(self, sql: str, args: Sequence[object] = ()) -> list[dict[str, Any]]:
        if "SLEEP" in sql:
            self._clock.go(0.1)
        if "pages_dirty" in sql:
            self.asked.append(sql)
            return [{"Value": str(self._dirty.pop(0) if len(self._dirty) > 1 else self._dirty[0])}]
        return super().rows(sql, args)

    def flush(self, *, seconds: float = 30) -> str:
        return flush_dirty_pages(cast(Session, self), seconds=seconds, clock=self._clock)


def test_flush_ends_when_nothing_is_dirty_and_says_what_was_allowed() -> None:
    clock = FakeClock()
    session = FlushingSession(clock, 500, 200, 0)
    began = clock.monotonic_seconds()

    assert session.flush() == "90.000000/10.000000"
    assert "SET GLOBAL innodb_max_dirty_pages_pct = 0" in session.asked
    assert clock.monotonic_seconds() - began == pytest.approx(0.2)


def test_flush_does_not_wait_for_writers_that_never_end() -> None:
    clock = FakeClock()
    session = FlushingSession(clock, 500, 200, 210)
    began = clock.monotonic_seconds()

    session.flush()

    assert clock.monotonic_seconds() - began < 2


def test_flush_ends_at_its_limit() -> None:
    clock = FakeClock()
    session = FlushingSession(clock, *range(1000, 0, -1))
    began = clock.monotonic_seconds()

    session.flush(seconds=5)

    assert clock.monotonic_seconds() - began == pytest.approx(5, abs=0.2)


def test_account_that_may_not_leaves_all_as_it_is() -> None:
    assert FlushingSession(FakeClock(), 500, refusal=1227).flush() == ""


def test_no_time_to_flush_asks_nothing() -> None:
    session = FlushingSession(FakeClock(), 500)

    assert session.flush(seconds=0) == ""
    assert session.asked == []


def test_low_water_mark_that_the_flush_lowered_comes_back_too() -> None:
    session = ScriptedSession({})

    restore_dirty_pages(cast(Session, session), "90.000000/10.000000")

    assert session.asked == [
        "SET GLOBAL innodb_max_dirty_pages_pct = 90.000000",
        "SET GLOBAL innodb_max_dirty_pages_pct_lwm = 10.000000",
    ]


def test_what_is_no_percentage_never_reaches_the_server() -> None:
    session = ScriptedSession({})

    with pytest.raises(ServerError):
        restore_dirty_pages(cast(Session, session), "0; DROP TABLE t")
    restore_dirty_pages(cast(Session, session), "")

    assert session.asked == []


def test_allowance_is_read_from_variables() -> None:
    assert dirty_pages_allowed({row["Variable_name"]: row["Value"] for row in _VARIABLES}) == "90.000000/10.000000"
    assert dirty_pages_allowed({"innodb_max_dirty_pages_pct": "90"}) == "90"
    assert dirty_pages_allowed({}) == ""
