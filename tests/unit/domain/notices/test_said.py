"""What is said of runs that no notice of their own is made for."""

from __future__ import annotations

from dataclasses import replace

from octeth_backupd.domain.backup import Operation, RunStatus, Tier
from octeth_backupd.domain.notices.run_notice import RunTrace
from octeth_backupd.domain.notices.said import said_of_begin, said_of_end
from tests.fakes.catalog_values import START, make_run

RUN = replace(make_run(requested_by="uid 0 (root)"), started_at=START, finished_at=START)


def test_a_restore_that_begins_says_of_what_and_by_whom() -> None:
    notice = said_of_begin(replace(RUN, operation=Operation.RESTORE, backup_id="oempro-1"))

    assert notice.title == "oempro: restore started"
    assert notice.text == "The restore of backup oempro-1 was ordered by uid 0 (root)."


def test_a_backup_that_begins_says_its_tier() -> None:
    notice = said_of_begin(replace(RUN, tiers=frozenset({Tier.DAILY})))

    assert (notice.title, notice.fact("tier")) == ("oempro: backup started", "daily")


def test_a_backup_that_was_put_off_says_why_and_that_it_comes() -> None:
    notice = said_of_end(replace(RUN, status=RunStatus.SKIPPED, error="a restore holds the server"), trace=RunTrace())

    assert notice.title == "oempro: backup is put off: a restore holds the server"
    assert "made up for" in notice.text


def test_what_is_routine_has_words_too() -> None:
    notice = said_of_end(replace(RUN, operation=Operation.RETENTION, status=RunStatus.SUCCESS), trace=RunTrace())

    assert notice.title == "oempro: retention success"
