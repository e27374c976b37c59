"""The journal of a restore: all that is needed to finish or undo it after any crash, as one JSON document."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from octeth_backupd.domain.restore.machine import State
from octeth_backupd.domain.restore.swap import Swap, SwapMethod
from octeth_backupd.errors import MetadataError

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RestartPolicy:
    """What would start the server by itself: a container's restart policy, or a systemd unit that is not masked.

    Attributes:
        name: Docker's ``no``, ``always``, ``unless-stopped``, ``on-failure``; systemd: ``unmasked``, ``masked``,
            ``masked-runtime``.
        maximum_retries: Docker's, with ``on-failure``.
        triggers: Units that start the server when something happens, such as the socket that systemd listens on.
    """

    name: str = "no"
    maximum_retries: int = 0
    triggers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the rehearsal found, for the gate to find again.

    Attributes:
        tables: Schema → number of its tables, of the schemas that are looked at.
        largest: ``schema.table`` of the largest tables, quoted as SQL needs it.
        gtid: GTID set that the data holds; empty where the server has none.
        login: Which password worked: ``configured``, ``old``; empty: none was tried.
    """

    tables: dict[str, int] = field(default_factory=dict)
    largest: tuple[str, ...] = ()
    gtid: str = ""
    login: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """One restore or undo.

    Attributes:
        restore_id: Id of the run that began it.
        operation: ``restore`` or ``undo``.
        undoes: The restore that an undo takes back; empty otherwise.
        container_id: Of the container that was planned with; another one under its name is refused.
        policy: The restart policy from before the fence; None until it was changed.
        was_running: The server ran before the fence.
        was_answering: It took SQL then: only this makes "as before" a promise.
        dirty_pages_percent: ``innodb_max_dirty_pages_pct`` and its low water mark, ``90/10``, to be put back when the
            server is not stopped.
        has_swapped: The swap was begun.
        swaps: All directories, in the order in which they change places.
        reason: Why it is being taken back; empty while it goes forward.
        aside_bytes: Size of the data that was set aside.
        expires_at: When the data that was set aside may be removed; None: not yet decided.
        removed_at: When it was removed; None while it is there.
        history: (state, since) of every state, the present one last.
    """

    restore_id: str
    installation_id: str
    server: str
    operation: str = "restore"
    undoes: str = ""
    backup_id: str = ""
    archive: str = ""
    container: str = ""
    container_id: str = ""
    systemd_unit: str = ""
    swaps: tuple[Swap, ...] = ()
    state: State = State.STAGING
    policy: RestartPolicy | None = None
    was_running: bool = False
    was_answering: bool = False
    dirty_pages_percent: str = ""
    has_swapped: bool = False
    expected: Expected = field(default_factory=Expected)
    reason: str = ""
    carried_over: tuple[str, ...] = ()
    requested_by: str = ""
    aside_bytes: int = 0
    created_at: datetime
    expires_at: datetime | None = None
    removed_at: datetime | None = None
    history: tuple[tuple[State, datetime], ...] = ()

    def moved_to(self, state: State, at: datetime, **changes: Any) -> Journal:
        """Return the journal in another state, with other changes that belong to it."""
        return replace(self, state=state, history=(*self.history, (state, at)), **changes)

    def since(self, state: State) -> datetime | None:
        """Return when a state was entered last; None: never."""
        return next((at for entered, at in reversed(self.history) if entered is state), None)

    @property
    def kept(self) -> tuple[Path, ...]:
        """Return where the data lies that is not in the server's place: its own, or after a rollback the restored."""
        is_back = self.state in {State.CLEANING, State.ROLLED_BACK}
        return tuple(swap.incoming if is_back else swap.aside for swap in self.swaps)

    @property
    def is_open(self) -> bool:
        """Return whether something is still to be done about the server."""
        return not self.state.is_final

    @property
    def holds_safety_copy(self) -> bool:
        """Return whether data that was set aside is still there."""
        return self.has_swapped and self.removed_at is None and self.state in {State.COMMITTED, State.ROLLED_BACK}


def to_mapping(journal: Journal) -> dict[str, Any]:
    """Return a journal as JSON types."""
    return {
        "format": "octeth-backupd restore journal",
        "format_version": FORMAT_VERSION,
        **{name: _plain(getattr(journal, name)) for name in Journal.__dataclass_fields__},
    }


def from_mapping(content: Any) -> Journal:
    """Return the journal of a file.

    Raises:
        MetadataError: It is none, or one of a newer release.
    """
    try:
        if content["format_version"] > FORMAT_VERSION:
            raise MetadataError(
                f"the restore journal has format {content['format_version']}, this release reads {FORMAT_VERSION}",
                hint="Use the release that wrote it, or a newer one.",
            )
        known = {name: content[name] for name in Journal.__dataclass_fields__ if name in content}
        return Journal(
            **known
            | {
                "state": State(content["state"]),
                "swaps": tuple(_swap(entry) for entry in content["swaps"]),
                "policy": _policy(content["policy"]) if content["policy"] else None,
                "expected": Expected(**content["expected"] | {"largest": tuple(content["expected"]["largest"])}),
                "carried_over": tuple(content["carried_over"]),
                "created_at": datetime.fromisoformat(content["created_at"]),
                "expires_at": _time(content["expires_at"]),
                "removed_at": _time(content["removed_at"]),
                "history": tuple((State(state), datetime.fromisoformat(at)) for state, at in content["history"]),
            }
        )
    except (KeyError, TypeError, ValueError) as exc:
        raise MetadataError(f"the restore journal cannot be used: {exc!r}") from exc


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat()
        case Path():
            return str(value)
        case tuple() | list():
            return [_plain(item) for item in value]
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case Swap() | RestartPolicy() | Expected():
            return {name: _plain(getattr(value, name)) for name in type(value).__dataclass_fields__}
        case _:
            return value


def _policy(entry: dict[str, Any]) -> RestartPolicy:
    return RestartPolicy(**entry | {"triggers": tuple(entry.get("triggers", ()))})


def _swap(entry: dict[str, Any]) -> Swap:
    return Swap(
        **entry | {"live": Path(entry["live"]), "room": Path(entry["room"]), "method": SwapMethod(entry["method"])}
    )


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
