"""Entering archives of the bash tool into the catalog, where they lie."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import CopyState
from octeth_backupd.domain.legacy.adoption import ArchiveState, Found, adopted_backup, adopted_copy
from octeth_backupd.domain.legacy.archive_names import TIERS
from octeth_backupd.domain.legacy.report import Fate, Note
from octeth_backupd.domain.names import backup_id, checksum_name
from octeth_backupd.errors import NotFoundError
from octeth_backupd.process.files import translated_os_errors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from octeth_backupd.catalog.store import Catalog


_HELD = frozenset(CopyState) - {CopyState.DELETED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopter:
    """Whose archives they become.

    Attributes:
        now: When they were read.
    """

    server: str
    installation_id: str
    now: datetime

    def adopt(self, found: Iterable[Found], catalog: Catalog | None) -> Iterator[Note]:
        """Enter archives into the catalog and yield a word on each; what is in it already stays as it is.

        One that cannot be used comes after those that can, so that a whole copy says what the backup's size and digest
        are.

        Args:
            found: Local ones before the remote copies of the same.
            catalog: None for a rehearsal, which enters nothing.
        """
        planned: dict[str, Found] = {}
        holders = _holders(catalog)
        for one in sorted(found, key=lambda one: one.state is ArchiveState.BAD):
            if one.state is ArchiveState.PARTIAL:
                yield self._note(one, Fate.LEFT_ALONE, f"partial: {one.detail}; a failed run has left it")
                continue
            own_id = backup_id(self.server, one.taken_at)
            first = planned.setdefault(own_id, one)
            if first is not one and (first.name != one.name or first.storage == one.storage):
                yield self._note(one, Fate.LEFT_ALONE, f"begun in the same second as {first.key}, which is {own_id}")
                continue
            contradiction = _contradiction(first, one)
            if contradiction:
                yield self._note(one, Fate.LEFT_ALONE, contradiction)
                continue
            yield self._enter(one, own_id, catalog, holders.get((one.storage, one.key), own_id))

    def _enter(self, found: Found, own_id: str, catalog: Catalog | None, holder: str) -> Note:
        what = f"{own_id}: {found.state}" + (f", {found.detail}" if found.detail else "")
        if catalog is None:
            return self._note(found, Fate.ADOPTED, what)
        if holder != own_id:
            # Its time was read in another zone, or it was another server's: retention would count one file twice.
            return self._note(found, Fate.LEFT_ALONE, f"is already backup {holder}")
        try:
            known = catalog.backup(own_id)
        except NotFoundError:
            entry = adopted_backup(found, server=self.server, installation_id=self.installation_id, now=self.now)
            catalog.add_backup(entry)
            return self._note(found, Fate.ADOPTED, what)
        if known.archive_name != found.name:
            return self._note(found, Fate.LEFT_ALONE, f"{own_id} is another archive, {known.archive_name}")
        if any(copy.storage == found.storage for copy in known.copies):
            return self._note(found, Fate.ADOPTED, f"{own_id}: was adopted before")
        catalog.add_copy(adopted_copy(found, of=own_id, now=self.now))
        return self._note(found, Fate.ADOPTED, what)

    @staticmethod
    def _note(found: Found, fate: Fate, message: str) -> Note:
        return Note(fate=fate, subject=f"{found.storage}: {found.key}", message=message)


def _holders(catalog: Catalog | None) -> Mapping[tuple[str, str], str]:
    """Return whose each file is that the catalog knows: storage backend and key → id of the backup."""
    copies = [] if catalog is None else catalog.copies_in(_HELD)
    return {(copy.storage, copy.key): copy.backup_id for copy in copies}


def _contradiction(first: Found, other: Found) -> str:
    """Return why two copies cannot be of one archive; empty when they can."""
    if first is other:
        return ""
    if first.facts.size_bytes != other.facts.size_bytes:
        return f"has {other.facts.size_bytes} bytes, and the copy in {first.storage} {first.facts.size_bytes}"
    known = first.checksum or first.facts.sha256
    if other.checksum and known and other.checksum != known:
        return f"its checksum file says another digest than the copy in {first.storage}"
    return ""


def tighten_modes(root: Path, keys: Iterable[str]) -> None:
    """Take every right from group and others on adopted archives, their checksum files and the tiers' directories.

    Owner and times stay; nothing else is touched, and no symbolic link is followed.

    Args:
        root: The directory of local backups.
        keys: Of the adopted archives.
    """
    for key in keys:
        for path in (root / key, root / checksum_name(key)):
            _set_mode(path, 0o600, stat.S_IFREG)
    for tier in TIERS:
        _set_mode(root / tier.value, 0o700, stat.S_IFDIR)


def _set_mode(path: Path, mode: int, kind: int) -> None:
    with translated_os_errors(path):
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ELOOP):
                return
            raise
        try:
            if stat.S_IFMT(os.fstat(descriptor).st_mode) == kind:
                os.fchmod(descriptor, mode)
        finally:
            os.close(descriptor)
