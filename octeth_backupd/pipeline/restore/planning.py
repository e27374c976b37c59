"""Planning a restore: everything is found out, judged and put into words before anything is touched."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from octeth_backupd.domain.restore.carry_over import carried_names
from octeth_backupd.domain.restore.fit import cautions, misfits
from octeth_backupd.domain.restore.plan import Refusal, RestorePlan
from octeth_backupd.domain.restore.plan_words import (
    accounts_words,
    age_words,
    downtime_words,
    old_data_words,
    order_warnings,
    rehearsal_words,
    site_warnings,
)
from octeth_backupd.domain.restore.site import DataState
from octeth_backupd.domain.restore.source_refusals import source_refusals
from octeth_backupd.domain.restore.space import Place, shortage, space_lines, staging_bytes
from octeth_backupd.errors import BackupdError
from octeth_backupd.pipeline.programs import Programs
from octeth_backupd.pipeline.restore.archive_choice import choose_archive
from octeth_backupd.pipeline.restore.obstacles import (
    backups_in_data,
    foreign_reason,
    other_containers,
    unresolved_restore,
)
from octeth_backupd.pipeline.restore.prepare_place import prepare_words
from octeth_backupd.pipeline.restore.present_data import list_directory, present_bytes
from octeth_backupd.pipeline.restore.site import find_site
from octeth_backupd.pipeline.restore.swap_planning import plan_swaps
from octeth_backupd.pipeline.restore.target_planning import plan_target
from octeth_backupd.process.files import free_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.domain.restore.order import RestoreOrder
    from octeth_backupd.domain.restore.plan import ArchiveSource
    from octeth_backupd.domain.restore.site import Site
    from octeth_backupd.domain.restore.swap import Swap
    from octeth_backupd.pipeline.parts import Parts

_BINLOG_BYTES = 64 << 20
"""Of binary logs that a backup brings along: the last one, cut where the backup ends."""


def plan_restore(
    order: RestoreOrder,
    server_name: str,
    parts: Parts,
    *,
    installation_id: str,
    run_id: str,
    clock: Clock,
) -> RestorePlan:
    """Return everything that a restore will do, and all that stands in its way.

    Nothing is touched, but for a trial exchange of two empty directories that leaves nothing, and throwaway containers
    that are asked questions. Every question is bounded in time.

    Args:
        order: What was ordered.
        server_name: Whose data is to be replaced; a configured server.
        parts: The configuration's object graph.
        installation_id: This installation's.
        run_id: Of the run, or of a plan that is only shown; names the staging directories.
        clock: For the age of the backup.

    Raises:
        NotFoundError: There is no such backup.
    """
    archive, refusals = choose_archive(order, parts)
    taken_at = _taken_at(order, archive, parts)
    programs = Programs(parts, installation_id=installation_id, run_id=run_id)
    plan = RestorePlan(
        server=server_name,
        backup_id=order.backup_id,
        taken_at=taken_at,
        archive=archive,
        site=None,
        target_directory=order.target_directory,
        refusals=refusals,
        warnings=_archive_warnings(order, archive, parts, taken_at=taken_at, clock=clock),
    )
    if order.target_directory is not None:
        return plan_target(plan, order.target_directory, parts, programs)
    return _Planning(plan, order, parts, programs, installation_id=installation_id, run_id=run_id).plan()


class _Planning:
    """The plan of a restore in place of a server's data."""

    def __init__(
        self,
        plan: RestorePlan,
        order: RestoreOrder,
        parts: Parts,
        programs: Programs,
        *,
        installation_id: str,
        run_id: str,
    ) -> None:
        self._plan = plan
        self._order = order
        self._parts = parts
        self._programs = programs
        self._installation_id = installation_id
        self._run_id = run_id
        self._server = parts.servers[plan.server]
        self._refusals = list(plan.refusals)

    def plan(self) -> RestorePlan:
        """Return the whole plan, or as much of it as can be known."""
        self._refusals += unresolved_restore(self._parts, self._plan.server, run_id=self._run_id)
        archive = self._plan.archive
        site, against = find_site(
            self._server, self._parts, manifest=archive.manifest if archive else None, programs=self._programs
        )
        self._refusals += against
        if site is None:
            return replace(self._plan, refusals=tuple(self._refusals))
        self._refuse_foreign(site)
        swaps, exchange = self._swaps(site)
        self._refusals += backups_in_data(self._parts, site)
        self._refusals += other_containers(self._parts, site)
        plan = self._in_words(site, swaps, exchange)
        if archive is not None:
            plan = self._with_archive(plan, site, archive, swaps)
        return replace(plan, refusals=tuple(self._refusals))

    def _in_words(self, site: Site, swaps: tuple[Swap, ...], exchange: str) -> RestorePlan:
        listing = list_directory(site.data_directory)
        names = (*listing.files, *listing.directories) if listing else ()
        return replace(
            self._plan,
            site=site,
            facts=site.facts,
            swaps=swaps,
            staging=tuple(swap.incoming for swap in swaps),
            exchange=exchange,
            carried_over=carried_names(
                names,
                directories=listing.directories if listing else (),
                variables=site.variables,
                keep_server_uuid=self._order.keep_server_uuid,
            ),
            rehearsal=rehearsal_words(site, rehearse=self._order.rehearse),
            accounts=accounts_words(self._server.settings.user, self._plan.taken_at, self._order),
            downtime=downtime_words(site),
            old_data=old_data_words(
                site,
                swaps,
                size_bytes=present_bytes(site.data_directory),
                hours=self._parts.restore.safety_copy_hours,
            ),
            warnings=(*self._plan.warnings, *site_warnings(site), *self._safety_copy_warnings(site)),
        )

    def _with_archive(
        self, plan: RestorePlan, site: Site, archive: ArchiveSource, swaps: Sequence[Swap]
    ) -> RestorePlan:
        manifest = archive.manifest
        warnings = [
            *plan.warnings,
            *order_warnings(
                site,
                self._order,
                schemas=manifest.server.schemas if manifest else None,
                databases=self._server.settings.databases,
            ),
        ]
        if manifest is not None:
            self._refusals += misfits(site, manifest)
            self._refusals += source_refusals(manifest)
            warnings += cautions(site, manifest)
        lines = space_lines(self._places(swaps, archive), reserve_bytes=int(self._parts.backup.min_free))
        self._refusals += [refusal for refusal in map(shortage, lines) if refusal is not None]
        prepare, refusal = prepare_words(self._parts, self._programs, archive, site)
        if refusal is not None:
            self._refusals.append(refusal)
        return replace(plan, spaces=lines, prepare=prepare, warnings=tuple(warnings))

    def _swaps(self, site: Site) -> tuple[tuple[Swap, ...], str]:
        if any(refusal.code == "read_only_file_system" for refusal in self._refusals):
            return (), "not tried: the file system is mounted read-only"
        try:
            return plan_swaps(site, self._run_id)
        except BackupdError as error:
            code = "cannot_swap" if error.code == "restore_refused" else error.code
            self._refusals.append(Refusal(code=code, message=error.message, hint=error.hint))
            return (), f"failed: {error.message}"

    def _places(self, swaps: Sequence[Swap], archive: ArchiveSource) -> list[Place]:
        places = []
        for swap in swaps:
            measured = free_bytes(swap.room)
            is_data = swap.role == "data"
            places.append(
                Place(
                    path=swap.room.parent,
                    purpose="the restored data beside the present" if is_data else "the backup's binary logs",
                    needed_bytes=staging_bytes(archive.unpacked_bytes) if is_data else _BINLOG_BYTES,
                    device=measured.device,
                    free_bytes=measured.free,
                )
            )
        return places

    def _refuse_foreign(self, site: Site) -> None:
        manifest = self._plan.archive.manifest if self._plan.archive else None
        reason = foreign_reason(self._parts, site, manifest, installation_id=self._installation_id)
        if reason and self._order.force_foreign:
            self._plan = replace(self._plan, warnings=(*self._plan.warnings, f"Replaced as ordered: {reason}."))
        elif reason:
            self._refusals.append(
                Refusal(
                    code="foreign_data",
                    message=f"{site.data_directory}: {reason}",
                    hint="Make sure that this is the server you mean and that its data may go.",
                    flag="--force-foreign",
                )
            )

    def _safety_copy_warnings(self, site: Site) -> tuple[str, ...]:
        kept = self._parts.journals.safety_copies_of(self._plan.server)
        maximum = self._parts.restore.max_safety_copies
        adds_one = site.data_state not in {DataState.ABSENT, DataState.EMPTY}
        going = kept[max(0, maximum - adds_one) :]
        if not going:
            return ()
        moments = ", ".join(f"{journal.created_at:%Y-%m-%d %H:%M} UTC" for journal in reversed(going))
        return (f"Of the safety copies, at most {maximum} are kept: removed after this restore is that of {moments}.",)


def _taken_at(order: RestoreOrder, archive: ArchiveSource | None, parts: Parts) -> datetime | None:
    if archive is not None and archive.manifest is not None:
        return archive.manifest.times.taken_at
    return parts.catalog.backup(order.backup_id).taken_at if order.backup_id else None


def _archive_warnings(
    order: RestoreOrder, archive: ArchiveSource | None, parts: Parts, *, taken_at: datetime | None, clock: Clock
) -> tuple[str, ...]:
    words = []
    if order.backup_id:
        suspect = parts.catalog.backup(order.backup_id).suspect
        if suspect:
            words.append(f"The backup is suspect: {suspect}.")
    if archive is not None and not archive.sha256:
        words.append("The archive is restored without a checksum: damage in it is found only where it breaks a file.")
    if taken_at is not None:
        words.append(age_words(taken_at, clock.now()))
    return tuple(words)
