"""A server's backups over time: runs, uploads, doubts, clocks that jump, and retention that is applied."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import CopyState
from octeth_backupd.domain.retention.decisions import protected_ids
from octeth_backupd.domain.retention.facts import BackupFacts, CopyFacts, HoldFacts
from octeth_backupd.domain.retention.plan import plan

if TYPE_CHECKING:
    from datetime import datetime

    from octeth_backupd.domain.holdings import ProofLevel
    from octeth_backupd.domain.retention.decisions import CopyDecision, RetentionPlan
    from octeth_backupd.domain.retention.policy import RetentionPolicy

LOCAL, REMOTE = "local", "s3"


class World:
    """One server with a local and a remote storage; what is deleted keeps its entry.

    Attributes:
        backups: All that were ever made, by id, as they are now.
        remote_is_up: Uploads and remote deletions succeed.
        lost: Backups that somebody or something damaged; nobody can expect these of retention.
    """

    def __init__(self, now: datetime, policy: RetentionPolicy) -> None:
        self.now = now
        self.policy = policy
        self.backups: dict[str, BackupFacts] = {}
        self.holds: list[HoldFacts] = []
        self.remote_is_up = True
        self.lost: set[str] = set()

    def advance(self, time: timedelta) -> None:
        """Move the clock, forward or back."""
        self.now += time

    def backup(self, *, is_manual: bool = False, suspect: str = "", proof: ProofLevel | None = None) -> BackupFacts:
        """Make a backup; one that is doubted begins a hold."""
        taken_at = self.now
        while (backup_id := f"oempro-{taken_at:%Y-%m-%d_%H-%M-%S}") in self.backups:
            taken_at += timedelta(seconds=1)  # as a run does: no two backups of a server have one time
        uploaded = self.remote_is_up
        made = BackupFacts(
            backup_id=backup_id,
            taken_at=taken_at,
            is_manual=is_manual,
            suspect=suspect,
            proof_level=proof,
            copies=(
                CopyFacts(storage=LOCAL, state=CopyState.PRESENT, size_bytes=1, verified_at=self.now),
                CopyFacts(
                    storage=REMOTE,
                    is_remote=True,
                    state=CopyState.PRESENT if uploaded else CopyState.PENDING,
                    size_bytes=1,
                    verified_at=self.now if uploaded else None,
                ),
            ),
        )
        self.backups[backup_id] = made
        if suspect:
            self._doubt(made, suspect)
        return made

    def upload(self) -> None:
        """Bring pending copies to the remote storage, if it is there."""
        if not self.remote_is_up:
            return
        for made in list(self.backups.values()):
            source = next(copy for copy in made.copies if copy.storage == LOCAL)
            for copy in made.copies:
                if copy.state is CopyState.PENDING and source.is_there:
                    self._set(made.backup_id, replace(copy, state=CopyState.PRESENT, verified_at=self.now))

    def damage(self, backup_id: str, storage: str) -> None:
        """Let a copy be found damaged."""
        copy = next(copy for copy in self.backups[backup_id].copies if copy.storage == storage)
        if copy.is_there:
            self._set(backup_id, replace(copy, state=CopyState.CORRUPT))
            self.lost.add(backup_id)
            self._doubt(self.backups[backup_id], f"the copy in {storage} is damaged")

    def accept(self) -> None:
        """End all holds and doubts, as an operator does after looking."""
        self.holds.clear()
        for backup_id, made in self.backups.items():
            self.backups[backup_id] = replace(made, suspect="")

    def plan(self) -> RetentionPlan:
        """Return the plan of now."""
        return plan(self.backups.values(), policy=self.policy, now=self.now, holds=tuple(self.holds))

    def apply(self) -> list[CopyDecision]:
        """Delete what the plan says, remote copies only while the remote storage is there; return what went."""
        gone: list[CopyDecision] = []
        for decision in self.plan().expiring:
            waits_for = {(decision.backup_id, storage) for storage in decision.after}
            if not waits_for <= {(one.backup_id, one.storage) for one in gone}:
                continue
            if decision.is_remote and not self.remote_is_up:
                continue
            copy = next(copy for copy in self.backups[decision.backup_id].copies if copy.storage == decision.storage)
            self._set(decision.backup_id, replace(copy, state=CopyState.DELETED))
            gone.append(decision)
        return gone

    def there(self, storage: str | None = None) -> list[BackupFacts]:
        """Return the backups that can be restored from, oldest first."""
        return sorted(
            (
                made
                for made in self.backups.values()
                if any(copy.is_there and storage in {None, copy.storage} for copy in made.copies)
            ),
            key=lambda made: made.taken_at,
        )

    def _doubt(self, made: BackupFacts, reason: str) -> None:
        protected = protected_ids(self.plan(), self.backups.values())
        self.holds.append(HoldFacts(reason=reason, begun_at=self.now, protected=protected, backup_id=made.backup_id))

    def _set(self, backup_id: str, copy: CopyFacts) -> None:
        made = self.backups[backup_id]
        copies = tuple(copy if one.storage == copy.storage else one for one in made.copies)
        self.backups[backup_id] = replace(made, copies=copies)
