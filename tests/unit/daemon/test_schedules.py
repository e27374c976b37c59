"""Ledger and scheduler are told the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from octeth_backupd.daemon.schedules import Schedules
from octeth_backupd.errors import NotFoundError
from octeth_backupd.scheduling.ledger import SlotLedger
from octeth_backupd.scheduling.scheduler import Scheduler
from octeth_backupd.scheduling.settings import SchedulesSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.bench import Bench

DEFINITIONS = SchedulesSettings(timezone="UTC").definitions(("oempro",))


@pytest.fixture
def schedules(bench: Bench) -> Iterator[Schedules]:
    """The schedules of one server, over a real ledger and a real scheduler that is not running yet."""
    ledger = SlotLedger(catalog=bench.catalog, clock=bench.clock, definitions=())
    scheduler = Scheduler(path=bench.directory / "s.sqlite", clock=bench.clock, on_due=lambda _server, _schedule: None)
    scheduler.start_paused()
    yield Schedules(ledger, scheduler)
    scheduler.stop()


def test_what_is_taken_up_is_what_is_shown(schedules: Schedules) -> None:
    schedules.take_up(DEFINITIONS)

    assert {(view.server, view.schedule) for view in schedules.views()} == {
        (definition.server, definition.name) for definition in DEFINITIONS
    }


def test_a_pause_is_kept_when_the_schedules_are_taken_up_again(schedules: Schedules) -> None:
    schedules.take_up(DEFINITIONS)
    schedules.set_paused("oempro", "daily", True, "root")

    schedules.take_up(DEFINITIONS)

    assert {view.schedule for view in schedules.views() if view.paused} == {"daily"}


def test_without_a_name_all_schedules_of_the_server_are_resumed(schedules: Schedules) -> None:
    schedules.take_up(DEFINITIONS)
    schedules.set_paused("oempro", None, True, "root")

    schedules.set_paused("oempro", None, False, "root")

    assert not any(view.paused for view in schedules.views())


def test_a_schedule_that_does_not_exist_is_not_paused(schedules: Schedules) -> None:
    schedules.take_up(DEFINITIONS)

    with pytest.raises(NotFoundError):
        schedules.set_paused("oempro", "hourly", True, "root")
