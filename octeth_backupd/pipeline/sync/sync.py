"""The operation "sync": what lies in the storage backends is compared with the catalog, which is put right.

Nothing in a storage backend is changed without ``--repair`` but this installation's own state files.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from octeth_backupd.domain.backup import RunStatus
from octeth_backupd.domain.restore.order import SyncOrder
from octeth_backupd.domain.state_document import owner_of_state_key
from octeth_backupd.domain.sync.known import KnownBackups
from octeth_backupd.domain.sync.report import SyncReport, document_of, run_detail
from octeth_backupd.domain.upload import LOCAL_STORAGE
from octeth_backupd.errors import AmbiguousIdError, NotFoundError, StorageError
from octeth_backupd.pipeline.result import RunResult
from octeth_backupd.pipeline.retention.confirmation import require_confirmation
from octeth_backupd.pipeline.state_files import write_states
from octeth_backupd.pipeline.step_runner import StepRunner
from octeth_backupd.pipeline.sync.repair import repaired
from octeth_backupd.pipeline.sync.state_reading import StatePlace, StateReading
from octeth_backupd.pipeline.sync.storage_pass import StoragePass
from octeth_backupd.pipeline.sync.wanted_copies import await_wanted_copies

if TYPE_CHECKING:
    from octeth_backupd.domain.sync.report import StorageReport
    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.storage.base import Storage

REPORT = "sync_report"
"""The last sync's report in the catalog, as ``document_of`` returns it."""

_EVERY_BACKUP = 10_000_000

_log = structlog.get_logger("sync")


def sync(context: RunContext, parts: Parts) -> RunResult:
    """Compare every storage backend with the catalog, take over state files, repair where that was ordered.

    Returns:
        Degraded when a storage backend could not be compared, or copies are missing, damaged or incomplete. A lost copy
        that is known degrades no later sync while its backup has another one.

    Raises:
        StorageError: None of them could be listed.
        NotFoundError: The installation to adopt has nothing anywhere.
        AmbiguousIdError: Several begin like it.
    """
    return _Sync(context, parts, context.order if isinstance(context.order, SyncOrder) else SyncOrder()).run()


