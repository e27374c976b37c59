"""The plan's answer: what goes first, and what a hold would protect."""

from __future__ import annotations

from octeth_backupd.domain.holdings import ProofLevel
from octeth_backupd.domain.retention.decisions import protected_ids
from octeth_backupd.domain.retention.plan import plan
from octeth_backupd.domain.retention.policy import Counts
from tests.unit.domain.retention.builder import DAY, NOW, backup, kept_ids, local_copy, nightly, policy, remote_copy

FEW = Counts(daily=1, weekly=1, monthly=1)


def test_oldest_goes_first_and_the_remote_copy_before_the_local_one() -> None:
    backups = nightly(40, local_copy(), remote_copy())

    found = plan(backups, policy=policy(FEW, remote=FEW), now=NOW)

    going = [(one.taken_at, one.storage) for one in found.expiring]
    assert going == sorted(going, key=lambda one: (one[0], one[1] == "local"))
    assert len(going) > 60
    assert found.expiring_bytes == 100 * len(going)
    assert {one.after for one in found.expiring if one.storage == "local"} == {("s3",)}
    assert {one.after for one in found.expiring if one.storage == "s3"} == {()}


def test_local_copy_waits_for_no_remote_copy_that_stays() -> None:
    found = plan(
        nightly(40, local_copy(), remote_copy()),
        policy=policy(FEW, remote=Counts(daily=50, weekly=4, monthly=6)),
        now=NOW,
    )

    assert {one.storage for one in found.expiring} == {"local"}
    assert all(one.after == () for one in found.expiring)


def test_hold_would_protect_what_is_kept_and_what_a_server_was_started_on() -> None:
    old = NOW - 300 * DAY
    proven = [
        backup(old, proof_level=ProofLevel.STARTED),
        backup(old + DAY, proof_level=ProofLevel.ASSERTED),
        backup(old + 2 * DAY, proof_level=ProofLevel.STORED),
    ]
    backups = [*proven, *nightly(200)]
    found = plan(backups, policy=policy(), now=NOW)

    protected = protected_ids(found, backups)

    assert protected == kept_ids(found) | {proven[0].backup_id, proven[1].backup_id}
    assert proven[2].backup_id not in protected
