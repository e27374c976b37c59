"""The plan of ``restore --to``: prepared files in a directory of their own; no server is touched."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from octeth_backupd.domain.restore.plan import Refusal
from octeth_backupd.domain.restore.space import Place, shortage, space_lines, staging_bytes
from octeth_backupd.errors import BackupdError
from octeth_backupd.pipeline.restore.prepare_place import prepare_words
from octeth_backupd.pipeline.restore.present_data import is_read_only
from octeth_backupd.pipeline.restore.sandbox import out_of_sight, read_only
from octeth_backupd.process.files import free_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from octeth_backupd.domain.restore.plan import ArchiveSource, RestorePlan
    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.pipeline.programs import Programs


def plan_target(plan: RestorePlan, target: Path, parts: Parts, programs: Programs) -> RestorePlan:
    """Return the plan with what is to be known of the directory.

    Args:
        plan: What is known of the archive.
        target: Absolute; does not exist, or is empty.
        parts: The configuration's object graph.
        programs: Of the run, or of a plan that is only shown.
    """
    refusals = [*plan.refusals, *_target_refusals(target)]
    plan = replace(
        plan,
        staging=(target,),
        rehearsal="None: no server is started on the files.",
        accounts="Those of the backup.",
        downtime="None: no server is touched.",
        old_data="No server's data is touched.",
    )
    archive = plan.archive
    if archive is None:
        return replace(plan, refusals=tuple(refusals))
    try:
        lines = space_lines((_place(target, archive),), reserve_bytes=int(parts.backup.min_free))
        refusals += [refusal for refusal in map(shortage, lines) if refusal is not None]
        plan = replace(plan, spaces=lines)
    except BackupdError as error:
        refusals.append(Refusal(code=error.code, message=error.message, hint=error.hint))
    words, refusal = prepare_words(parts, programs, archive, None)
    if refusal is not None:
        refusals.append(refusal)
    return replace(plan, prepare=words, refusals=tuple(refusals))


def _target_refusals(target: Path) -> list[Refusal]:
    hidden = out_of_sight(target)
    if hidden is not None:
        return [hidden]
    found = []
    try:
        occupied = any(target.iterdir())
    except FileNotFoundError:
        occupied = False
    except OSError as error:
        return [_not_usable(f"{target} cannot be used: {(error.strerror or str(error)).lower()}")]
    if occupied:
        found.append(_not_usable(f"{target} is not empty"))
    if is_read_only(target.parent):
        found.append(read_only(target))
    return found


def _not_usable(message: str) -> Refusal:
    return Refusal(
        code="target_not_empty",
        message=message,
        hint="Name a directory that does not exist yet, or an empty one: nothing is ever written over.",
    )


def _place(target: Path, archive: ArchiveSource) -> Place:
    measured = free_bytes(target)
    return Place(
        path=target,
        purpose="the restored files",
        needed_bytes=staging_bytes(archive.unpacked_bytes),
        device=measured.device,
        free_bytes=measured.free,
    )
