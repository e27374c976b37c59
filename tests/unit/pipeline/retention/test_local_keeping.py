"""Older local copies go only after somebody confirmed that they may; those of new backups go as always."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.backup import CopyState, Operation
from octeth_backupd.domain.retention.order import RetentionOrder
from octeth_backupd.pipeline.retention.local_keeping import (
    confirm_local_keeping,
    is_awaiting_confirmation,
    note_local_keeping,
    why_local_copies_stay,
)
from octeth_backupd.pipeline.retention.operations import apply_retention
from tests.fakes.catalog_values import make_backup
from tests.fakes.shelf import DAY

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.shelf import Shelf

SECOND = timedelta(seconds=1)


@pytest.fixture
def note(shelf: Shelf) -> Callable[[bool], None]:
    """What the daemon does when a configuration comes into force."""
    return lambda keep_local: note_local_keeping(shelf.bench.catalog, keep_local=keep_local, at=shelf.bench.clock.now())


def test_after_a_change_older_copies_wait_and_those_of_new_backups_do_not(
    shelf: Shelf, note: Callable[[bool], None]
) -> None:
    catalog, clock = shelf.bench.catalog, shelf.bench.clock
    note(True)
    shelf.nights(2)

    note(False)

    assert is_awaiting_confirmation(catalog, clock.now() - DAY)
    assert not is_awaiting_confirmation(catalog, clock.now() + SECOND)
    assert "retention --apply" in why_local_copies_stay(catalog)


def test_one_apply_confirms_it_and_a_scheduled_retention_does_not(shelf: Shelf, note: Callable[[bool], None]) -> None:
    note(True)
    shelf.nights(2)
    note(False)
    parts = replace(shelf.parts, keep_local=False)

    apply_retention(shelf.context(Operation.RETENTION), parts)
    assert why_local_copies_stay(shelf.bench.catalog)

    apply_retention(shelf.context(Operation.RETENTION, order=RetentionOrder(keep_local=False)), parts)
    assert why_local_copies_stay(shelf.bench.catalog) == ""
    assert not is_awaiting_confirmation(shelf.bench.catalog, shelf.bench.clock.now() - DAY)


def test_what_was_ordered_before_the_change_does_not_confirm_it(shelf: Shelf, note: Callable[[bool], None]) -> None:
    note(True)
    shelf.nights(2)
    ordered = RetentionOrder(keep_local=True)
    note(False)

    apply_retention(shelf.context(Operation.RETENTION, order=ordered), replace(shelf.parts, keep_local=False))

    assert "retention --apply" in why_local_copies_stay(shelf.bench.catalog)


@pytest.mark.parametrize("state", [CopyState.MISSING, CopyState.CORRUPT])
def test_copies_that_may_come_back_are_not_given_up_unasked(
    shelf: Shelf, note: Callable[[bool], None], state: CopyState
) -> None:
    note(True)
    shelf.bench.catalog.add_backup(make_backup(taken_at=shelf.bench.clock.now(), copies={"local": state}))

    note(False)

    assert is_awaiting_confirmation(shelf.bench.catalog, shelf.bench.clock.now() - DAY)


def test_restart_does_not_move_the_time_of_the_change(shelf: Shelf, note: Callable[[bool], None]) -> None:
    note(True)
    shelf.nights(1)
    note(False)
    of_new_backup = shelf.bench.clock.now() + SECOND

    shelf.bench.clock.go(3600)
    note(False)

    assert not is_awaiting_confirmation(shelf.bench.catalog, of_new_backup)


def test_what_was_confirmed_once_is_asked_again_after_copies_were_kept_again(
    shelf: Shelf, note: Callable[[bool], None]
) -> None:
    shelf.nights(1)
    note(False)
    confirm_local_keeping(shelf.bench.catalog, keep_local=False)
    note(False)
    assert not is_awaiting_confirmation(shelf.bench.catalog, shelf.bench.clock.now() - DAY)

    note(True)
    assert why_local_copies_stay(shelf.bench.catalog) == ""
    note(False)

    assert is_awaiting_confirmation(shelf.bench.catalog, shelf.bench.clock.now() - DAY)


def test_between_the_change_and_its_note_everything_waits(shelf: Shelf, note: Callable[[bool], None]) -> None:
    note(True)

    assert is_awaiting_confirmation(shelf.bench.catalog, shelf.bench.clock.now() + DAY)


def test_installation_without_local_copies_has_nothing_to_confirm(shelf: Shelf, note: Callable[[bool], None]) -> None:
    note(True)
    note(False)

    assert not is_awaiting_confirmation(shelf.bench.catalog, shelf.bench.clock.now() - DAY)
