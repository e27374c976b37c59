"""The operation "restore": plan → stage → rehearse → the live part, driven by its journal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from octeth_backupd.domain.backup import RunStatus
from octeth_backupd.domain.hooks import Hook, HookFacts
from octeth_backupd.domain.restore.journal import Expected, Journal
from octeth_backupd.domain.restore.machine import Event, State
from octeth_backupd.domain.restore.old_login import NO_LOGIN, OLD_LOGIN
from octeth_backupd.domain.restore.order import RestoreOrder
from octeth_backupd.domain.restore.swap import SwapMethod
from octeth_backupd.errors import BackupdError, RestoreError
from octeth_backupd.pipeline.hooks.running import run_before
from octeth_backupd.pipeline.restore.binlogs import place
from octeth_backupd.pipeline.restore.carry_over import carry_over
from octeth_backupd.pipeline.restore.dress import dress, give_unused
from octeth_backupd.pipeline.restore.fetch import Fetch
from octeth_backupd.pipeline.restore.live import LiveRestore, sync_staged
from octeth_backupd.pipeline.restore.login import logins_for
from octeth_backupd.pipeline.restore.refusals import require_plan
from octeth_backupd.pipeline.restore.rehearsal import rehearse, subject_of
from octeth_backupd.pipeline.restore.stage import stage
from octeth_backupd.pipeline.restore.staging_guard import staging_guard
from octeth_backupd.pipeline.restore.swapping import make_rooms
from octeth_backupd.pipeline.restore.target import restore_to_directory
from octeth_backupd.pipeline.result import RunResult
from octeth_backupd.pipeline.step_runner import StepRunner
from octeth_backupd.process.files import make_directory
from octeth_backupd.servers.flushing import dirty_pages_allowed
from octeth_backupd.servers.power.registry import power_for

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from octeth_backupd.domain.restore.plan import ArchiveSource, RestorePlan
    from octeth_backupd.domain.restore.site import Site
    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.pipeline.parts import Parts


def restore(context: RunContext, parts: Parts) -> RunResult:
    """Put a backup in the place of the server's data, or lay it down in a directory.

    Raises:
        RestoreRefusedError: The plan has refusals; nothing was touched.
        RestoreError: It ended without restoring; the message says what the server's data is.
        BackupdError: What ended the staging or the rehearsal; the server was never stopped.
    """
    order = context.order
    if not isinstance(order, RestoreOrder):
        raise RestoreError("nothing was ordered", hint="This is a defect; see the log.")
    if order.target_directory is not None:
        return restore_to_directory(context, parts, order)
    return _Restore(context, parts, order).run()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Holding:
    """A plan that holds: what was optional in it is there."""

    plan: RestorePlan
    site: Site
    archive: ArchiveSource


class _Restore:
    def __init__(self, context: RunContext, parts: Parts, order: RestoreOrder) -> None:
        self._context = context
        self._parts = parts
        self._order = order
        self._steps = StepRunner(context)
        self._server = parts.servers[context.run.server]
        self._logins = logins_for(self._server.settings, order.old_password)
        self._notes: tuple[str, ...] = ()

    def run(self) -> RunResult:
        """Do it all; the server is not touched before its data has been staged and tried."""
        with self._steps.step("plan"):
            holding = self._plan()
        run_before(self._context, self._parts, _hook_facts(self._context, holding))
        container = holding.site.container
        live = LiveRestore(
            context=self._context,
            parts=self._parts,
            steps=self._steps,
            server=self._server,
            power=power_for(
                self._server.settings, self._parts.docker, container_id=container.container_id if container else ""
            ),
            logins=self._logins,
            journal=self._new_journal(holding),
        )
        live.begin(live.journal)
        try:
            expected = self._stage(holding, live.journal)
            state = live.power.state()
        except BackupdError as exc:
            live.go_on(Event.FAILED, reason=exc.message)
            live.finish()
            raise
        live.notes += self._notes
        live.go_on(
            Event.DONE,
            expected=expected,
            policy=state.policy,
            was_running=state.is_running,
            was_answering=state.is_running and holding.site.is_answering,
            dirty_pages_percent=dirty_pages_allowed(holding.site.variables) if holding.site.is_answering else "",
        )
        return result_of(live, backup_id=holding.plan.backup_id)

    def _plan(self) -> _Holding:
        plan = require_plan(self._context, self._parts, self._order)
        if plan.site is None or plan.archive is None or not plan.swaps:
            raise RestoreError("the plan has no refusals, but not everything in it", hint="This is a defect.")
        return _Holding(plan=plan, site=plan.site, archive=plan.archive)

    def _new_journal(self, holding: _Holding) -> Journal:
        site, run = holding.site, self._context.run
        return Journal(
            restore_id=run.run_id,
            installation_id=self._context.installation_id,
            server=run.server,
            backup_id=holding.plan.backup_id,
            archive=holding.archive.name,
            container=site.container.name if site.container else "",
            container_id=site.container.container_id if site.container else "",
            systemd_unit=site.systemd_unit,
            swaps=holding.plan.swaps,
            carried_over=holding.plan.carried_over,
            requested_by=run.requested_by,
            created_at=self._context.clock.now(),
        )

    def _stage(self, holding: _Holding, journal: Journal) -> Expected:
        """Do everything that is slow, beside a server that knows nothing of it."""
        site = holding.site
        data = journal.swaps[0]
        binlog = next((swap.incoming for swap in journal.swaps if swap.role == "binlog"), None)
        with self._steps.step("unpack"):
            for swap in journal.swaps:
                if swap.method is SwapMethod.ENTRIES:
                    give_unused(swap.live, site.owner)
            make_rooms(journal.swaps)
            fetch = Fetch(
                self._context,
                self._parts,
                holding.archive,
                backup_id=holding.plan.backup_id,
                force=self._order.force,
            )
            staged = stage(
                self._context,
                self._parts,
                fetch,
                directory=data.incoming,
                site=site,
                guard=staging_guard(self._parts, data.room),
            )
            self._notes += fetch.notes
            if fetch.archive.is_remote:
                self._notes += (f"fetched from {fetch.archive.storage}",)
            if not staged.checksum_confirmed:
                self._notes += (
                    f"restored with --force: no checksum confirms {holding.archive.name}, "
                    f"whose SHA-256 is {staged.sha256}",
                )
            place(data.incoming, site=site, incoming_binlog=binlog)
            dress(data.incoming, like=data.live, owner=site.owner)
            carry_over(data.live, data.incoming, journal.carried_over)
            if binlog is not None:
                dress(binlog, like=None, owner=site.owner)
        expected = Expected()
        if self._order.rehearse:
            with self._steps.step("rehearse"):
                expected = self._rehearse(site, data.incoming, binlog, scratch=data.room / "rehearsal")
        sync_staged(journal)
        return expected

    def _rehearse(self, site: Site, data: Path, binlog: Path | None, *, scratch: Path) -> Expected:
        make_directory(scratch)
        found = rehearse(
            self._context,
            self._parts,
            subject_of(
                site,
                data=data,
                binlog=binlog,
                scratch=scratch,
                databases=self._server.settings.databases,
                logins=self._logins,
            ),
        )
        if not found.expected.login:
            raise RestoreError(
                f"no password opens the accounts in the backup for {self._server.settings.user}; nothing was changed",
                hint="Give the account's password as of the backup's time: --old-password-file PATH. "
                "The rehearsal logs in from localhost: for an account that exists for other hosts only, "
                "restore with --no-rehearsal. " + " ".join(found.notes),
            )
        if found.expected.login == "old":
            self._context.warn(OLD_LOGIN)
        return found.expected


def _hook_facts(context: RunContext, holding: _Holding) -> HookFacts:
    archive = holding.archive
    return HookFacts(
        hook=Hook.BEFORE_RESTORE,
        run=context.run,
        backup_id=holding.plan.backup_id,
        archive="" if archive.is_remote else str(archive.place),
    )


def result_of(live: LiveRestore, *, backup_id: str) -> RunResult:
    """Drive a journal to its end and say how that went.

    Raises:
        RestoreError: The data from before is in place, or nothing was changed.
        RestoreStuckError: It is not over.
    """
    journal = live.finish()
    if journal.state is not State.COMMITTED:
        raise RestoreError(outcome_words(journal), hint="The log has the details: journalctl -u octeth-backupd.")
    detail: dict[str, Any] = {
        "restore_id": journal.restore_id,
        "safety_copy": [str(swap.aside) for swap in journal.swaps] if journal.holds_safety_copy else [],
        "safety_copy_expires_at": journal.expires_at.isoformat() if journal.expires_at else "",
        "notes": list(live.notes),
    }
    return restored_result(journal, notes=live.notes, backup_id=backup_id, detail=detail)


def restored_result(
    journal: Journal, *, notes: Collection[str], backup_id: str, detail: Mapping[str, Any]
) -> RunResult:
    """Return how a restore that put its data in place ended: degraded where the daemon cannot log in any more."""
    found = {*notes, OLD_LOGIN} if journal.expected.login == "old" else {*notes}
    why = [cause for cause in (OLD_LOGIN, NO_LOGIN) if cause in found]
    if not why:
        return RunResult(status=RunStatus.SUCCESS, backup_id=backup_id or None, detail=detail)
    return RunResult(status=RunStatus.DEGRADED, backup_id=backup_id or None, detail={**detail, "degraded": why})


def outcome_words(journal: Journal) -> str:
    """Return what became of the server's data in a restore that did not succeed."""
    reason = journal.reason or "it was interrupted"
    if journal.state is State.ABORTED:
        return f"{reason}; nothing of the server's data was changed"
    kept = f"; the restored data is kept in {journal.kept[0]}" if journal.holds_safety_copy else ""
    if journal.was_answering:
        return f"{reason}; the server runs on the data from before{kept}"
    return f"{reason}; the data from before was put back, on which the server did not answer before either{kept}"
