"""Choose the copy of a backup that is read: the one on this host, else the best of those elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import CopyState
from octeth_backupd.domain.restore.plan import Refusal
from octeth_backupd.domain.summary import READABLE_STATES
from octeth_backupd.domain.upload import section_of
from octeth_backupd.errors import BackupdError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from octeth_backupd.domain.backup import Backup, Copy
    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.storage.base import Storage

DOUBTFUL_STATES = frozenset({CopyState.CORRUPT, CopyState.MISSING})
"""Read when there is nothing better: it may have been brought back, and its checksum tells."""

_OTHERWISE = (
    "Choose another backup (octeth-backupctl list). An archive that you still have elsewhere is restored with "
    "restore --file PATH; its checksum and manifest beside it are used."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenCopy:
    """The copy that is read.

    Attributes:
        reason: Why this one, and what is wrong with those that would have come first.
    """

    copy: Copy
    storage: Storage
    reason: str


def choose_copy(
    backup: Backup, parts: Parts, *, only: str = "", passed_over: Collection[str] = ()
) -> tuple[ChosenCopy | None, tuple[Refusal, ...]]:
    """Return the best copy that can be read as far as its size tells, or why there is none.

    A copy on this host comes first, since reading it costs nothing; then those elsewhere: first what was read back and
    found right, then what the storage confirmed when it was stored. Copies that were found damaged or missing come
    last of all. Nothing is asked of a storage whose copy is not needed: it may be slow, or away.

    Args:
        backup: Whose copies.
        parts: Hold the storage backends.
        only: Name of the one storage backend that counts; empty: all do.
        passed_over: Storage backends whose copies were tried before.
    """
    storages = {storage.name: storage for storage in parts.storages}
    proven = {proof.storage for proof in parts.catalog.holdings.proofs(backup_id=backup.backup_id)}
    against: list[Refusal] = []
    for copy in sorted(backup.copies, key=lambda copy: _rank(copy, storages, proven)):
        if copy.storage in passed_over or only not in {"", copy.storage}:
            continue
        objection = _objection(copy, storages)
        if objection is None:
            found = storages[copy.storage]
            reason = "; ".join((_why(copy, proven, is_remote=found.is_remote), *(found.message for found in against)))
            return ChosenCopy(copy=copy, storage=found, reason=reason), ()
        against.append(objection)
    return None, (_no_copy(backup, against),)


def _rank(copy: Copy, storages: Mapping[str, Storage], proven: Collection[str]) -> tuple[bool, bool, bool, bool, str]:
    storage = storages.get(copy.storage)
    return (
        copy.state in DOUBTFUL_STATES,
        storage is None or storage.is_remote,
        copy.verified_at is None,
        copy.storage not in proven,
        copy.storage,
    )


def _objection(copy: Copy, storages: Mapping[str, Storage]) -> Refusal | None:
    """Return why a copy cannot be read, or None when nothing is known against it."""
    where = f"the copy in {copy.storage}"
    storage = storages.get(copy.storage)
    if copy.state not in READABLE_STATES | DOUBTFUL_STATES:
        return _against(f"{where} is {copy.state}{f' ({copy.detail})' if copy.detail else ''}")
    if storage is None:
        return _against(
            f"{where} is out of reach: the configuration names no such storage",
            f"Write {section_of(copy.storage)} into the configuration again, then: systemctl reload octeth-backupd",
        )
    try:
        stored = storage.stat(copy.key)
    except BackupdError as error:
        return _against(f"{where} cannot be read: {error.message}", error.hint)
    if stored.size_bytes != copy.size_bytes:
        return _against(f"{where} has {stored.size_bytes} bytes instead of {copy.size_bytes}")
    return _archived(where, storage, copy.key, stored.storage_class) if stored.is_archived else None


def _archived(where: str, storage: Storage, key: str, storage_class: str) -> Refusal | None:
    """Return that a copy must be brought back from a slow class first; the storage knows how that is done."""
    try:
        with storage.open(key):
            return None
    except BackupdError as error:
        return Refusal(
            code="archived_copy",
            message=f"{where} is archived ({storage_class}): {error.message}",
            hint=error.hint,
        )


def _against(message: str, hint: str = "") -> Refusal:
    return Refusal(code="no_copy", message=message, hint=hint)


def _why(copy: Copy, proven: Collection[str], *, is_remote: bool) -> str:
    if copy.verified_at:
        shown = f"read back and found right at {copy.verified_at:%Y-%m-%d %H:%M} UTC"
    elif is_remote and copy.storage in proven:
        shown = "confirmed by the storage when it was stored, never read back"
    else:
        shown = "never read back since it was made"
    place = "in a remote storage" if is_remote else "on this host"
    doubt = f", tried although it is {copy.state}: nothing better is there" if copy.state in DOUBTFUL_STATES else ""
    return f"{place}, {shown}{doubt}"


def _no_copy(backup: Backup, against: list[Refusal]) -> Refusal:
    archived = any(found.code == "archived_copy" for found in against)
    problems = "; ".join(found.message for found in against)
    return Refusal(
        code="archived_copy" if archived else "no_copy",
        message=f"no copy of {backup.backup_id} can be read: {problems or 'none is known'}",
        hint=_all_hints(tuple(dict.fromkeys(found.hint for found in against if found.hint))),
    )


def _all_hints(hints: tuple[str, ...]) -> str:
    """Return what can be done; commands keep lines of their own, after all sentences."""
    sentences = [hint.split("\n")[0] for hint in hints]
    commands = [line for hint in hints for line in hint.split("\n")[1:]]
    advice = f"{_OTHERWISE} To read this one: {' '.join(sentences)}" if sentences else _OTHERWISE
    return "\n".join((advice, *commands))
