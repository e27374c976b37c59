"""Whether there is a backup that is good enough."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from octeth_backupd.domain.backup import CopyState, RunStatus, Tier
from octeth_backupd.domain.freshness import (
    Freshness,
    Requirements,
    Verdict,
    Verified,
    duration_words,
    judge,
    size_words,
    verified_backups,
    worst,
)
from octeth_backupd.domain.holdings import ProofLevel
from octeth_backupd.domain.retention.facts import BackupFacts, CopyFacts
from tests.fakes.catalog_values import make_run

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
GIB = 1 << 30


def _verified(hours: float = 10, **changes: Any) -> Verified:
    backup = Verified(
        backup_id=f"oempro-{hours}",
        taken_at=NOW - hours * HOUR,
        size_bytes=GIB,
        proof=ProofLevel.PREPARED,
        storages=("local",),
    )
    return replace(backup, **changes)


def _facts(**changes: Any) -> BackupFacts:
    copy = CopyFacts(storage="local", state=CopyState.PRESENT, size_bytes=5)
    facts = BackupFacts(
        backup_id="oempro-1", taken_at=NOW, tier=Tier.DAILY, copies=(copy,), proof_level=ProofLevel.PREPARED
    )
    return replace(facts, **changes)


def _judge(*backups: Verified, **requirements: Any) -> Freshness:
    return judge("oempro", backups, Requirements(**requirements), now=NOW)


def test_a_good_backup_of_ours_that_can_be_read_is_verified() -> None:
    [found] = verified_backups([_facts()], storages={"local"})

    assert (found.backup_id, found.size_bytes, found.storages) == ("oempro-1", 5, ("local",))


@pytest.mark.parametrize(
    "changes",
    [
        {"suspect": "tiny"},
        {"is_ours": False},
        {"proof_level": None},
        {"copies": ()},
        {"copies": (CopyFacts(storage="s3", state=CopyState.PENDING, size_bytes=5),)},
        {"copies": (CopyFacts(storage="s3", state=CopyState.CORRUPT, size_bytes=5),)},
        {"copies": (CopyFacts(storage="local", state=CopyState.PRESENT, size_bytes=5, is_expiring=True),)},
    ],
    ids=["suspect", "another's", "nothing shown", "no copy", "pending", "corrupt", "being deleted"],
)
def test_what_cannot_be_relied_on_is_not_verified(changes: dict[str, Any]) -> None:
    assert verified_backups([_facts(**changes)], storages={"local", "s3"}) == ()


def test_a_copy_in_a_storage_that_is_not_configured_any_more_does_not_count() -> None:
    there = CopyFacts(storage="local", state=CopyState.PRESENT, size_bytes=5)
    gone = CopyFacts(storage="old-s3", state=CopyState.PRESENT, size_bytes=9)

    [found] = verified_backups([_facts(copies=(there, gone))], storages={"local"})

    assert (found.storages, found.size_bytes) == (("local",), 5)
    assert verified_backups([_facts(copies=(gone,))], storages={"local"}) == ()


def test_a_backup_that_is_dated_in_the_future_does_not_count() -> None:
    misdated, old = _verified(-24 * 365 * 4), _verified(30)

    stale = _judge(misdated, old, max_age_seconds=26 * 3600)
    alone = _judge(misdated)

    assert (stale.verdict, stale.backup) == (Verdict.CRITICAL, old)
    assert stale.problems == (
        "the newest verified backup is 30 h 00 min old, 26 h 00 min are allowed",
        f"{misdated.backup_id} is dated in the future and does not count",
    )
    assert (alone.verdict, alone.backup) == (Verdict.CRITICAL, None)
    assert alone.problems == ("no verified backup", f"{misdated.backup_id} is dated in the future and does not count")
    assert _judge(misdated, _verified(10), max_age_seconds=26 * 3600).problems == ()


def test_clocks_that_differ_by_minutes_are_no_reason_to_leave_a_backup_out() -> None:
    assert _judge(_verified(-1)).verdict is Verdict.OK


def test_a_young_backup_is_ok() -> None:
    found = _judge(_verified(10), max_age_seconds=26 * 3600)

    assert (found.verdict, found.problems, found.age_seconds) == (Verdict.OK, (), 36000.0)


@pytest.mark.parametrize(("hours", "verdict"), [(26, Verdict.OK), (26.001, Verdict.CRITICAL)])
def test_age_is_critical_above_the_limit(hours: float, verdict: Verdict) -> None:
    assert _judge(_verified(hours), max_age_seconds=26 * 3600).verdict is verdict


def test_an_age_that_reads_like_its_limit_is_told_in_seconds() -> None:
    assert _judge(_verified(112 / 3600), max_age_seconds=60).problems == (
        "the newest verified backup is 112 s old, 60 s are allowed",
    )


def test_too_old_and_too_small_are_both_told() -> None:
    found = _judge(_verified(30, size_bytes=1024), max_age_seconds=26 * 3600, min_size_bytes=GIB)

    assert found.verdict is Verdict.CRITICAL
    assert found.problems == (
        "the newest verified backup is 30 h 00 min old, 26 h 00 min are allowed",
        "its archive has 1.0 KiB, at least 1.0 GiB are wanted",
    )


def test_no_backup_is_critical() -> None:
    found = _judge()

    assert (found.verdict, found.backup, found.problems) == (Verdict.CRITICAL, None, ("no verified backup",))


def test_the_newest_that_is_proven_far_enough_counts() -> None:
    proven = _verified(20, proof=ProofLevel.STARTED)

    assert _judge(_verified(10), proven, proof=ProofLevel.STARTED).backup == proven
    assert _judge(_verified(10), proof=ProofLevel.STARTED).problems == ("no verified (of level L3 or above) backup",)


def test_the_newest_in_a_storage_counts() -> None:
    uploaded = _verified(20, storages=("local", "s3"))

    assert _judge(_verified(10), uploaded, storage="s3").backup == uploaded
    assert _judge(_verified(10), storage="s3").problems == ("no verified (in s3) backup",)


def test_the_newest_before_a_time_counts() -> None:
    older = _verified(20)

    assert _judge(_verified(10), older, before=NOW - 15 * HOUR).backup == older
    assert _judge(older, before=older.taken_at).backup is None


def test_a_failed_last_run_is_a_warning_beside_a_good_backup_and_adds_to_none() -> None:
    failed = make_run(status=RunStatus.FAILED, error="the disk is full")

    beside = judge("oempro", [_verified()], Requirements(), now=NOW, last_run=failed)
    alone = judge("oempro", [], Requirements(), now=NOW, last_run=failed)

    assert (beside.verdict, beside.problems) == (Verdict.WARNING, ("the last backup run failed: the disk is full",))
    assert alone.problems == ("no verified backup", "the last backup run failed: the disk is full")


def test_a_last_run_that_was_interrupted_is_told_as_a_sentence() -> None:
    interrupted = make_run(status=RunStatus.INTERRUPTED, error="the daemon was killed")

    judged = judge("oempro", [_verified()], Requirements(), now=NOW, last_run=interrupted)

    assert judged.problems == ("the last backup run was interrupted: the daemon was killed",)


def test_a_cancelled_last_run_is_nobodys_worry() -> None:
    cancelled = make_run(status=RunStatus.CANCELLED)

    assert judge("oempro", [_verified()], Requirements(), now=NOW, last_run=cancelled).verdict is Verdict.OK


def test_the_worst_verdict_counts_and_nothing_judged_is_critical() -> None:
    judged = [Freshness(server=one.value, verdict=one) for one in (Verdict.OK, Verdict.CRITICAL, Verdict.WARNING)]

    assert worst(judged) is Verdict.CRITICAL
    assert worst(judged[:1]) is Verdict.OK
    assert worst([]) is Verdict.CRITICAL


@pytest.mark.parametrize(
    ("seconds", "words"), [(30, "30 s"), (600, "10 min"), (93600, "26 h 00 min"), (3 * 86400 + 7200, "3 d 2 h")]
)
def test_lengths_of_time_are_told_in_words(seconds: float, words: str) -> None:
    assert duration_words(seconds) == words


def test_sizes_are_told_in_words() -> None:
    assert (size_words(5), size_words(GIB), size_words(1 << 50)) == ("5 B", "1.0 GiB", "1024.0 TiB")
