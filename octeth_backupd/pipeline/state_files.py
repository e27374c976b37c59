"""State files: what is said of finished backups, written beside them into every storage backend when it changes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from octeth_backupd.catalog.installations import OWN
from octeth_backupd.domain.state_document import make_state, parse_state, state_key
from octeth_backupd.errors import BackupdError, NotFoundError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from octeth_backupd.catalog.store import Catalog
    from octeth_backupd.domain.state_document import StateDocument
    from octeth_backupd.storage.base import Storage

_log = structlog.get_logger("state")

_WRITTEN = "state_written"


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleState:
    """A state file that does not say what the catalog says.

    Attributes:
        document: What it should say.
        is_first: This catalog never wrote it.
    """

    storage: Storage
    server: str
    key: str
    document: StateDocument
    is_first: bool


def stale_states(catalog: Catalog, storages: Iterable[Storage], servers: Iterable[str]) -> list[StaleState]:
    """Return the state files that must be written; asks the catalog alone, no storage backend.

    Args:
        catalog: Whose state, and what was written where.
        storages: Where state files belong.
        servers: Whose backups; one state file for each, in each storage backend.
    """
    own = catalog.meta(OWN)
    if own is None:
        return []
    backends = tuple(storages)
    stale = []
    for server in servers:
        document = state_of(catalog, own, server)
        digest = _digest(document.to_json_text())
        for storage in backends:
            written = catalog.meta(_written(storage.name, server))
            is_worth_writing = written is not None or not document.is_empty
            if written != digest and is_worth_writing:
                key = state_key(server, own)
                stale.append(
                    StaleState(storage=storage, server=server, key=key, document=document, is_first=written is None)
                )
    return stale


def write_state(catalog: Catalog, state: StaleState) -> None:
    """Write one state file and remember that it is written.

    Raises:
        StorageError: It cannot be written; or one is there that a catalog wrote which is lost now, and whose content
            no sync has taken over yet.
        CatalogError: It was written, which could not be remembered; writing it again does no harm.
    """
    text = state.document.to_json_text()
    if state.is_first:
        _require_nothing_lost(state, text)
    state.storage.replace_text(state.key, text)
    note_state(catalog, state.storage.name, state.server, text)
    _log.info("state.written", storage=state.storage.name, key=state.key)


def write_states(catalog: Catalog, storages: Iterable[Storage], servers: Iterable[str]) -> list[str]:
    """Write every state file that is stale; return what could not be written, one sentence each.

    Each one is tried; what failed is stale still, and tried again by the next call.
    """
    problems = []
    for state in stale_states(catalog, storages, servers):
        try:
            write_state(catalog, state)
        except BackupdError as exc:
            _log.warning("state.not_written", storage=state.storage.name, key=state.key, error=exc.message)
            problems.append(f"{state.storage.name}: {state.key} could not be written: {exc.message}")
    return problems


def note_state(catalog: Catalog, storage: str, server: str, text: str) -> None:
    """Remember what our state file of a server says in a storage backend; an empty text: it is not there."""
    catalog.set_meta(_written(storage, server), _digest(text) if text else "")


def is_noted(catalog: Catalog, storage: str, server: str) -> bool:
    """Return whether this catalog ever wrote, or took over, our state file of a server in a storage backend."""
    return catalog.meta(_written(storage, server)) is not None


def state_of(catalog: Catalog, installation_id: str, server: str) -> StateDocument:
    """Return the state of a server's backups as the catalog has it; deleted backups are left out."""
    living = catalog.living_backups(server)
    holdings = catalog.holdings
    return make_state(
        installation_id,
        server,
        pins=[pin for pin in holdings.pins(server) if pin.backup_id in living],
        holds=holdings.holds(server),
        accepts=[accept for accept in holdings.accepts(server) if accept.backup_id in living],
        proofs=[proof for proof in holdings.proofs(server) if proof.backup_id in living],
        suspects={backup_id: suspect for backup_id, suspect in living.items() if suspect},
        adopted=catalog.installations.adopted(),
    )


def _require_nothing_lost(state: StaleState, text: str) -> None:
    try:
        found = state.storage.read_text(state.key)
    except NotFoundError:
        return
    if found == text or parse_state(found).is_empty:
        return
    raise StorageError(
        "an earlier catalog wrote it, and this one does not know what it says",
        hint="Take it over first: octeth-backupctl sync",
    )


def _written(storage: str, server: str) -> str:
    return f"{_WRITTEN}:{storage}:{server}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
