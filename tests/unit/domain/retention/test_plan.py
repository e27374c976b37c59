"""Every rule of retention by an example; the properties are in test_plan_properties.py."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from octeth_backupd.domain.backup import CopyState
from octeth_backupd.domain.holdings import ProofLevel
from octeth_backupd.domain.retention.facts import HoldFacts
from octeth_backupd.domain.retention.periods import PeriodRules
from octeth_backupd.domain.retention.plan import plan
from octeth_backupd.domain.retention.policy import Counts
from octeth_backupd.domain.retention.reasons import ReasonCode
from tests.unit.domain.retention.builder import (
    COUNTS,
    DAY,
    NOW,
    backup,
    codes,
    decision,
    kept_days,
    kept_ids,
    local_copy,
    nightly,
    policy,
    remote_copy,
)

ONE = Counts(daily=1, weekly=1, monthly=1)
LONG = Counts(daily=60, weekly=60, monthly=60)
PLENTY = nightly(300, local_copy(), remote_copy())
SUNDAYS = PeriodRules(timezone="UTC", week_begins_on=6)
OLD = NOW - 400 * DAY


def test_a_year_of_nights_becomes_seven_days_four_weeks_and_six_months() -> None:
    found = plan(nightly(365), policy=policy(periods=SUNDAYS), now=NOW)

    # the 22nd is both: this week's, and one of the days
    days, weeks, months = (
        ["11-26", "11-25", "11-24", "11-23", "11-22", "11-21", "11-20"],
        ["11-15", "11-08", "11-01"],
        [
            "10-01",
            "09-01",
            "08-01",
            "07-01",
            "06-01",
        ],
    )
    assert kept_days(found) == [*days, *weeks, *months]


def test_every_run_of_a_day_but_the_first_goes_when_that_day_is_over_and_newer() -> None:
    morning = NOW.replace(hour=2) - DAY
    first, second = backup(morning), backup(morning.replace(hour=14))

    found = plan([first, second, backup(NOW)], policy=policy(), now=NOW)

    assert kept_ids(found) == {first.backup_id, backup(NOW).backup_id}


def test_four_runs_on_one_sunday_evict_no_week() -> None:
    sunday = datetime(2026, 11, 22, 2, tzinfo=UTC)
    sundays = [backup(sunday - 7 * week * DAY) for week in range(4)]
    more = [backup(sunday.replace(hour=hour)) for hour in (8, 14, 20)]

    found = plan([*sundays, *more], policy=policy(periods=SUNDAYS), now=NOW)

    assert {one.backup_id for one in sundays} <= kept_ids(found)


def test_nothing_expires_because_nothing_was_made_for_a_year() -> None:
    found = plan(nightly(7), policy=policy(), now=NOW + 365 * DAY)

    assert found.expiring == ()


def test_month_whose_first_failed_is_represented_by_the_next_good_one() -> None:
    backups = [one for one in nightly(120) if one.taken_at.day != 1]

    found = plan(backups, policy=policy(), now=NOW)

    assert {"11-02", "10-02", "09-02"} <= set(kept_days(found))


def test_manual_backup_is_kept_for_its_days_and_counts_like_any_other() -> None:
    noon = NOW.replace(hour=12) - 5 * DAY
    manual = backup(noon, is_manual=True)
    only_of_its_month = backup(datetime(2026, 8, 12, 12, tzinfo=UTC), is_manual=True)
    backups = [*nightly(30), manual, only_of_its_month]

    found = plan(backups, policy=policy(ONE), now=NOW)
    later = plan(backups, policy=policy(ONE), now=noon + 7 * DAY)
    monthly = plan(backups, policy=policy(), now=NOW)

    assert codes(found, manual) == {ReasonCode.MANUAL}
    assert decision(later, manual).expires
    assert codes(monthly, only_of_its_month) == {ReasonCode.MONTHLY}


def test_newest_good_backup_is_kept_even_when_it_stands_for_nothing() -> None:
    first, second = backup(NOW - DAY / 24), backup(NOW)

    found = plan([first, second], policy=policy(ONE), now=NOW)

    assert codes(found, second) == {ReasonCode.NEWEST}


def test_newest_of_the_highest_proven_level_is_kept() -> None:
    proven = [
        backup(OLD, proof_level=ProofLevel.ASSERTED, backup_id="older"),
        backup(OLD + DAY, proof_level=ProofLevel.ASSERTED, backup_id="newer"),
        backup(OLD + 2 * DAY, proof_level=ProofLevel.STORED, backup_id="lower"),
    ]

    found = plan([*proven, *PLENTY], policy=policy(), now=NOW)

    assert codes(found, proven[1]) == {ReasonCode.PROVEN}
    assert decision(found, proven[0]).expires
    assert decision(found, proven[2]).expires


def test_lowest_level_is_a_proof_too() -> None:
    stored = backup(OLD, proof_level=ProofLevel.STORED)

    assert codes(plan([stored, *PLENTY], policy=policy(), now=NOW), stored) == {ReasonCode.PROVEN}


def test_pinned_backup_is_kept_in_every_storage() -> None:
    pinned = backup(OLD, local_copy(), remote_copy(), is_pinned=True)

    found = plan([pinned, *PLENTY], policy=policy(remote=COUNTS), now=NOW)

    assert codes(found, pinned) == codes(found, pinned, "s3") == {ReasonCode.PINNED}


def test_parents_of_a_kept_incremental_are_kept_and_theirs() -> None:
    full = backup(OLD, backup_id="full")
    first = backup(OLD + DAY, backup_id="first", parent_ids=("full",))
    second = backup(NOW, backup_id="second", parent_ids=("first",))
    orphan = backup(OLD + 2 * DAY, backup_id="orphan", parent_ids=("full", "gone"))

    found = plan([full, first, second, orphan, *PLENTY], policy=policy(), now=NOW)

    assert codes(found, full) == codes(found, first) == {ReasonCode.PARENT}
    assert decision(found, orphan).expires


def test_parent_of_what_merely_cannot_be_deleted_yet_is_kept() -> None:
    full = backup(OLD, backup_id="full")
    locked = backup(OLD + DAY, remote_copy(retained_until=NOW + DAY), backup_id="locked", parent_ids=("full",))

    found = plan([full, locked, *PLENTY], policy=policy(remote=COUNTS), now=NOW)

    assert codes(found, full) == {ReasonCode.PARENT}


def test_hold_keeps_its_frozen_set_and_nothing_that_came_later() -> None:
    held, later = backup(OLD), backup(NOW - 100 * DAY, backup_id="later")
    hold = HoldFacts(reason="size doubted", begun_at=NOW - 110 * DAY, protected=frozenset({held.backup_id}))

    found = plan([held, later, *PLENTY], policy=policy(), now=NOW, holds=(hold,))

    assert codes(found, held) == {ReasonCode.HOLD}
    assert decision(found, held).reasons[0].words == "held since 2026-08-08: size doubted"
    assert decision(found, later).expires


def test_holds_of_the_same_reason_are_said_once_with_what_each_is_about() -> None:
    held = backup(OLD)
    first, second = (
        HoldFacts(
            reason="745 % of the last",
            begun_at=NOW - days * DAY,
            protected=frozenset({held.backup_id}),
            backup_id=f"b{days}",
        )
        for days in (110, 109)
    )

    found = plan([held, *PLENTY], policy=policy(), now=NOW, holds=(first, second))

    words = [reason.words for reason in decision(found, held).reasons if reason.code is ReasonCode.HOLD]
    assert words == ["held since 2026-08-08: 745 % of the last (b110, b109)"]


def test_suspect_backup_never_displaces_a_good_one() -> None:
    early = backup(NOW.replace(hour=1), suspect="tiny")

    found = plan([early, *nightly(30)], policy=policy(), now=NOW)

    assert codes(found, early) == {ReasonCode.SUSPECT}
    assert kept_ids(found) == kept_ids(plan(nightly(30), policy=policy(), now=NOW)) | {early.backup_id}


def test_suspect_backup_goes_after_some_days_when_its_period_has_a_good_one() -> None:
    early = backup(NOW.replace(hour=1) - 7 * DAY, suspect="tiny")

    found = plan([early, *nightly(30)], policy=policy(), now=NOW)

    assert decision(found, early).expires
    assert decision(found, early).reasons[0].words == (
        "stands for none of the 7 days, 4 weeks, 6 months that are kept, and is 7 days old; it is doubted"
    )


def test_one_day_is_told_as_one() -> None:
    early = backup(NOW.replace(hour=1), suspect="tiny", is_manual=True)
    of_one_day = policy(keep_manual_days=1)

    words = "; ".join(
        reason.words for reason in decision(plan([early, *nightly(3)], policy=of_one_day, now=NOW), early).reasons
    )

    assert "less than 1 day ago" in words
    assert "less than 1 day old" in words


def test_suspect_backup_stands_in_for_a_period_that_has_no_good_one_beside_the_count() -> None:
    only_of_september = backup(datetime(2026, 9, 10, 2, tzinfo=UTC), suspect="tiny")
    backups = [one for one in nightly(300) if one.taken_at.month != 9]

    found = plan([only_of_september, *backups], policy=policy(), now=NOW)

    assert codes(found, only_of_september) == {ReasonCode.STAND_IN}
    assert kept_ids(found) == kept_ids(plan(backups, policy=policy(), now=NOW)) | {only_of_september.backup_id}


def test_newest_backup_is_kept_although_doubted_when_it_is_newer_than_all_good_ones() -> None:
    doubted = backup(NOW - 20 * DAY, suspect="tiny")
    good = [backup(NOW - 20 * DAY - DAY / 24)]

    found = plan([*good, doubted], policy=policy(ONE), now=NOW)

    assert codes(found, doubted) == {ReasonCode.NEWEST}
    assert not decision(found, good[0]).expires


def test_unverified_adopted_archive_takes_no_slot_and_stands_in_for_an_empty_period() -> None:
    partial = backup(NOW.replace(hour=1), local_copy(verified=False), is_adopted=True)
    only_of_its_month = backup(datetime(2026, 7, 3, tzinfo=UTC), local_copy(verified=False), is_adopted=True)

    found = plan([partial, only_of_its_month, *nightly(30)], policy=policy(), now=NOW)

    assert decision(found, partial).expires
    assert codes(found, only_of_its_month) == {ReasonCode.STAND_IN}


def test_other_installations_backups_are_kept_and_count_for_nothing() -> None:
    theirs = [
        backup(one.taken_at.replace(hour=1), is_ours=False, backup_id=f"their-{n}") for n, one in enumerate(nightly(90))
    ]

    found = plan([*theirs, *nightly(90)], policy=policy(), now=NOW)

    assert all(codes(found, one) == {ReasonCode.FOREIGN} for one in theirs)
    assert kept_ids(found) - {one.backup_id for one in theirs} == kept_ids(plan(nightly(90), policy=policy(), now=NOW))


def test_foreign_backup_is_not_even_finished_when_its_deletion_was_begun() -> None:
    theirs = backup(OLD, local_copy(is_expiring=True), is_ours=False)

    assert plan([theirs], policy=policy(), now=NOW).expiring == ()


def test_backup_dated_in_the_future_is_kept_and_counts_for_nothing() -> None:
    wrong = [backup(NOW + day * DAY) for day in range(1, 10)]

    found = plan([*wrong, *nightly(90)], policy=policy(), now=NOW)

    assert all(codes(found, one) == {ReasonCode.FUTURE} for one in wrong)
    assert ReasonCode.NEWEST in codes(found, nightly(1)[0])


def test_nothing_expires_when_the_clock_says_it_is_long_ago() -> None:
    assert plan(nightly(365), policy=policy(), now=NOW - 3650 * DAY).expiring == ()


def test_storages_keep_by_their_own_counts() -> None:
    found = plan(nightly(60, local_copy(), remote_copy()), policy=policy(ONE, remote=LONG), now=NOW)

    assert kept_days(found) == ["11-26", "11-23", "11-01"]
    assert len(kept_days(found, "s3")) == 60


def test_local_copy_stays_while_it_is_the_only_one_of_what_the_remote_policy_keeps() -> None:
    backups = [
        *nightly(3, local_copy(), remote_copy(CopyState.CORRUPT), until=NOW - 20 * DAY),
        *nightly(3, local_copy(), remote_copy(), until=NOW),
    ]

    found = plan(backups, policy=policy(ONE, remote=LONG), now=NOW)

    assert all(ReasonCode.ONLY_COPY in codes(found, one) or not decision(found, one).expires for one in backups[:3])
    assert codes(found, backups[1]) == {ReasonCode.ONLY_COPY}
    assert decision(found, backups[1]).reasons[0].words == "no other good copy of a backup that the policy of s3 keeps"


def test_unverified_remote_copy_does_not_let_the_verified_local_one_go() -> None:
    backups = nightly(60, local_copy(), remote_copy(verified=False))

    found = plan(backups, policy=policy(ONE, remote=LONG), now=NOW)

    assert len(kept_days(found, "local")) == 60


def test_unverified_copies_of_what_a_policy_keeps_stay_all() -> None:
    backups = nightly(60, local_copy(verified=False), remote_copy(verified=False))

    found = plan(backups, policy=policy(ONE, remote=LONG), now=NOW)

    assert found.expiring == ()


def test_of_what_only_another_storages_policy_keeps_the_verified_copy_stays_and_the_unverified_one_goes() -> None:
    wanted = backup(OLD, remote_copy(CopyState.CORRUPT), local_copy(), local_copy(storage="disk", verified=False))
    counts = {"local": ONE, "disk": ONE, "s3": LONG}

    newest = backup(NOW, local_copy(), local_copy(storage="disk"))

    found = plan([wanted, newest], policy=replace(policy(), counts=counts), now=NOW)

    assert codes(found, wanted) == {ReasonCode.ONLY_COPY}
    assert decision(found, wanted, "disk").expires


@pytest.mark.parametrize("state", [CopyState.PENDING, CopyState.UPLOADING])
def test_source_of_an_upload_and_the_upload_itself_stay(state: CopyState) -> None:
    waiting = backup(OLD, local_copy(), remote_copy(state))

    found = plan([waiting, *PLENTY], policy=policy(remote=COUNTS), now=NOW)

    assert codes(found, waiting) == codes(found, waiting, "s3") == {ReasonCode.UPLOAD}
    assert decision(found, waiting).reasons[0].words == "the source of the upload to s3"


def test_upload_to_a_storage_that_is_not_configured_any_more_keeps_no_source() -> None:
    waiting = backup(OLD, local_copy(), remote_copy(CopyState.PENDING))

    found = plan([waiting, *nightly(300)], policy=policy(), now=NOW)

    assert decision(found, waiting).expires
    assert codes(found, waiting, "s3") == {ReasonCode.UNCONFIGURED}


def test_upload_whose_deletion_has_begun_keeps_no_source() -> None:
    yesterday = NOW.replace(hour=2) - DAY
    given_up = backup(yesterday.replace(hour=14), local_copy(), remote_copy(state=CopyState.PENDING, is_expiring=True))

    found = plan([backup(yesterday), given_up, backup(NOW)], policy=policy(remote=COUNTS), now=NOW)

    assert decision(found, given_up).expires
    assert decision(found, given_up, "s3").expires


def test_pending_copy_that_nothing_can_be_uploaded_from_goes_when_nobody_wants_it() -> None:
    lost = backup(OLD, local_copy(CopyState.MISSING), remote_copy(CopyState.PENDING))

    found = plan([lost, *PLENTY], policy=policy(remote=COUNTS), now=NOW)

    assert [one.storage for one in found.expiring if one.backup_id == lost.backup_id] == ["s3", "local"]


def test_locked_copy_is_kept_with_its_date_and_does_not_hold_up_the_local_one() -> None:
    locked = backup(OLD, local_copy(), remote_copy(CopyState.RETAINED, retained_until=NOW + 3 * DAY))

    found = plan([locked, *PLENTY], policy=policy(remote=COUNTS), now=NOW)

    assert codes(found, locked, "s3") == {ReasonCode.RETAINED}
    assert decision(found, locked, "s3").reasons[0].words == "locked by its storage until 2026-11-29"
    assert decision(found, locked).expires
    assert decision(found, locked).after == ()


@pytest.mark.parametrize("until", [None, NOW])
def test_copy_whose_lock_is_over_or_unknown_is_tried_again(until: datetime | None) -> None:
    locked = backup(OLD, remote_copy(CopyState.RETAINED, retained_until=until))

    found = plan([locked, *PLENTY], policy=policy(remote=COUNTS), now=NOW)

    assert decision(found, locked, "s3").expires


def test_damaged_copy_goes_when_another_verified_one_stays() -> None:
    hurt = backup(NOW, local_copy(CopyState.CORRUPT), remote_copy())

    found = plan([hurt], policy=policy(remote=COUNTS), now=NOW)

    assert codes(found, hurt) == {ReasonCode.EXPIRES_DAMAGED}
    assert not decision(found, hurt, "s3").expires


@pytest.mark.parametrize("changes", [{"is_pinned": True}, {"is_ours": False}])
def test_damaged_copy_of_a_protected_backup_stays(changes: dict[str, bool]) -> None:
    hurt = backup(NOW, local_copy(CopyState.CORRUPT), remote_copy(), **changes)

    assert plan([hurt], policy=policy(remote=COUNTS), now=NOW).expiring == ()


def test_damaged_copy_stays_while_a_hold_about_it_is_open() -> None:
    hurt = backup(NOW, local_copy(CopyState.CORRUPT), remote_copy())
    hold = HoldFacts(reason="damaged", begun_at=NOW, protected=frozenset(), backup_id=hurt.backup_id)

    assert plan([hurt], policy=policy(remote=COUNTS), now=NOW, holds=(hold,)).expiring == ()


@pytest.mark.parametrize("state", [CopyState.CORRUPT, CopyState.MISSING])
def test_backup_without_a_good_copy_counts_for_nothing_and_stays_only_where_no_good_one_is(state: CopyState) -> None:
    twin = backup(NOW.replace(hour=1), local_copy(state))
    alone = backup(datetime(2026, 8, 3, tzinfo=UTC), local_copy(state))

    found = plan([twin, alone, *nightly(30)], policy=policy(), now=NOW)

    assert decision(found, twin).expires
    assert "none of its copies is good" in decision(found, twin).reasons[0].words
    assert codes(found, alone) == {ReasonCode.STAND_IN}


def test_missing_copy_of_a_backup_that_is_kept_stays_on_record() -> None:
    lost = backup(NOW, local_copy(CopyState.MISSING), remote_copy())

    assert plan([lost], policy=policy(remote=COUNTS), now=NOW).expiring == ()


def test_deletion_that_was_begun_is_finished_whatever_the_policy_says_now() -> None:
    begun = backup(NOW, local_copy(is_expiring=True), remote_copy())

    found = plan([begun], policy=policy(remote=COUNTS), now=NOW)

    assert codes(found, begun) == {ReasonCode.EXPIRES_BEGUN}


def test_copy_in_a_storage_that_is_not_configured_is_left_alone_and_replaces_none() -> None:
    elsewhere = backup(OLD, local_copy(), remote_copy(storage="tape"))
    wanted = backup(NOW, local_copy(CopyState.CORRUPT), remote_copy(storage="tape"))

    found = plan([elsewhere, wanted, *PLENTY], policy=policy(), now=NOW)

    assert codes(found, elsewhere, "tape") == {ReasonCode.UNCONFIGURED}
    assert decision(found, elsewhere).expires
    assert not decision(found, wanted).expires


def test_deleted_copies_are_not_in_the_plan() -> None:
    gone = backup(OLD, local_copy(CopyState.DELETED), remote_copy(CopyState.DELETED), is_pinned=True)

    assert plan([gone], policy=policy(remote=COUNTS), now=NOW).decisions == ()


def test_every_decision_has_a_reason_and_all_of_them_are_told() -> None:
    pinned = replace(nightly(1)[0], is_pinned=True, is_manual=True)

    found = plan([pinned], policy=policy(), now=NOW)

    assert codes(found, pinned) == {
        ReasonCode.PINNED,
        ReasonCode.MANUAL,
        ReasonCode.NEWEST,
        ReasonCode.DAILY,
        ReasonCode.WEEKLY,
        ReasonCode.MONTHLY,
    }


def test_ten_thousand_backups_are_planned_well_within_half_a_second() -> None:
    backups = nightly(10_000, local_copy(), remote_copy())
    berlin = policy(remote=LONG, periods=PeriodRules(timezone="Europe/Berlin", week_begins_on=6))
    seconds = []

    for _ in range(3):
        begin = time.thread_time()
        found = plan(backups, policy=berlin, now=NOW)
        seconds.append(time.thread_time() - begin)

    assert len(found.decisions) == 20_000
    assert min(seconds) < 0.4
