"""The state file: what is said of an installation's backups after they were made, as a JSON file beside them.

A manifest is written once. Pins, holds, accepts, proofs and doubts come later and change; each installation rewrites
its own state file of each server as a whole, in every storage backend. With it a lost catalog comes back with them.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, ValidationError

from octeth_backupd.domain.holdings import ProofLevel
from octeth_backupd.domain.manifest_parts import Part, UtcTime
from octeth_backupd.domain.names import is_safe_name
from octeth_backupd.errors import MetadataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from octeth_backupd.domain.holdings import Accept, AdoptedInstallation, Hold, Pin, Proof

FORMAT_VERSION = 1

_KEY = re.compile(r"(?P<server>[^/]+)/state(-(?P<installation>[0-9a-f]{32}))?\.json", re.ASCII)


class PinEntry(Part):
    """See domain.holdings.Pin."""

    backup_id: str
    note: str = ""
    pinned_by: str = ""
    pinned_at: UtcTime


class HoldEntry(Part):
    """See domain.holdings.Hold; only open ones are written."""

    reason: str
    backup_id: str = ""
    protected: tuple[str, ...] = ()
    begun_at: UtcTime


class AcceptEntry(Part):
    """See domain.holdings.Accept."""

    backup_id: str
    doubt: str = ""
    note: str = ""
    accepted_by: str = ""
    accepted_at: UtcTime


class ProofEntry(Part):
    """See domain.holdings.Proof."""

    backup_id: str
    level: ProofLevel
    storage: str = ""
    proven_at: UtcTime
    run_id: str = ""
    detail: str = ""


class AdoptedEntry(Part):
    """See domain.holdings.AdoptedInstallation."""

    installation_id: str
    adopted_by: str = ""
    adopted_at: UtcTime


class StateDocument(Part):
    """See the module. ``format_version`` grows only when an older release could misread a newer file.

    Attributes:
        installation_id: Whose word it is.
        server: Whose backups it is about.
        suspects: Id of a backup → why its content is doubted now.
    """

    format: Literal["octeth-backupd state"] = "octeth-backupd state"
    format_version: int = FORMAT_VERSION
    installation_id: str
    server: str
    pins: tuple[PinEntry, ...] = ()
    holds: tuple[HoldEntry, ...] = ()
    accepts: tuple[AcceptEntry, ...] = ()
    proofs: tuple[ProofEntry, ...] = ()
    suspects: dict[str, str] = Field(default_factory=dict)
    adopted: tuple[AdoptedEntry, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Return whether it says nothing."""
        return not (self.pins or self.holds or self.accepts or self.proofs or self.suspects or self.adopted)

    def backup_ids(self) -> set[str]:
        """Return the ids of the backups that it says something of."""
        said = {entry.backup_id for entries in (self.pins, self.accepts, self.proofs) for entry in entries}
        return said | set(self.suspects) | {hold.backup_id for hold in self.holds if hold.backup_id}

    def to_json_text(self) -> str:
        """Return the text of the file: the same for the same state, whenever it is rendered."""
        return json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"


def make_state(
    installation_id: str,
    server: str,
    *,
    pins: Iterable[Pin] = (),
    holds: Iterable[Hold] = (),
    accepts: Iterable[Accept] = (),
    proofs: Iterable[Proof] = (),
    suspects: Mapping[str, str] | None = None,
    adopted: Iterable[AdoptedInstallation] = (),
) -> StateDocument:
    """Return the state of an installation's backups of a server, of values of the catalog in their order."""
    return StateDocument(
        installation_id=installation_id,
        server=server,
        pins=tuple(PinEntry.model_validate(pin) for pin in pins),
        holds=tuple(HoldEntry.model_validate(hold) for hold in holds),
        accepts=tuple(AcceptEntry.model_validate(accept) for accept in accepts),
        proofs=tuple(ProofEntry.model_validate(proof) for proof in proofs),
        suspects=dict(sorted((suspects or {}).items())),
        adopted=tuple(AdoptedEntry.model_validate(one) for one in adopted),
    )


def parse_state(text: str) -> StateDocument:
    """Read a file's text. Keys that this release does not know are ignored.

    Raises:
        MetadataError: It is no state file, or has a format that only a newer release can read.
    """
    try:
        content: Any = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise MetadataError(f"the state file is not JSON: {exc}") from exc
    version = content.get("format_version") if isinstance(content, dict) else None
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise MetadataError(
            f"the state file has format {version}, this release reads up to {FORMAT_VERSION}",
            hint="Use the release that wrote it, or a newer one.",
        )
    try:
        return StateDocument.model_validate(content)
    except ValidationError as exc:
        first = exc.errors(include_input=False, include_context=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "top level"
        raise MetadataError(f"the state file cannot be used: {where}: {first['msg']}") from exc


def state_key(server: str, installation_id: str) -> str:
    """Return the key of an installation's state file of a server."""
    return f"{server}/state-{installation_id}.json"


def owner_of_state_key(key: str) -> tuple[str, str] | None:
    """Return server and installation of a state file's key; None when it is no such key.

    The installation is empty for a plain ``state.json``: the file says itself whose it is.
    """
    match = _KEY.fullmatch(key)
    if match is None or not is_safe_name(match["server"]):
        return None
    return match["server"], match["installation"] or ""
