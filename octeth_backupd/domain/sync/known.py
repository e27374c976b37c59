"""The catalog's backups, as a sync looks them up; it grows with what the sync adds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import CopyState
from octeth_backupd.domain.summary import READABLE_STATES
from octeth_backupd.domain.sync.places import short_id
from octeth_backupd.domain.sync.report import InstallationReport

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from octeth_backupd.domain.backup import Backup, Copy


class KnownBackups:
    """Backups by id, and their copies by storage backend and key.

    Ids are unique in a catalog, and hosts that share a bucket may have begun a backup of a server of the same name in
    the same second: the one that came second into the catalog has the id ``<id>-<installation's first 8 digits>``.
    """

    def __init__(self, backups: Iterable[Backup]) -> None:
        self._by_id: dict[str, Backup] = {}
        self._copies: dict[tuple[str, str], Copy] = {}
        for backup in backups:
            self.add(backup)

    def add(self, backup: Backup) -> None:
        """Take a backup up, in place of what was known under its id."""
        self._by_id[backup.backup_id] = backup
        for copy in backup.copies:
            self.add_copy(copy)

    def add_copy(self, copy: Copy) -> None:
        """Take a copy up, in place of what was known of it."""
        self._copies[copy.backup_id, copy.storage] = copy

    def forget(self, backup_id: str) -> None:
        """Take a backup out that did not come into the catalog after all."""
        self._by_id.pop(backup_id, None)
        self._copies = {place: copy for place, copy in self._copies.items() if place[0] != backup_id}

    def backup(self, backup_id: str) -> Backup | None:
        """Return a backup by its id."""
        return self._by_id.get(backup_id)

    def copy(self, backup_id: str, storage: str) -> Copy | None:
        """Return a backup's copy in a storage backend."""
        return self._copies.get((backup_id, storage))

    def readable_in(self, storages: Collection[str]) -> dict[str, set[str]]:
        """Return in which of some storage backends each backup has a copy that can be read, by the backup's id."""
        found: dict[str, set[str]] = {}
        for (backup_id, storage), copy in self._copies.items():
            if copy.state in READABLE_STATES and storage in storages:
                found.setdefault(backup_id, set()).add(storage)
        return found

    def copies_in(self, storage: str) -> dict[str, Copy]:
        """Return the copies in a storage backend by their keys; of two under one key the one that was not deleted."""
        by_key: dict[str, Copy] = {}
        for copy in self._copies.values():
            if copy.storage == storage and (copy.key not in by_key or copy.state is not CopyState.DELETED):
                by_key[copy.key] = copy
        return by_key

    def same(self, backup_id: str, installation_id: str) -> Backup | None:
        """Return the backup that an installation means by an id.

        Args:
            backup_id: As a manifest of that installation has it, or as its own catalog had it.
            installation_id: Whose.
        """
        tail = short_id(installation_id)
        for candidate in (backup_id, f"{backup_id}-{tail}", backup_id.removesuffix(f"-{tail}")):
            found = self._by_id.get(candidate)
            if found is not None and found.installation_id == installation_id:
                return found
        return None

    def free_id(self, backup_id: str, installation_id: str) -> str:
        """Return the id under which a backup that is not known comes into the catalog."""
        return backup_id if backup_id not in self._by_id else f"{backup_id}-{short_id(installation_id)}"

    def installations(self, *, own: str, ours: frozenset[str]) -> tuple[InstallationReport, ...]:
        """Return whose backups are known: this installation's first, then those that are ours, then by id."""
        by_owner: dict[str, list[Backup]] = {}
        for backup in self._by_id.values():
            by_owner.setdefault(backup.installation_id, []).append(backup)
        readable = {copy.backup_id for copy in self._copies.values() if copy.state in READABLE_STATES}
        reports = []
        for owner, backups in by_owner.items():
            good = sorted((one.taken_at, one.backup_id) for one in backups if one.backup_id in readable)
            reports.append(
                InstallationReport(
                    installation_id=owner,
                    is_ours=owner in ours,
                    is_own=owner == own,
                    servers=tuple(sorted({backup.server for backup in backups})),
                    backups=len(good),
                    newest=good[-1][1] if good else "",
                )
            )
        return tuple(sorted(reports, key=lambda one: (not one.is_own, not one.is_ours, one.installation_id)))
