"""A finished backup as manifest and as catalog entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd import __version__
from octeth_backupd.domain.backup import Backup, Copy, CopyState, highest_tier
from octeth_backupd.domain.checkpoints import parse_checkpoints
from octeth_backupd.domain.engine_info import parse_binlog_info
from octeth_backupd.domain.holdings import Proof, ProofLevel
from octeth_backupd.domain.manifest import Manifest
from octeth_backupd.domain.manifest_parts import (
    ArchivePart,
    CompressionPart,
    DataOwner,
    EnginePart,
    EngineTableEntry,
    IdentityEntry,
    LsnEntry,
    MountEntry,
    PlacementEntry,
    PositionPart,
    SchemaEntry,
    ServerPart,
    SizesPart,
    SlotEntry,
    TablespaceEntry,
    TimesPart,
)
from octeth_backupd.domain.names import manifest_name, storage_key
from octeth_backupd.pipeline.readback import listing_digest
from octeth_backupd.pipeline.result import RunResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from octeth_backupd.domain.checks import CheckStatus
    from octeth_backupd.pipeline.archive_step import Archive
    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.pipeline.engine_steps import PreparedBackup, ReadyServer
    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.storage.base import Storage


def make_manifest(
    context: RunContext,
    parts: Parts,
    ready: ReadyServer,
    prepared: PreparedBackup,
    archive: Archive,
    *,
    backup_id: str,
    taken_at: datetime,
    postconditions: Mapping[str, CheckStatus],
    suspect: str,
) -> Manifest:
    """Return everything that is known of a backup that has been verified."""
    run = context.run
    return Manifest(
        daemon_version=__version__,
        installation_id=context.installation_id,
        backup_id=backup_id,
        run_id=run.run_id,
        tier=highest_tier(run.tiers),
        tiers=run.tiers,
        trigger=run.trigger,
        mode=parts.mode,
        slots=tuple(SlotEntry(schedule=slot.schedule, tier=slot.tier, due_at=slot.due_at) for slot in context.slots),
        times=TimesPart(
            run_started_at=run.started_at or run.created_at,
            taken_at=taken_at,
            engine_finished_at=prepared.raw.finished_at,
            finished_at=context.clock.now(),
        ),
        archive=ArchivePart(
            name=archive.name,
            sha256=archive.facts.sha256,
            size_bytes=archive.facts.size_bytes,
            listing_sha256=listing_digest({path: entry.size_bytes for path, entry in prepared.state.files.items()}),
            file_count=len(prepared.state.files),
            top_directory=archive.facts.top_directory,
            compression=CompressionPart(
                algorithm=parts.compression.algorithm,
                level=None if parts.compression.algorithm == "none" else parts.compression.level,
            ),
        ),
        sizes=SizesPart(
            data_bytes=prepared.state.tablespace_bytes,
            raw_bytes=prepared.raw.size_bytes,
            prepared_bytes=prepared.size_bytes,
            archive_bytes=archive.facts.size_bytes,
        ),
        engine=_engine_part(ready, prepared),
        position=_position_part(ready, prepared),
        postconditions=dict(postconditions),
        suspect=suspect,
        server=_server_part(ready, prepared),
    )


def backup_from_manifest(
    manifest: Manifest,
    *,
    storages: Iterable[str],
    at: datetime,
    pending: Iterable[str] = (),
    verified: bool = False,
) -> Backup:
    """Return the catalog entry of a backup that lies in these storage backends.

    Args:
        manifest: Its manifest.
        storages: Names of the storage backends that hold a copy.
        at: When that was seen.
        pending: Names of the storage backends that it has yet to be uploaded to.
        verified: The copies have been read back.
    """
    key = storage_key(manifest.server.name, manifest.tier, manifest.archive.name)
    states = [(name, CopyState.PRESENT) for name in storages] + [(name, CopyState.PENDING) for name in pending]
    copies = tuple(
        Copy(
            backup_id=manifest.backup_id,
            storage=name,
            key=key,
            state=state,
            size_bytes=manifest.archive.size_bytes,
            updated_at=at,
            verified_at=at if verified and state is CopyState.PRESENT else None,
        )
        for name, state in states
    )
    return Backup(
        backup_id=manifest.backup_id,
        server=manifest.server.name,
        taken_at=manifest.times.taken_at,
        finished_at=manifest.times.finished_at,
        tier=manifest.tier,
        tiers=manifest.tiers,
        trigger=manifest.trigger,
        mode=manifest.mode,
        run_id=manifest.run_id,
        installation_id=manifest.installation_id,
        archive_name=manifest.archive.name,
        sha256=manifest.archive.sha256,
        data_bytes=manifest.sizes.data_bytes,
        archive_bytes=manifest.archive.size_bytes,
        vendor=manifest.server.vendor,
        server_version=manifest.server.version,
        engine=manifest.engine.name,
        engine_version=manifest.engine.version,
        to_lsn=manifest.position.to_lsn,
        last_lsn=manifest.position.last_lsn,
        suspect=manifest.suspect,
        manifest=manifest.to_mapping(),
        copies=copies,
    )


def proofs_of(backup: Backup) -> list[Proof]:
    """Return what a run proved of the backup that it has just made: the redo log was applied, and copies read back."""
    proofs = [
        Proof(
            backup_id=backup.backup_id,
            level=ProofLevel.PREPARED,
            storage="",
            proven_at=backup.finished_at,
            run_id=backup.run_id,
            detail="prepared before it was archived",
        )
    ]
    return proofs + [
        Proof(
            backup_id=backup.backup_id,
            level=ProofLevel.READ_BACK,
            storage=copy.storage,
            proven_at=copy.verified_at,
            run_id=backup.run_id,
            detail="read back and compared before it got its name",
        )
        for copy in backup.copies
        if copy.verified_at is not None
    ]


def result_of(backup: Backup) -> RunResult:
    """Return what a run came to that made this backup."""
    return RunResult(
        backup_id=backup.backup_id,
        detail={
            "data_bytes": backup.data_bytes,
            "archive_bytes": backup.archive_bytes,
            "archive_name": backup.archive_name,
            "sha256": backup.sha256,
            "engine": backup.engine,
            "engine_version": backup.engine_version,
            "to_lsn": backup.to_lsn,
            "last_lsn": backup.last_lsn,
            "suspect": backup.suspect,
        },
    )


def read_manifest(storage: Storage, key: str) -> Manifest:
    """Read a manifest from a storage backend.

    Raises:
        NotFoundError: It is not there.
        MetadataError: It is no manifest.
    """
    return Manifest.from_json_text(storage.read_text(key))


def manifest_key(server: str, manifest: Manifest) -> str:
    """Return the key under which a manifest is stored."""
    return storage_key(server, manifest.tier, manifest_name(manifest.archive.name))


def _engine_part(ready: ReadyServer, prepared: PreparedBackup) -> EnginePart:
    return EnginePart(
        name=ready.engine.name,
        version=str(ready.engine_version.version),
        version_text=ready.engine_version.text,
        runner=ready.placement.kind,
        image=ready.placement.image,
        options=prepared.raw.engine_run.options,
    )


def _position_part(ready: ReadyServer, prepared: PreparedBackup) -> PositionPart:
    expectation, raw = ready.engine.expectation, prepared.raw.state
    # Post-conditions have seen to it that these files are there and can be parsed.
    checkpoints = parse_checkpoints(raw.texts[raw.first(expectation.checkpoints_files) or ""])
    writes_binlog = ready.facts.variables.get("log_bin", "").upper() in {"ON", "1"}
    binlog_name = prepared.state.first(expectation.binlog_info_files) if writes_binlog else None
    binlog = parse_binlog_info(prepared.state.texts[binlog_name]) if binlog_name else None
    return PositionPart(
        from_lsn=checkpoints.from_lsn,
        to_lsn=checkpoints.to_lsn,
        last_lsn=checkpoints.last_lsn,
        before=LsnEntry.model_validate(ready.facts.lsn) if ready.facts.lsn else None,
        after=LsnEntry.model_validate(prepared.raw.lsn_after) if prepared.raw.lsn_after else None,
        gtid=binlog.gtid if binlog else "",
        binlog_file=binlog.file if binlog else "",
        binlog_position=binlog.position if binlog else 0,
    )


def _server_part(ready: ReadyServer, prepared: PreparedBackup) -> ServerPart:
    facts, survey = ready.facts, ready.survey
    owner = survey.owner
    return ServerPart(
        name=ready.server.name,
        vendor=facts.vendor,
        version=str(facts.version),
        version_text=facts.version_text,
        version_comment=facts.version_comment,
        identity=IdentityEntry.model_validate(facts.identity),
        placement=_placement_entry(ready),
        variables=dict(facts.variables),
        persisted_variables=dict(facts.persisted_variables),
        server_paths=dict(survey.paths.server) if survey.paths else {},
        host_paths=dict(survey.paths.host) if survey.paths else {},
        data_owner=owner and DataOwner(uid=owner.user_id, gid=owner.group_id, mode=f"{owner.mode & 0o7777:04o}"),
        schemas=facts.schemas,
        tablespaces=tuple(TablespaceEntry.model_validate(t) for t in facts.tablespaces),
        other_tables=tuple(EngineTableEntry.model_validate(t) for t in facts.other_tables),
        engine_counts=dict(facts.engine_counts),
        fingerprint=_fingerprint(prepared),
    )


def _fingerprint(prepared: PreparedBackup) -> dict[str, SchemaEntry] | None:
    if prepared.raw.fingerprint is None:
        return None
    return {schema: SchemaEntry.model_validate(size) for schema, size in prepared.raw.fingerprint.items()}


def _placement_entry(ready: ReadyServer) -> PlacementEntry:
    location = ready.survey.location
    container = location.container if location else None
    settings = ready.server.settings
    if container is None:
        return PlacementEntry(
            kind=settings.placement, systemd_unit=settings.systemd_unit or "", address=str(ready.facts.address)
        )
    return PlacementEntry(
        kind=settings.placement,
        container=container.name,
        image=container.image,
        image_id=container.image_id,
        image_digest=container.image_digest,
        command=container.command,
        mounts=tuple(MountEntry.model_validate(mount) for mount in container.mounts),
        address=str(ready.facts.address),
    )
