"""The retention plan: keep or expire, with all reasons, for each copy of a server's backups."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import CopyState
from octeth_backupd.domain.counting import counted
from octeth_backupd.domain.holdings import ProofLevel
from octeth_backupd.domain.retention.decisions import CopyDecision, RetentionPlan
from octeth_backupd.domain.retention.reasons import Reason, ReasonCode
from octeth_backupd.domain.retention.selection import standing, standing_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from octeth_backupd.domain.retention.facts import BackupFacts, CopyFacts, HoldFacts
    from octeth_backupd.domain.retention.policy import RetentionPolicy
    from octeth_backupd.domain.retention.selection import Periods

_RANKS = {level: level.rank for level in ProofLevel}
_UNTOUCHABLE = frozenset(
    {
        ReasonCode.PINNED,
        ReasonCode.HOLD,
        ReasonCode.FOREIGN,
        ReasonCode.FUTURE,
        ReasonCode.PARENT,
        ReasonCode.RETAINED,
        ReasonCode.UPLOAD,
    }
)
"""What keeps even a damaged copy of which there is another one."""


def plan(
    backups: Iterable[BackupFacts], *, policy: RetentionPolicy, now: datetime, holds: Sequence[HoldFacts] = ()
) -> RetentionPlan:
    """Return what becomes of each copy that is not deleted.

    Args:
        backups: All backups of one server that have a copy.
        policy: What is kept.
        now: The current time. What was taken after it was dated by a wrong clock: it is kept and counts for nothing.
        holds: Those that are open.
    """
    return _Planning(tuple(backups), policy, now, tuple(holds)).decide()


class _Planning:
    """One plan in the making: reasons to keep are gathered for backups and for copies, then each copy is judged."""

    def __init__(
        self, backups: tuple[BackupFacts, ...], policy: RetentionPolicy, now: datetime, holds: tuple[HoldFacts, ...]
    ) -> None:
        self._policy = policy
        self._now = now
        self._holds = holds
        self._all = tuple(sorted(backups, key=_age_order))
        self._by_id = {backup.backup_id: backup for backup in self._all}
        judged = [backup for backup in self._all if backup.is_ours and backup.taken_at <= now]
        self._good: list[BackupFacts] = []
        self._doubted: list[BackupFacts] = []
        for backup in judged:
            if backup.is_good:
                self._good.append(backup)
            elif any(copy.state is not CopyState.DELETED for copy in backup.copies):
                self._doubted.append(backup)
        self._periods: Periods = {one.backup_id: policy.periods.periods_of(one.taken_at) for one in judged}
        self._good_ids = {backup.backup_id for backup in self._good}
        # Reasons that keep every copy of a backup, and reasons that keep its copy in one storage backend.
        self._for_backup: dict[str, list[Reason]] = defaultdict(list)
        self._for_copy: dict[tuple[str, str], list[Reason]] = defaultdict(list)
        self._none_of = {
            storage: f"stands for none of the {counts.words} that are kept" for storage, counts in policy.counts.items()
        }
        self._unneeded_by_words: dict[str, Reason] = {}
        # Storage backends whose policy keeps a backup, be its copy there or not.
        self._wanted_by: dict[str, list[str]] = defaultdict(list)

    def decide(self) -> RetentionPlan:
        """Return the plan."""
        self._keep_what_is_not_ours_to_judge()
        self._keep_what_is_protected()
        self._keep_newest_and_proven()
        self._keep_for_a_while()
        for storage in self._policy.counts:
            self._keep_by_policy(storage)
        self._keep_only_copies()
        self._keep_what_cannot_go_yet()
        self._keep_parents()
        decisions = []
        for backup in reversed(self._all):
            decisions.extend(self._decisions_for(backup))
        return RetentionPlan(decisions=tuple(decisions))

    def _keep_what_is_not_ours_to_judge(self) -> None:
        for backup in self._all:
            if not backup.is_ours:
                self._keep(backup, ReasonCode.FOREIGN, "belongs to another installation")
            elif backup.taken_at > self._now:
                self._keep(backup, ReasonCode.FUTURE, "dated in the future: the clock was wrong, then or now")

    def _keep_what_is_protected(self) -> None:
        for backup in self._all:
            if backup.is_pinned:
                self._keep(backup, ReasonCode.PINNED, "pinned")
            alike: dict[str, list[HoldFacts]] = {}
            for hold in self._holds:
                if hold.protects(backup):
                    alike.setdefault(hold.reason, []).append(hold)
            for reason, holds in alike.items():
                self._keep(backup, ReasonCode.HOLD, _held_words(reason, holds))

    def _keep_newest_and_proven(self) -> None:
        if self._good:
            self._keep(self._good[-1], ReasonCode.NEWEST, "the newest good backup")
        if self._doubted and (not self._good or _age_order(self._doubted[-1]) > _age_order(self._good[-1])):
            self._keep(self._doubted[-1], ReasonCode.NEWEST, "the newest backup, although doubted")
        proven = [
            (_RANKS[backup.proof_level], _age_order(backup), backup) for backup in self._good if backup.proof_level
        ]
        if proven:
            best = max(proven, key=lambda one: one[:2])[2]
            self._keep(best, ReasonCode.PROVEN, f"the newest that was proven to level {best.proof_level}")

    def _keep_for_a_while(self) -> None:
        days = self._policy.keep_manual_days
        since = self._now - timedelta(days=days)
        for backup in (*self._good, *self._doubted):
            if backup.taken_at <= since:
                continue
            if backup.is_manual:
                self._keep(backup, ReasonCode.MANUAL, f"made by hand less than {counted(days, 'day')} ago")
            if backup.suspect:
                self._keep(backup, ReasonCode.SUSPECT, f"doubted, and less than {counted(days, 'day')} old")

    def _keep_by_policy(self, storage: str) -> None:
        counts = self._policy.counts[storage]
        good_ids = [backup.backup_id for backup in self._good]
        there = [backup.backup_id for backup in self._good if any(_lies_in(copy, storage) for copy in backup.copies)]
        doubted_ids = [backup.backup_id for backup in self._doubted]
        for found in (
            standing(there, self._periods, counts),
            standing_in(doubted_ids, good_ids, self._periods, counts),
        ):
            for backup_id, reasons in found.items():
                self._for_copy[backup_id, storage].extend(reasons)
                self._wanted_by[backup_id].append(storage)
        # What this policy would keep, had the storage backend a copy of everything: its only copy elsewhere counts.
        for backup_id, reasons in standing(good_ids, self._periods, counts).items():
            if (backup_id, storage) not in self._for_copy:
                self._for_copy[backup_id, storage].extend(reasons)
                self._wanted_by[backup_id].append(storage)

    def _keep_only_copies(self) -> None:
        for backup_id, wanting in self._wanted_by.items():
            backup = self._by_id[backup_id]
            if any(copy.is_verified and self._is_kept(backup, copy) for copy in backup.copies):
                continue
            best = [copy for copy in backup.copies if copy.is_verified] or [c for c in backup.copies if c.is_there]
            policies = " and ".join(dict.fromkeys(wanting))
            words = f"no other good copy of a backup that the policy of {policies} keeps"
            for copy in best:
                if not self._is_kept(backup, copy):
                    self._for_copy[backup_id, copy.storage].append(Reason(code=ReasonCode.ONLY_COPY, words=words))

    def _keep_what_cannot_go_yet(self) -> None:
        for backup in self._all:
            uploads = self._uploads_of(backup)
            for copy in backup.copies:
                if uploads or copy.retained_until is not None:
                    self._for_copy[backup.backup_id, copy.storage].extend(self._reasons_to_wait(backup, copy, uploads))

    def _keep_parents(self) -> None:
        if not any(backup.parent_ids for backup in self._all):
            return
        kept = [backup for backup in self._all if any(self._stays(backup, copy) for copy in backup.copies)]
        while kept:
            child = kept.pop()
            for parent_id in child.parent_ids:
                parent = self._by_id.get(parent_id)
                if parent is not None and not any(
                    reason.code is ReasonCode.PARENT for reason in self._for_backup[parent_id]
                ):
                    self._keep(parent, ReasonCode.PARENT, f"{child.backup_id} cannot be restored without it")
                    kept.append(parent)

    def _decisions_for(self, backup: BackupFacts) -> list[CopyDecision]:
        judged = [(copy, *self._judge(backup, copy)) for copy in backup.copies if copy.state is not CopyState.DELETED]
        going_first = tuple(copy.storage for copy, expires, _ in judged if expires and copy.is_remote)
        staying = tuple(
            copy.storage
            for copy, expires, _ in judged
            if not expires and copy.is_there and copy.storage in self._policy.counts
        )
        return [
            CopyDecision(
                backup_id=backup.backup_id,
                taken_at=backup.taken_at,
                storage=copy.storage,
                is_remote=copy.is_remote,
                size_bytes=copy.size_bytes,
                expires=expires,
                reasons=tuple(reasons),
                after=going_first if expires and not copy.is_remote else (),
                staying=staying if expires else (),
            )
            for copy, expires, reasons in judged
        ]

    def _judge(self, backup: BackupFacts, copy: CopyFacts) -> tuple[bool, list[Reason]]:
        """Return whether a copy expires, and why."""
        if copy.storage not in self._policy.counts:
            return False, [Reason(code=ReasonCode.UNCONFIGURED, words="its storage is not configured")]
        if copy.is_expiring and backup.is_ours:
            return True, [Reason(code=ReasonCode.EXPIRES_BEGUN, words="its deletion was begun and is finished")]
        kept = [*self._for_backup.get(backup.backup_id, ()), *self._for_copy.get((backup.backup_id, copy.storage), ())]
        if copy.state is CopyState.CORRUPT and self._is_replaced(backup, kept):
            return True, [
                Reason(code=ReasonCode.EXPIRES_DAMAGED, words="damaged, and another verified copy of it is kept")
            ]
        return (False, kept) if kept else (True, [self._unneeded(backup, copy.storage)])

    def _uploads_of(self, backup: BackupFacts) -> list[str]:
        """Return where a backup is to be uploaded to; a storage that is not configured is not waited for."""
        return [copy.storage for copy in backup.copies if copy.is_on_the_way and copy.storage in self._policy.counts]

    def _reasons_to_wait(self, backup: BackupFacts, copy: CopyFacts, uploads: list[str]) -> list[Reason]:
        found = []
        source = any(one.is_there and not one.is_remote for one in backup.copies)
        if copy.state is CopyState.UPLOADING or (copy.state is CopyState.PENDING and source):
            found.append(Reason(code=ReasonCode.UPLOAD, words="its upload is not finished"))
        elif uploads and copy.is_there and not copy.is_remote:
            found.append(Reason(code=ReasonCode.UPLOAD, words=f"the source of the upload to {', '.join(uploads)}"))
        if copy.retained_until is not None and copy.retained_until > self._now:
            found.append(
                Reason(code=ReasonCode.RETAINED, words=f"locked by its storage until {copy.retained_until:%Y-%m-%d}")
            )
        return found

    def _is_replaced(self, backup: BackupFacts, kept: Iterable[Reason]) -> bool:
        """Return whether a damaged copy may go because a good one of the same backup stays."""
        return not _UNTOUCHABLE & {reason.code for reason in kept} and any(
            copy.is_verified and self._is_kept(backup, copy) for copy in backup.copies
        )

    def _unneeded(self, backup: BackupFacts, storage: str) -> Reason:
        words = self._none_of[storage]
        if backup.is_manual or backup.suspect:
            words += f", and is {counted(self._policy.keep_manual_days, 'day')} old"
        if backup.backup_id not in self._good_ids:
            is_there = any(copy.is_there for copy in backup.copies)
            words += "; it is doubted" if is_there else "; none of its copies is good"
        # most of what goes, goes for the same reason
        return self._unneeded_by_words.setdefault(words, Reason(code=ReasonCode.EXPIRES_UNNEEDED, words=words))

    def _keep(self, backup: BackupFacts, code: ReasonCode, words: str) -> None:
        self._for_backup[backup.backup_id].append(Reason(code=code, words=words))

    def _is_kept(self, backup: BackupFacts, copy: CopyFacts) -> bool:
        """Return whether a copy has a reason to stay, as far as reasons are gathered."""
        return copy.storage in self._policy.counts and (
            bool(self._for_backup.get(backup.backup_id)) or bool(self._for_copy.get((backup.backup_id, copy.storage)))
        )

    def _stays(self, backup: BackupFacts, copy: CopyFacts) -> bool:
        return copy.state is not CopyState.DELETED and (
            copy.storage not in self._policy.counts or self._is_kept(backup, copy)
        )


def _age_order(backup: BackupFacts) -> tuple[datetime, str]:
    return backup.taken_at, backup.backup_id


def _lies_in(copy: CopyFacts, storage: str) -> bool:
    return copy.storage == storage and copy.is_there


def _held_words(reason: str, holds: Sequence[HoldFacts]) -> str:
    """Return what holds of the same reason say, once, and of several the backups that they are about."""
    about = list(dict.fromkeys(hold.backup_id for hold in holds if hold.backup_id)) if len(holds) > 1 else []
    since = min(hold.begun_at for hold in holds)
    return f"held since {since:%Y-%m-%d}: {reason}" + (f" ({', '.join(about)})" if about else "")
