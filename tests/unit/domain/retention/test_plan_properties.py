"""What holds of every plan, whatever happened before: the invariants of retention as properties."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from octeth_backupd.domain.backup import CopyState
from octeth_backupd.domain.holdings import ProofLevel
from octeth_backupd.domain.retention.facts import BackupFacts, CopyFacts, HoldFacts
from octeth_backupd.domain.retention.periods import PERIOD_TIERS, PeriodRules
from octeth_backupd.domain.retention.plan import plan
from octeth_backupd.domain.retention.policy import Counts, RetentionPolicy
from octeth_backupd.domain.retention.reasons import ReasonCode
from tests.unit.domain.retention.world import LOCAL, REMOTE, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from octeth_backupd.domain.retention.decisions import RetentionPlan

BEGIN = datetime(2026, 3, 27, 0, 30, tzinfo=UTC)  # two days before Berlin's clocks change
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"]
many = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])

few = st.integers(1, 4)
counts = st.builds(Counts, daily=few, weekly=few, monthly=few)
periods = st.builds(
    PeriodRules,
    timezone=st.sampled_from(ZONES),
    week_begins_on=st.integers(0, 6),
    month_begins_on=st.integers(1, 31),
)
policies = st.builds(
    RetentionPolicy,
    counts=st.fixed_dictionaries({LOCAL: counts, REMOTE: counts}),
    keep_manual_days=st.integers(1, 10),
    periods=periods,
)
# Hours between two backups: several a day, one a night, weeks without any.
gaps = st.one_of(st.integers(1, 30), st.sampled_from([24, 24, 24, 48, 24 * 9, 24 * 40]))


def copies(storage: str) -> st.SearchStrategy[CopyFacts]:
    return st.builds(
        CopyFacts,
        storage=st.just(storage),
        is_remote=st.just(storage == REMOTE),
        state=st.sampled_from([CopyState.PRESENT, CopyState.PRESENT, *CopyState]),
        size_bytes=st.integers(1, 1000),
        verified_at=st.sampled_from([BEGIN, BEGIN, None]),
        retained_until=st.sampled_from(
            [None, None, None, BEGIN, BEGIN + timedelta(days=60), BEGIN + timedelta(days=900)]
        ),
        is_expiring=st.sampled_from([False] * 9 + [True]),
    )


@st.composite
def histories(draw: st.DrawFn) -> tuple[BackupFacts, ...]:
    """Return backups of every kind, with every kind of copy, in the order they were made."""
    found: list[BackupFacts] = []
    moment = BEGIN
    for number in range(draw(st.integers(0, 12))):
        moment += timedelta(hours=draw(gaps))
        parents = (found[draw(st.integers(0, number - 1))].backup_id,) if number and draw(st.booleans()) else ()
        found.append(
            BackupFacts(
                backup_id=f"b{number:02}",
                taken_at=moment,
                copies=(draw(copies(LOCAL)), draw(copies(REMOTE))),
                is_manual=draw(st.booleans()),
                is_ours=draw(st.sampled_from([True] * 6 + [False])),
                is_adopted=draw(st.sampled_from([False, False, True])),
                suspect=draw(st.sampled_from(["", "", "", "tiny"])),
                is_pinned=draw(st.sampled_from([False] * 5 + [True])),
                proof_level=draw(st.sampled_from([None, None, *ProofLevel])),
                parent_ids=parents if draw(st.integers(0, 3)) == 0 else (),
            )
        )
    return tuple(found)


@st.composite
def plans(
    draw: st.DrawFn,
) -> tuple[RetentionPlan, tuple[BackupFacts, ...], RetentionPolicy, datetime, tuple[HoldFacts, ...]]:
    """Return a plan and all that it was made of; now may be before some of the backups."""
    backups = draw(histories())
    last = backups[-1].taken_at if backups else BEGIN
    now = last + timedelta(hours=draw(st.one_of(st.integers(-100, 100), st.sampled_from([24 * 30, 24 * 400]))))
    ids = [one.backup_id for one in backups]
    holds = tuple(
        HoldFacts(
            reason="doubt",
            begun_at=BEGIN,
            protected=draw(st.frozensets(st.sampled_from(ids))),
            backup_id=draw(st.sampled_from(ids)),
        )
        for _ in range(draw(st.sampled_from([0, 0, 1, 2])) if ids else 0)
    )
    policy = draw(policies)
    return plan(backups, policy=policy, now=now, holds=holds), backups, policy, now, holds


Planned = tuple["RetentionPlan", tuple[BackupFacts, ...], RetentionPolicy, datetime, tuple[HoldFacts, ...]]


def expiring(found: RetentionPlan) -> set[tuple[str, str]]:
    """Return what goes, but for deletions that were begun before."""
    return {
        (one.backup_id, one.storage) for one in found.expiring if one.reasons[0].code is not ReasonCode.EXPIRES_BEGUN
    }


def counted(backups: tuple[BackupFacts, ...], now: datetime) -> list[BackupFacts]:
    """Return the good ones that count, oldest first."""
    found = [one for one in backups if one.is_good and one.is_ours and one.taken_at <= now]
    return sorted(found, key=lambda one: one.taken_at)


def keeps_all_good_copies(found: RetentionPlan, one: BackupFacts) -> bool:
    gone = expiring(found)
    return not any(copy.is_there and (one.backup_id, copy.storage) in gone for copy in one.copies)


@many
@given(plans())
def test_every_copy_has_one_decision_with_reasons(planned: Planned) -> None:
    found, backups, *_ = planned

    told = [(one.backup_id, one.storage) for one in found.decisions]

    assert sorted(told) == sorted(
        (one.backup_id, copy.storage) for one in backups for copy in one.copies if copy.state is not CopyState.DELETED
    )
    assert all(one.reasons and all(reason.words for reason in one.reasons) for one in found.decisions)


@many
@given(plans())
def test_newest_good_backup_never_expires(planned: Planned) -> None:
    found, backups, _, now, _ = planned

    good = counted(backups, now)

    assert not good or keeps_all_good_copies(found, good[-1])


@many
@given(plans())
def test_newest_of_the_highest_proven_level_never_expires(planned: Planned) -> None:
    found, backups, _, now, _ = planned
    levels = defaultdict(list)
    for one in counted(backups, now):
        if one.proof_level is not None:
            levels[one.proof_level.rank].append(one)

    assert not levels or keeps_all_good_copies(found, levels[max(levels)][-1])


@many
@given(plans())
def test_pinned_backup_never_expires(planned: Planned) -> None:
    found, backups, *_ = planned

    gone = expiring(found)

    assert not any((one.backup_id, copy.storage) in gone for one in backups if one.is_pinned for copy in one.copies)


@many
@given(plans())
def test_parent_of_a_kept_incremental_never_expires(planned: Planned) -> None:
    found, backups, *_ = planned
    kept = {one.backup_id for one in found.kept}

    gone = {backup_id for backup_id, _ in expiring(found)}

    assert not any(parent in gone for one in backups if one.backup_id in kept for parent in one.parent_ids)


@many
@given(plans())
def test_source_of_a_pending_upload_never_expires(planned: Planned) -> None:
    found, backups, policy, *_ = planned

    gone = expiring(found)

    for one in backups:
        if any(copy.is_on_the_way and copy.storage in policy.counts for copy in one.copies):
            local = next(copy for copy in one.copies if copy.storage == LOCAL)
            assert not local.is_there or (one.backup_id, LOCAL) not in gone


@many
@given(plans())
def test_held_backup_never_expires(planned: Planned) -> None:
    found, _, _, _, holds = planned

    gone = {backup_id for backup_id, _ in expiring(found)}

    assert not any(gone & (hold.protected | {hold.backup_id}) for hold in holds)


@many
@given(plans())
def test_manual_backup_never_expires_before_its_days_are_over(planned: Planned) -> None:
    found, backups, policy, now, _ = planned

    for one in backups:
        if one.is_manual and one.is_good and now - one.taken_at < timedelta(days=policy.keep_manual_days):
            assert keeps_all_good_copies(found, one)


@many
@given(plans())
def test_other_installations_copies_never_expire(planned: Planned) -> None:
    found, backups, *_ = planned
    foreign = {one.backup_id for one in backups if not one.is_ours}

    assert not foreign & {one.backup_id for one in found.expiring}


@many
@given(plans())
def test_locked_copy_never_expires(planned: Planned) -> None:
    found, backups, _, now, _ = planned

    gone = expiring(found)

    for one in backups:
        for copy in one.copies:
            if copy.retained_until is not None and copy.retained_until > now:
                assert (one.backup_id, copy.storage) not in gone


@many
@given(plans())
def test_last_verified_copy_of_a_backup_that_any_policy_keeps_never_expires(planned: Planned) -> None:
    found, backups, policy, now, _ = planned
    gone = expiring(found)
    wanted = {
        one.backup_id: one
        for counts in policy.counts.values()
        for one in expected(counted(backups, now), policy.periods, counts)
    }

    for one in wanted.values():
        verified = [copy for copy in one.copies if copy.is_verified]
        left = [copy for copy in verified if (one.backup_id, copy.storage) not in gone]
        assert left or not verified
        assert any((one.backup_id, copy.storage) not in gone for copy in one.copies if copy.is_there)


@many
@given(plans())
def test_each_storage_keeps_the_oldest_good_backup_of_as_many_periods_as_are_counted(planned: Planned) -> None:
    found, backups, policy, now, _ = planned

    gone = expiring(found)

    for storage, counts in policy.counts.items():
        there = [
            one
            for one in counted(backups, now)
            if any(copy.storage == storage and copy.is_there for copy in one.copies)
        ]
        assert not any((one.backup_id, storage) in gone for one in expected(there, policy.periods, counts))


@many
@given(plans())
def test_remote_copy_goes_before_the_local_one(planned: Planned) -> None:
    found, *_ = planned
    order = [(one.backup_id, one.storage) for one in found.expiring]

    for one in found.expiring:
        if (one.backup_id, REMOTE) in order and one.storage == LOCAL:
            assert one.after == (REMOTE,)
            assert order.index((one.backup_id, REMOTE)) < order.index((one.backup_id, LOCAL))
        else:
            assert one.after == ()


@many
@given(plans())
def test_doubted_and_lost_backups_displace_no_good_one(planned: Planned) -> None:
    found, backups, policy, now, holds = planned
    doubted = {one.backup_id for one in backups if not one.is_good}
    good = tuple(replace(one, parent_ids=()) for one in backups if one.is_good)
    without = plan(good, policy=policy, now=now, holds=holds)

    kept = {(one.backup_id, one.storage) for one in found.kept}

    assert {(one.backup_id, one.storage) for one in without.kept} <= kept
    assert not doubted & {one.backup_id for one in without.decisions}


@many
@given(plans())
def test_plan_that_was_carried_out_leaves_nothing_to_do(planned: Planned) -> None:
    found, backups, policy, now, holds = planned
    gone = {(one.backup_id, one.storage) for one in found.expiring}
    after = tuple(
        replace(
            one,
            copies=tuple(
                replace(copy, state=CopyState.DELETED) if (one.backup_id, copy.storage) in gone else copy
                for copy in one.copies
            ),
        )
        for one in backups
    )

    again = plan(after, policy=policy, now=now, holds=holds)

    assert not {(one.backup_id, one.storage) for one in again.expiring}


@many
@given(plans(), st.randoms(use_true_random=False))
def test_plan_does_not_depend_on_the_order_of_what_it_is_told(planned: Planned, random: object) -> None:
    found, backups, policy, now, holds = planned
    shuffled = list(backups)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert plan(shuffled, policy=policy, now=now, holds=holds) == found


# ------------------------------------------------------------------------------------------------ sequences
actions = st.one_of(
    st.sampled_from(["backup", "backup", "backup", "backup", "failure", "manual", "suspect", "down", "up"]),
    st.sampled_from(["damage local", "damage remote", "accept", "policy", "back", "ahead", "gap"]),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(actions, max_size=40), st.data())
def test_no_sequence_of_events_takes_away_what_a_policy_in_force_keeps(steps: list[str], data: st.DataObject) -> None:
    world = World(BEGIN, data.draw(policies))
    for step in steps:
        act(world, step, data.draw)
        before = {one.backup_id: one for one in world.there()}
        newest = counted(tuple(world.backups.values()), world.now)
        held = frozenset().union(*(hold.protected for hold in world.holds)) & before.keys()

        world.apply()

        left = {one.backup_id for one in world.there()}
        wanted = expected(counted(tuple(before.values()), world.now), world.policy.periods, world.policy.counts[REMOTE])
        assert {one.backup_id for one in wanted} <= left
        assert held <= left
        assert not newest or newest[-1].backup_id in left


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(["backup", "backup", "failure", "back", "gap"]), max_size=80), policies, st.data())
def test_no_deadlock_when_disk_is_the_only_trouble(
    steps: list[str], policy: RetentionPolicy, data: st.DataObject
) -> None:
    world = World(BEGIN, policy)
    for step in steps:
        act(world, step, data.draw)

        world.apply()

    # what failed for want of space began no hold: no more is left than what the policy counts, the newest, and what a
    # wrong clock dated into the future
    assert world.holds == []
    for storage, counts in policy.counts.items():
        there = [one for one in world.there(storage) if one.taken_at <= world.now]
        assert len(there) <= counts.daily + counts.weekly + counts.monthly + 1


def act(world: World, step: str, draw: Callable[[st.SearchStrategy[object]], object]) -> None:
    """Let something happen."""
    world.advance(timedelta(hours=24))
    match step:
        case "backup":
            world.backup()
        case "manual":
            world.backup(is_manual=True)
        case "suspect":
            world.backup(suspect="tiny")
        case "down" | "up":
            world.remote_is_up = step == "up"
        case "damage local" | "damage remote":
            there = world.there()
            if there:
                one = there[draw(st.integers(0, len(there) - 1))]  # type: ignore[call-overload]
                world.damage(one.backup_id, LOCAL if step == "damage local" else REMOTE)
        case "accept":
            world.accept()
        case "policy":
            world.policy = draw(policies)  # type: ignore[assignment]
        case "back":
            world.advance(-timedelta(days=3))
        case "ahead":
            world.advance(timedelta(days=40))
        case "gap":
            world.advance(timedelta(days=9))
    world.upload()


def expected(good: list[BackupFacts], rules: PeriodRules, counts: Counts) -> list[BackupFacts]:
    """Return the oldest of each of the newest periods, found the slow way."""
    found: list[BackupFacts] = []
    for tier in PERIOD_TIERS:
        begins = sorted({rules.periods_of(one.taken_at)[tier] for one in good}, reverse=True)[: counts.of(tier)]
        found.extend(
            min((one for one in good if rules.periods_of(one.taken_at)[tier] == begin), key=lambda one: one.taken_at)
            for begin in begins
        )
    return found
