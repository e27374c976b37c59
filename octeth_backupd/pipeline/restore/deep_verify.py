"""``verify --deep``: unpack a backup, prepare it if needed, start a throwaway server on it and check every table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import RunStatus
from octeth_backupd.domain.restore.order import RestoreOrder
from octeth_backupd.errors import VerificationError
from octeth_backupd.pipeline.programs import Programs
from octeth_backupd.pipeline.restore.archive_choice import choose_archive
from octeth_backupd.pipeline.restore.binlogs import place
from octeth_backupd.pipeline.restore.dress import dress
from octeth_backupd.pipeline.restore.known_backup import manifest_of
from octeth_backupd.pipeline.restore.login import logins_for
from octeth_backupd.pipeline.restore.refusals import refused
from octeth_backupd.pipeline.restore.rehearsal import rehearse, subject_of
from octeth_backupd.pipeline.restore.site import find_site
from octeth_backupd.pipeline.restore.stage import stage
from octeth_backupd.pipeline.restore.staging_guard import staging_guard
from octeth_backupd.pipeline.result import RunResult
from octeth_backupd.pipeline.step_runner import StepRunner
from octeth_backupd.pipeline.workspace import create_workspace
from octeth_backupd.process.files import make_directory

if TYPE_CHECKING:
    from pathlib import Path

    from octeth_backupd.domain.manifest import Manifest
    from octeth_backupd.domain.restore.plan import ArchiveSource
    from octeth_backupd.domain.restore.site import Site
    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.pipeline.restore.rehearsal import Rehearsal


def verify_deeply(context: RunContext, parts: Parts) -> RunResult:
    """Prove that a backup restores, away from the server, in a workspace that is gone afterwards.

    Raises:
        VerificationError: It does not: the server did not start on it, or a table is damaged. The catalog holds it
            suspect from now on.
        RestoreRefusedError: It cannot be tried here: no copy, no image.
    """
    backup = parts.catalog.backup(context.run.backup_id or "")
    steps = StepRunner(context)
    with steps.step("plan"):
        manifest = manifest_of(backup)
        archive, site = _find(context, parts, manifest)
    workspace = create_workspace(
        parts.workspace_directory,
        installation_id=context.installation_id,
        run_id=context.run.run_id,
        server=context.run.server,
    )
    try:
        found = _try(context, parts, steps, archive, site, workspace.path)
    except VerificationError as exc:
        parts.catalog.set_suspect(backup.backup_id, f"verify --deep: {exc.message}")
        raise
    finally:
        workspace.remove()
    if archive.storage:
        now = context.clock.now()
        copy = next(copy for copy in backup.copies if copy.storage == archive.storage)
        parts.catalog.set_copy_state(backup.backup_id, copy.storage, copy.state, at=now, verified_at=now)
    return RunResult(
        status=RunStatus.SUCCESS,
        backup_id=backup.backup_id,
        detail={
            "deep": True,
            "server_version": found.version_text,
            "checked_tables": found.checked_tables,
            "skipped_tables": list(found.skipped_tables),
            "tables": dict(found.expected.tables),
            "notes": list(found.notes),
        },
    )


def _find(context: RunContext, parts: Parts, manifest: Manifest | None) -> tuple[ArchiveSource, Site]:
    """Return the copy to try and the server to try it with.

    Raises:
        RestoreRefusedError: One of them is missing.
    """
    run = context.run
    archive, refusals = choose_archive(RestoreOrder(backup_id=run.backup_id or ""), parts)
    programs = Programs(parts, installation_id=context.installation_id, run_id=run.run_id)
    site, against = find_site(parts.servers[run.server], parts, manifest=manifest, programs=programs)
    if archive is None or site is None:
        raise refused("the backup cannot be tried here", (*refusals, *against))
    return archive, site


def _try(
    context: RunContext, parts: Parts, steps: StepRunner, archive: ArchiveSource, site: Site, directory: Path
) -> Rehearsal:
    data, scratch = directory / "data", directory / "rehearsal"
    binlog = directory / "binlog" if site.binlog_directory is not None else None
    for path in (data, scratch, *([binlog] if binlog else [])):
        make_directory(path)
    with steps.step("unpack"):
        stage(
            context,
            parts,
            archive,
            directory=data,
            site=site,
            force=False,
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
