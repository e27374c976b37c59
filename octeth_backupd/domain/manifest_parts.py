"""The tables of a manifest: what it says of server, engine, position, archive.

Field names are part of the file format. Each model reads its values from the fields of the domain value of the same
name, so that ``TablespaceEntry`` takes a ``Tablespace`` as it is; what a later release adds is ignored on reading.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from octeth_backupd.domain.backup import Tier
from octeth_backupd.domain.masking import mask_arguments, mask_variables
from octeth_backupd.domain.server import Placement, TablespaceKind, Vendor


def _in_utc(at: datetime) -> datetime:
    return at.astimezone(UTC)


def _by_name(mapping: Any) -> Any:
    return {str(name): mapping[name] for name in sorted(mapping)} if hasattr(mapping, "keys") else mapping


def _as_text(value: Any) -> Any:
    return {name: str(path) for name, path in value.items()} if hasattr(value, "items") else value


UtcTime = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Variables = Annotated[dict[str, str], AfterValidator(mask_variables)]
Arguments = Annotated[tuple[str, ...], AfterValidator(mask_arguments)]
Paths = Annotated[dict[str, str], BeforeValidator(_as_text), AfterValidator(_by_name)]
Counts = Annotated[dict[str, int], AfterValidator(_by_name)]
PathText = Annotated[str, BeforeValidator(str)]


class Part(BaseModel):
    """A table of the manifest."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", from_attributes=True, populate_by_name=True, hide_input_in_errors=True
    )


class IdentityEntry(Part):
    """See domain.server.ServerIdentity."""

    vendor: Vendor
    server_uuid: str = ""
    server_id: int = 0
    hostname: str = ""
    data_device: int = 0
    data_inode: int = 0


class TablespaceEntry(Part):
    """See domain.server.Tablespace."""

    space_id: int
    name: str
    size_bytes: int
    kind: TablespaceKind = TablespaceKind.SINGLE
    path: str = ""
    discarded: bool = False


class EngineTableEntry(Part):
    """See domain.server.EngineTable."""

    schema_name: str = Field(alias="schema")
    table: str
    engine: str
    file_stem: str = ""


class MountEntry(Part):
    """See domain.server.Mount."""

    source: PathText
    destination: PathText
    kind: str = "bind"
    read_only: bool = False


class DataOwner(Part):
    """Owner and permission bits of the server's data directory.

    Attributes:
        mode: Octal text, ``0750``.
    """

    uid: int
    gid: int
    mode: str


class PlacementEntry(Part):
    """Where and as what the server ran.

    Attributes:
        command: Arguments of the container's command, secrets masked.
    """

    kind: Placement
    container: str = ""
    image: str = ""
    image_id: str = ""
    image_digest: str = ""
    command: Arguments = ()
    mounts: tuple[MountEntry, ...] = ()
    systemd_unit: str = ""
    address: Annotated[str, BeforeValidator(str)] = ""


class SchemaEntry(Part):
    """How many tables a schema had, and about how many rows."""

    tables: int
    approximate_rows: int = 0


class ServerPart(Part):
    """The server as it was when the backup was taken: enough to configure another one for the data.

    Attributes:
        variables: ``SHOW GLOBAL VARIABLES``, secrets masked.
        server_paths: Role → the server's own path ("data", "binlog", "redo", …).
        host_paths: Role → path on the host, as far as the host can see them.
        fingerprint: Schema → its size, of the schemas that are looked at; None when it was not taken.
    """

    name: str
    vendor: Vendor
    version: str
    version_text: str
    version_comment: str = ""
    identity: IdentityEntry
    placement: PlacementEntry
    variables: Variables
    persisted_variables: Variables = Field(default_factory=dict)
    server_paths: Paths = Field(default_factory=dict)
    host_paths: Paths = Field(default_factory=dict)
    data_owner: DataOwner | None = None
    schemas: tuple[str, ...] = ()
    tablespaces: tuple[TablespaceEntry, ...]
    other_tables: tuple[EngineTableEntry, ...] = ()
    engine_counts: Counts = Field(default_factory=dict)
    fingerprint: dict[str, SchemaEntry] | None = None


class EnginePart(Part):
    """The program that made the backup.

    Attributes:
        version: As numbers; ``version_text`` is what it printed.
        runner: ``host`` or ``sidecar``.
        image: Image of the sidecar; empty on the host.
        options: Its arguments, secrets masked.
    """

    name: str
    version: str
    version_text: str = ""
    runner: str
    image: str = ""
    options: Arguments = ()


class LsnEntry(Part):
    """See domain.server.LsnPosition."""

    current_lsn: int
    checkpoint_lsn: int
    taken_at: UtcTime


class PositionPart(Part):
    """Which moment of the server the backup holds.

    Attributes:
        before: The server's redo position just before the engine was started.
        after: The same just after it ended.
        gtid: GTID set the data holds: ``gtid_executed`` or MariaDB's binlog position.
        binlog_position: Offset in ``binlog_file``; 0 when the server wrote none.
    """

    from_lsn: int
    to_lsn: int
    last_lsn: int
    before: LsnEntry | None = None
    after: LsnEntry | None = None
    gtid: str = ""
    binlog_file: str = ""
    binlog_position: int = 0


class CompressionPart(Part):
    """How the archive is compressed; ``level`` is None where there is none."""

    algorithm: str
    level: int | None = None


class ArchivePart(Part):
    """The one file that the backup became.

    Attributes:
        sha256: Hex digest of the file.
        listing_sha256: Hex digest of the archive's table of contents.
        file_count: Files in it.
        top_directory: The one directory at its top.
    """

    name: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size_bytes: int = Field(ge=0)
    listing_sha256: str = ""
    file_count: int = 0
    top_directory: str = ""
    compression: CompressionPart
    encryption: str = "none"


class SizesPart(Part):
    """How large the data was at each stage.

    Attributes:
        data_bytes: The InnoDB files of the prepared backup.
        raw_bytes: What the engine wrote.
        prepared_bytes: The same after prepare.
        archive_bytes: The archive.
    """

    data_bytes: int = Field(ge=0)
    raw_bytes: int = Field(default=0, ge=0)
    prepared_bytes: int = Field(default=0, ge=0)
    archive_bytes: int = Field(ge=0)


class TimesPart(Part):
    """When what happened, UTC.

    Attributes:
        run_started_at: The run had its turn.
        taken_at: The engine was started; the backup's own time.
        engine_finished_at: The engine ended: the data is as of a moment shortly before.
        finished_at: Everything but the manifest itself was written.
    """

    run_started_at: UtcTime
    taken_at: UtcTime
    engine_finished_at: UtcTime
    finished_at: UtcTime


class SlotEntry(Part):
    """A due time of a schedule that the backup served. See domain.backup.Slot."""

    schedule: str
    tier: Tier
    due_at: UtcTime