class _Sync:
    """One sync; each phase leaves what the next one needs."""

    def __init__(self, context: RunContext, parts: Parts, order: SyncOrder) -> None:
        self._context = context
        self._parts = parts
        self._catalog = parts.catalog
        self._order = order
        # Looked at before anything is listed: a copy that appears later is newer than what was seen.
        self._known = KnownBackups(self._catalog.backups(server=order.server, limit=_EVERY_BACKUP))
        self._passes: list[StoragePass] = []
        self._reports: list[StorageReport] = []

    def run(self) -> RunResult:
        steps = StepRunner(self._context)
        adopted = self._adopt(must_find=False)
        for storage in self._parts.storages:
            with steps.step(f"compare {storage.name}"):
                self._compare(storage)
        self._require_any_listed()
        adopted = adopted or self._adopt(must_find=True)
        with steps.step("read state files"):
            states = self._read_states()
        if self._order.repair:
            with steps.step("repair"):
                self._repair()
        self._note_other_copies()
        self._await_wanted_copies()
        with steps.step("write state files"):
            problems = [*states.problems, *self._write_states()]
        report = SyncReport(
            run_id=self._context.run.run_id,
            at=self._context.clock.now(),
            storages=tuple(self._reports),
            installations=self._known.installations(
                own=self._context.installation_id, ours=self._catalog.installations.ours()
            ),
            states_taken=states.taken,
            adopted=adopted,
            repair=self._order.repair,
            problems=tuple(problems),
        )
        self._tell(report)
        detail = run_detail(report)
        return RunResult(status=RunStatus.DEGRADED if "degraded" in detail else RunStatus.SUCCESS, detail=detail)

    def _compare(self, storage: Storage) -> None:
        one = StoragePass(
            self._context,
            self._parts,
            storage,
            self._known,
            server=self._order.server,
            ours=self._catalog.installations.ours(),
            believe_empty=self._order.repair,
        )
        report = one.run()
        self._passes.append(one)
        self._reports.append(report)
        if report.problem:
            self._context.warn(f"{storage.name}: {report.problem}")

    def _require_any_listed(self) -> None:
        if self._passes and not any(one.is_listed for one in self._passes):
            raise StorageError(
                "no storage backend can be listed: "
                + "; ".join(f"{report.storage}: {report.problem}" for report in self._reports),
                hint=self._reports[0].hint,
            )

    def _adopt(self, *, must_find: bool) -> str:
        """Take over the installation that was ordered, once it is known; return its id."""
        wanted = self._order.adopt
        if not wanted:
            return ""
        seen = {one.installation_id for one in self._known.installations(own="", ours=frozenset())}
        for one in self._passes:
            seen |= {
                owner[1] for file in one.states if (owner := owner_of_state_key(file.key)) is not None and owner[1]
            }
        fits = sorted(installation_id for installation_id in seen if installation_id.startswith(wanted))
        if not fits:
            if not must_find:
                return ""
            raise NotFoundError(
                f"no backup of an installation {wanted} was found anywhere; nothing was adopted",
                hint="octeth-backupctl sync shows the installations that have backups here.",
            )
        if len(fits) > 1:
            raise AmbiguousIdError(f"{wanted} fits several installations: {', '.join(fits)}", hint="Give more of it.")
        if fits[0] != self._context.installation_id:
            by = self._context.run.requested_by
            require_confirmation(self._catalog)  # before they count as ours: no policy has seen them
            self._catalog.installations.adopt(fits[0], by=by, at=self._context.clock.now())
            _log.warning("sync.adopted", installation_id=fits[0], requested_by=by)
        return fits[0]

    def _read_states(self) -> StateReading:
        reading = StateReading(self._context, self._catalog, self._known, repair=self._order.repair)
        places = [
            StatePlace(storage=storage, files=one.states, is_trusted=one.is_trusted)
            for storage, one in zip(self._parts.storages, self._passes, strict=True)
        ]
        reading.read(places, self._servers())
        for position, report in enumerate(self._reports):
            mine = tuple(finding for finding in reading.findings if finding.storage == report.storage)
            self._reports[position] = replace(report, findings=(*report.findings, *mine))
        return reading

    def _repair(self) -> None:
        ours = self._catalog.installations.ours()
        for position, (storage, one) in enumerate(zip(self._parts.storages, self._passes, strict=True)):
            if one.is_trusted:
                report = self._reports[position]
                findings = repaired(report.findings, storage, self._catalog, ours=ours)
                self._reports[position] = replace(report, findings=findings)

    def _note_other_copies(self) -> None:
        """Note which lost copies their backups can do without, now that everything was compared."""
        readable_in = self._known.readable_in([storage.name for storage in self._parts.storages])
        for position, report in enumerate(self._reports):
            findings = tuple(
                replace(finding, has_other_copy=bool(readable_in.get(finding.backup_id, set()) - {finding.storage}))
                for finding in report.findings
            )
            self._reports[position] = replace(report, findings=findings)

    def _await_wanted_copies(self) -> None:
        trusted = self._trusted()
        if any(storage.name == LOCAL_STORAGE for storage in trusted):  # what is uploaded was seen there just now
            await_wanted_copies(
                self._catalog,
                self._catalog.backups(server=self._order.server, limit=_EVERY_BACKUP),
                [storage.name for storage in trusted if storage.is_remote],
                ours=self._catalog.installations.ours(),
                at=self._context.clock.now(),
            )

    def _write_states(self) -> list[str]:
        return write_states(self._catalog, self._trusted(), self._servers())

    def _trusted(self) -> list[Storage]:
        return [storage for storage, one in zip(self._parts.storages, self._passes, strict=True) if one.is_trusted]

    def _servers(self) -> list[str]:
        return [name for name in self._parts.servers if self._order.server in {None, name}]

    def _tell(self, report: SyncReport) -> None:
        for finding in report.findings:
            _log.info(
                "sync.found",
                kind=finding.kind,
                storage=finding.storage,
                key=finding.key,
                detail=finding.detail,
                backup_id=finding.backup_id or None,
                outcome=finding.outcome or None,
            )
        self._catalog.set_meta(REPORT, json.dumps(document_of(report)))
