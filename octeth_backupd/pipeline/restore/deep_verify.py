"""``verify --deep``: unpack a backup, prepare it if needed, start a throwaway server on it and check every table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import RunStatus
from octeth_backupd.domain.holdings import Proof, ProofLevel
from octeth_backupd.domain.restore.order import RestoreOrder
from octeth_backupd.errors import VerificationError
from octeth_backupd.pipeline.programs import Programs
from octeth_backupd.pipeline.restore.archive_choice import choose_archive
from octeth_backupd.pipeline.restore.binlogs import place
from octeth_backupd.pipeline.restore.dress import dress
from octeth_backupd.pipeline.restore.fetch import Fetch
from octeth_backupd.pipeline.restore.known_backup import manifest_of
from octeth_backupd.pipeline.restore.login import logins_for
from octeth_backupd.pipeline.restore.refusals import refused
from octeth_backupd.pipeline.restore.rehearsal import rehearse, subject_of
from octeth_backupd.pipeline.restore.site import find_site
from octeth_backupd.pipeline.restore.stage import stage
from octeth_backupd.pipeline.restore.staging_guard import staging_guard
from octeth_backupd.pipeline.result import RunResult
from octeth_backupd.pipeline.retention.doubts import begin_hold
from octeth_backupd.pipeline.step_runner import StepRunner
from octeth_backupd.pipeline.workspace import create_workspace
from octeth_backupd.process.files import make_directory

if TYPE_CHECKING:
    from pathlib import Path

    from octeth_backupd.domain.manifest import Manifest
    from octeth_backupd.domain.restore.order import VerifyOrder
    from octeth_backupd.domain.restore.plan import ArchiveSource
    from octeth_backupd.domain.restore.site import Site
    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.pipeline.restore.rehearsal import Rehearsal


def verify_deeply(context: RunContext, parts: Parts, order: VerifyOrder) -> RunResult:
    """Prove that a backup restores, away from the server, in a workspace that is gone afterwards.

    Returns:
        Degraded when a copy had to be passed over.

    Raises:
        VerificationError: It does not: the server did not start on it, or a table is damaged. The catalog holds it
            suspect from now on. Or no copy is whole: then that is what the catalog says of the copies.
        StorageError: No copy can be read now; nothing is recorded.
        RestoreRefusedError: It cannot be tried here: no copy, no image.
    """
    backup = parts.catalog.backup(context.run.backup_id or "")
    steps = StepRunner(context)
    with steps.step("plan"):
        archive, site = _find(context, parts, manifest_of(backup), only=order.storage)
    fetch = Fetch(context, parts, archive, backup_id=backup.backup_id, only=order.storage, force=not archive.sha256)
    workspace = create_workspace(
        parts.workspace_directory,
        installation_id=context.installation_id,
        run_id=context.run.run_id,
        server=context.run.server,
    )
    try:
        found = _try(context, parts, steps, fetch, site, workspace.path)
    except VerificationError as exc:
        if fetch.is_whole:
            doubt = f"verify --deep: {exc.message}"
            parts.catalog.set_suspect(backup.backup_id, doubt)
            begin_hold(context, parts, backup.backup_id, doubt)
        raise
    finally:
        workspace.remove()
    _record(context, parts, backup.backup_id, fetch.archive, found)
    return RunResult(
        status=RunStatus.DEGRADED if fetch.notes else RunStatus.SUCCESS,
        backup_id=backup.backup_id,
        detail={
            "deep": True,
            "storage": fetch.archive.storage,
            "server_version": found.version_text,
            "checked_tables": found.checked_tables,
            "skipped_tables": list(found.skipped_tables),
            "tables": dict(found.expected.tables),
            "notes": list(found.notes),
        }
        | ({"degraded": list(fetch.notes)} if fetch.notes else {}),
    )


def _record(context: RunContext, parts: Parts, backup_id: str, archive: ArchiveSource, found: Rehearsal) -> None:
    """Note what was shown, on the copy that was read; without a checksum nobody knows whether it is what was stored."""
    now = context.clock.now()
    if archive.sha256:
        copies = parts.catalog.backup(backup_id).copies
        [copy] = [copy for copy in copies if copy.storage == archive.storage]
        parts.catalog.set_copy_state(backup_id, copy.storage, copy.state.when_right, at=now, verified_at=now)
    parts.catalog.holdings.add_proof(
        Proof(
            backup_id=backup_id,
            level=ProofLevel.STARTED,
            storage=archive.storage,
            proven_at=now,
            run_id=context.run.run_id,
            detail=f"a server {found.version_text} started on it, {found.checked_tables} tables checked, "
            f"{len(found.skipped_tables)} not reached"
            + ("" if archive.sha256 else "; nobody knew what its checksum must be"),
        )
    )


def _find(context: RunContext, parts: Parts, manifest: Manifest | None, *, only: str) -> tuple[ArchiveSource, Site]:
    """Return the copy to try and the server to try it with.

    Raises:
        RestoreRefusedError: One of them is missing.
    """
    run = context.run
    archive, refusals = choose_archive(RestoreOrder(backup_id=run.backup_id or "", force=True), parts, only=only)
    programs = Programs(parts, installation_id=context.installation_id, run_id=run.run_id)
    site, against = find_site(parts.servers[run.server], parts, manifest=manifest, programs=programs)
    if archive is None or site is None:
        raise refused("the backup cannot be tried here", (*refusals, *against))
    return archive, site


def _try(context: RunContext, parts: Parts, steps: StepRunner, fetch: Fetch, site: Site, directory: Path) -> Rehearsal:
    data, scratch = directory / "data", directory / "rehearsal"
    binlog = directory / "binlog" if site.binlog_directory is not None else None
    for path in (data, scratch, *([binlog] if binlog else [])):
        make_directory(path)
    with steps.step("unpack"):
        stage(
            context,
            parts,
            fetch,
            directory=data,
            site=site,
            guard=staging_guard(parts, directory),
        )
        place(data, site=site, incoming_binlog=binlog)
        dress(data, like=None, owner=site.owner)
        if binlog is not None:
            dress(binlog, like=None, owner=site.owner)
    with steps.step("rehearse"):
        server = parts.servers[context.run.server]
        return rehearse(
            context,
            parts,
            subject_of(
                site,
                data=data,
                binlog=binlog,
                scratch=scratch,
                databases=(),
                logins=logins_for(server.settings, None),
                deep=True,
            ),
        )
