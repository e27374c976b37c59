"""Journals, as values and as JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from octeth_backupd.domain.restore.journal import Expected, Journal, RestartPolicy, from_mapping, to_mapping
from octeth_backupd.domain.restore.machine import State
from octeth_backupd.domain.restore.swap import Swap, SwapMethod
from octeth_backupd.errors import MetadataError

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)

JOURNAL = Journal(
    restore_id="20261122-120000-abcdef",
    installation_id="i" * 32,
    server="oempro",
    backup_id="oempro-2026-11-21_02-00-00",
    archive="octeth-backup-2026-11-21_02-00-00.tar.zst",
    container="oempro_mysql",
    container_id="c" * 64,
    swaps=(
        Swap(
            role="data",
            live=Path("/srv/mysql/data"),
            room=Path("/srv/mysql/.octeth-backupd-x"),
            method=SwapMethod.EXCHANGE,
            live_inode=11,
            incoming_inode=12,
        ),
        Swap(
            role="binlog",
            live=Path("/srv/mysql/log"),
            room=Path("/srv/mysql/log/.octeth-backupd-x"),
            method=SwapMethod.ENTRIES,
            pattern=r"binlog\.\d+",
        ),
    ),
    policy=RestartPolicy(name="on-failure", maximum_retries=3),
    was_running=True,
    was_answering=True,
    expected=Expected(tables={"oempro": 12}, largest=("`oempro`.`t`",), gtid="a:1-5", login="old"),
    carried_over=("mysqld-auto.cnf",),
    requested_by="uid 0 (root)",
    created_at=AT,
)


def test_a_journal_survives_json() -> None:
    journal = JOURNAL.moved_to(State.SWAPPING, AT, has_swapped=True, expires_at=AT, aside_bytes=7)

    assert from_mapping(json.loads(json.dumps(to_mapping(journal)))) == journal


def test_moving_on_adds_to_the_history() -> None:
    later = AT + timedelta(seconds=5)
    journal = JOURNAL.moved_to(State.STAGING, AT).moved_to(State.FENCING, later, reason="r")

    assert journal.history == ((State.STAGING, AT), (State.FENCING, later))
    assert (journal.state, journal.reason) == (State.FENCING, "r")


def test_since_is_the_last_time_a_state_was_entered() -> None:
    later = AT + timedelta(seconds=5)
    journal = JOURNAL.moved_to(State.STARTING, AT).moved_to(State.STARTING, later)

    assert journal.since(State.STARTING) == later
    assert journal.since(State.GATING) is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"state": State.COMMITTED, "has_swapped": True}, True),
        ({"state": State.ROLLED_BACK, "has_swapped": True}, True),
        ({"state": State.ABORTED}, False),
        ({"state": State.STARTING, "has_swapped": True}, False),
        ({"state": State.COMMITTED, "has_swapped": True, "removed_at": AT}, False),
    ],
)
def test_a_safety_copy_is_there_from_the_end_of_the_swap_until_it_is_removed(
    changes: dict[str, object],
    expected: bool,
) -> None:
    journal = replace(JOURNAL, **changes)  # type: ignore[arg-type]

    assert journal.holds_safety_copy is expected


@pytest.mark.parametrize("content", [None, [], {}, {"format_version": 1}, {"format_version": 1, "state": "dancing"}])
def test_what_is_no_journal_is_refused(content: object) -> None:
    with pytest.raises(MetadataError, match="journal"):
        from_mapping(content)


def test_a_journal_of_a_newer_release_is_refused() -> None:
    with pytest.raises(MetadataError, match="format 99"):
        from_mapping({**to_mapping(JOURNAL), "format_version": 99})
