"""State files taken over into the catalog: this installation's own, and those of installations that it adopted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from octeth_backupd.catalog.taken_over import SaidState
from octeth_backupd.domain.holdings import Accept, Hold, Pin, Proof
from octeth_backupd.domain.state_document import owner_of_state_key, parse_state, state_key
from octeth_backupd.domain.sync.report import Finding, FindingKind
from octeth_backupd.errors import MetadataError, NotFoundError, StorageError
from octeth_backupd.pipeline.retention.confirmation import require_confirmation
from octeth_backupd.pipeline.state_files import is_noted, note_state

if TYPE_CHECKING:
    from collections.abc import Iterable

    from octeth_backupd.catalog.store import Catalog
    from octeth_backupd.domain.state_document import StateDocument
    from octeth_backupd.domain.sync.known import KnownBackups
    from octeth_backupd.domain.sync.places import FoundFile
    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.storage.base import Storage

LARGEST_BYTES = 32 << 20

_log = structlog.get_logger("sync")


@dataclass(frozen=True, slots=True, kw_only=True)
class StatePlace:
    """Where state files were listed.

    Attributes:
        is_trusted: The storage backend was compared to the end: what it does not hold is not there.
    """

    storage: Storage
    files: tuple[FoundFile, ...]
    is_trusted: bool


class StateReading:
    """Reads state files and tells the catalog what they say of backups that it knows.

    Attributes:
        taken: How many entries the catalog did not know.
        findings: State files that cannot be used.
        problems: What could not be read.
    """

    def __init__(self, context: RunContext, catalog: Catalog, known: KnownBackups, *, repair: bool) -> None:
        self._context = context
        self._catalog = catalog
        self._known = known
        self._repair = repair
        self._own = context.installation_id
        self.taken = 0
        self.findings: list[Finding] = []
        self.problems: list[str] = []

    def read(self, places: Iterable[StatePlace], servers: Iterable[str]) -> None:
        """Take over what is ours; what a state file names as adopted is ours from then on, and is read as well.

        Args:
            places: All storage backends.
            servers: Those whose own state files are written, to know which of them are there.
        """
        everywhere = tuple(places)
        knows_all = all(place.is_trusted for place in everywhere)
        unread = [(place, file) for place in everywhere for file in place.files]
        while unread:
            ours = self._catalog.installations.ours()
            readable = [(place, file) for place, file in unread if self._may_be_ours(file.key, ours)]
            unread = [one for one in unread if one not in readable]
            for place, file in readable:
                self._context.cancellation.raise_if_cancelled()
                self._read(place.storage, file, knows_all=knows_all)
            if self._catalog.installations.ours() == ours:
                break
        for place in everywhere:
            if place.is_trusted:
                self._note_lost(place, servers)

    def _may_be_ours(self, key: str, ours: frozenset[str]) -> bool:
        owner = owner_of_state_key(key)
        return owner is not None and owner[1] in {"", *ours}

    def _read(self, storage: Storage, file: FoundFile, *, knows_all: bool) -> None:
        try:
            text = _text(storage, file)
            document = _document(text, file.key)
        except NotFoundError:
            return
        except MetadataError as exc:
            self.findings.append(
                Finding(kind=FindingKind.UNUSABLE, storage=storage.name, key=file.key, detail=exc.message)
            )
            self._give_up(storage, file.key)
            return
        except StorageError as exc:
            self.problems.append(f"{storage.name}: {file.key} could not be read: {exc.message}")
            return
        if document.installation_id not in self._catalog.installations.ours():
            return
        unknown = self._take_over(document)
        if unknown:
            _log.info("sync.state_of_unknown_backups", storage=storage.name, key=file.key, backup_ids=sorted(unknown))
        is_own = file.key == state_key(document.server, self._own)
        if is_own and (knows_all or not unknown):
            note_state(self._catalog, storage.name, document.server, text)

    def _take_over(self, document: StateDocument) -> set[str]:
        """Tell the catalog what a document says; return the ids in it that the catalog does not know."""
        ours = self._catalog.installations.ours()
        for one in document.adopted:
            if one.installation_id != self._own:
                if one.installation_id not in ours:
                    require_confirmation(self._catalog)  # before they are ours: no policy has seen its backups
                self._catalog.installations.adopt(one.installation_id, by=one.adopted_by, at=one.adopted_at)
        owners = (document.installation_id, *(one.installation_id for one in document.adopted))
        ids = {}
        for backup_id in document.backup_ids():
            found = [backup for owner in owners if (backup := self._known.same(backup_id, owner)) is not None]
            if found:
                ids[backup_id] = found[0].backup_id
        self.taken += self._catalog.holdings.take_over(_said(document, ids, owners, self._known))
        return document.backup_ids() - ids.keys()

    def _give_up(self, storage: Storage, key: str) -> None:
        """Let our own file that nobody can read be written anew: it is known what it should say, or it was ordered."""
        owner = owner_of_state_key(key)
        if owner is None or owner[1] != self._own:
            return
        if self._repair or is_noted(self._catalog, storage.name, owner[0]):
            note_state(self._catalog, storage.name, owner[0], "")

    def _note_lost(self, place: StatePlace, servers: Iterable[str]) -> None:
        keys = {file.key for file in place.files}
        for server in servers:
            if state_key(server, self._own) not in keys and is_noted(self._catalog, place.storage.name, server):
                note_state(self._catalog, place.storage.name, server, "")


def _text(storage: Storage, file: FoundFile) -> str:
    if file.size_bytes > LARGEST_BYTES:
        raise MetadataError(f"it has {file.size_bytes} bytes: no state file is that large")
    return storage.read_text(file.key)


def _document(text: str, key: str) -> StateDocument:
    document = parse_state(text)
    server, installation_id = owner_of_state_key(key) or ("", "")
    if document.server != server or installation_id not in {"", document.installation_id}:
        raise MetadataError(f"it says that it is of {document.server!r} of installation {document.installation_id!r}")
    return document


def _said(document: StateDocument, ids: dict[str, str], owners: tuple[str, ...], known: KnownBackups) -> SaidState:
    """Return a document's entries under the catalog's ids, those of unknown backups left out."""

    def protected(backup_id: str) -> str:
        found = (backup.backup_id for owner in owners if (backup := known.same(backup_id, owner)) is not None)
        return next(found, backup_id)

    return SaidState(
        pins=tuple(
            Pin(**dict(pin) | {"backup_id": ids[pin.backup_id]}) for pin in document.pins if pin.backup_id in ids
        ),
        holds=tuple(
            Hold(
                hold_id=0,
                server=document.server,
                reason=hold.reason,
                backup_id=ids.get(hold.backup_id, hold.backup_id),
                protected=tuple(protected(one) for one in hold.protected),
                begun_at=hold.begun_at,
            )
            for hold in document.holds
        ),
        accepts=tuple(
            Accept(**dict(accept) | {"backup_id": ids[accept.backup_id]})
            for accept in document.accepts
            if accept.backup_id in ids
        ),
        proofs=tuple(
            Proof(**dict(proof) | {"backup_id": ids[proof.backup_id]})
            for proof in document.proofs
            if proof.backup_id in ids
        ),
        suspects={ids[one]: reason for one, reason in document.suspects.items() if one in ids},
    )
