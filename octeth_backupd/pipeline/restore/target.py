"""``restore --to``: prepared files in a directory of their own, ready for a server; no server is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.restore.journal import Journal
from octeth_backupd.domain.restore.machine import State
from octeth_backupd.domain.restore.site import Owner
from octeth_backupd.domain.restore.swap import Swap, SwapMethod, room_name
from octeth_backupd.errors import BackupdError, RestoreError
from octeth_backupd.pipeline.restore.dress import dress
from octeth_backupd.pipeline.restore.fetch import Fetch
from octeth_backupd.pipeline.restore.refusals import require_plan
from octeth_backupd.pipeline.restore.stage import stage
from octeth_backupd.pipeline.restore.staging_guard import staging_guard
from octeth_backupd.pipeline.restore.swapping import make_rooms, remove_rooms
from octeth_backupd.pipeline.result import RunResult
from octeth_backupd.pipeline.step_runner import StepRunner
from octeth_backupd.process.exchange import sync_file_system
from octeth_backupd.process.files import make_directory, sync_directory, translated_os_errors

if TYPE_CHECKING:
    from pathlib import Path

    from octeth_backupd.domain.manifest import Manifest
    from octeth_backupd.domain.restore.order import RestoreOrder
    from octeth_backupd.domain.restore.plan import RestorePlan
    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.pipeline.parts import Parts

EXTRACT = "extract"
_OFFICIAL_IMAGES_OWNER = Owner(user_id=999, group_id=999)


def restore_to_directory(context: RunContext, parts: Parts, order: RestoreOrder) -> RunResult:
    """Lay a backup down in a directory that does not exist or is empty; it appears whole or not at all.

    Raises:
        RestoreRefusedError: The plan has refusals.
        BackupdError: What ended it; nothing of it is left.
    """
    steps = StepRunner(context)
    with steps.step("plan"):
        plan, target = _plan(context, parts, order)
        journal = _journal(context, plan, target)
        make_directory(target.parent)
        parts.journals.write(journal)
    try:
        with steps.step("unpack"):
            incoming = journal.swaps[0].incoming
            make_rooms(journal.swaps)
            if plan.archive is None:
                raise RestoreError("the plan has no archive", hint="This is a defect; see the log.")
            fetch = Fetch(context, parts, plan.archive, backup_id=plan.backup_id, force=order.force)
            staged = stage(
                context,
                parts,
                fetch,
                directory=incoming,
                site=None,
                guard=staging_guard(parts, target.parent),
            )
            dress(incoming, like=None, owner=_owner(plan.archive.manifest))
            sync_file_system(incoming)
            _publish(incoming, target)
    except BackupdError:
        remove_half_done(context, parts, journal)
        raise
    remove_rooms(journal.swaps)
    _close(context, parts, journal, State.COMMITTED)
    return RunResult(
        backup_id=plan.backup_id or None,
        detail={
            "directory": str(target),
            "checksum_confirmed": staged.checksum_confirmed,
            "storage": fetch.archive.storage,
            "notes": list(fetch.notes),
        },
    )


def remove_half_done(context: RunContext, parts: Parts, journal: Journal) -> RunResult:
    """Remove what an extraction that did not end has left."""
    remove_rooms(journal.swaps)
    _close(context, parts, journal, State.ABORTED)
    return RunResult(detail={"restore_id": journal.restore_id, "outcome": "what was half unpacked is removed"})


def _plan(context: RunContext, parts: Parts, order: RestoreOrder) -> tuple[RestorePlan, Path]:
    plan = require_plan(context, parts, order)
    if order.target_directory is None:
        raise RestoreError("no directory was ordered", hint="This is a defect; see the log.")
    return plan, order.target_directory


def _journal(context: RunContext, plan: RestorePlan, target: Path) -> Journal:
    now = context.clock.now()
    run = context.run
    swap = Swap(role="data", live=target, room=target.parent / room_name(run.run_id), method=SwapMethod.EXCHANGE)
    return Journal(
        restore_id=run.run_id,
        installation_id=context.installation_id,
        server=run.server,
        operation=EXTRACT,
        backup_id=plan.backup_id,
        archive=plan.archive.name if plan.archive else "",
        swaps=(swap,),
        requested_by=run.requested_by,
        created_at=now,
        history=((State.STAGING, now),),
    )


def _owner(manifest: Manifest | None) -> Owner:
    owner = manifest.server.data_owner if manifest is not None else None
    return _OFFICIAL_IMAGES_OWNER if owner is None else Owner(user_id=owner.uid, group_id=owner.gid)


def _publish(incoming: Path, target: Path) -> None:
    with translated_os_errors(target):
        incoming.rename(target)  # replaces an empty directory, and nothing else
    sync_directory(target.parent)


def _close(context: RunContext, parts: Parts, journal: Journal, state: State) -> None:
    now = context.clock.now()
    parts.journals.write(journal.moved_to(state, now, removed_at=now))
