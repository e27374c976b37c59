"""The operations on a restore that has a journal: resolve what a crash interrupted, undo what succeeded, clean up."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import RunStatus
from octeth_backupd.domain.restore.data_state import SYSTEM_DIRECTORY
from octeth_backupd.domain.restore.journal import Expected, Journal
from octeth_backupd.domain.restore.machine import Event, State
from octeth_backupd.domain.restore.order import JournalOrder
from octeth_backupd.domain.restore.safety import expired_safety_copies
from octeth_backupd.errors import BackupdError, NotFoundError, RestoreError
from octeth_backupd.pipeline.restore.live import LiveRestore
from octeth_backupd.pipeline.restore.login import logins_for
from octeth_backupd.pipeline.restore.refusals import refused
from octeth_backupd.pipeline.restore.restore import outcome_words, restored_result, result_of
from octeth_backupd.pipeline.restore.swapping import adopt_aside, make_rooms, remove_rooms
from octeth_backupd.pipeline.restore.target import EXTRACT, remove_half_done
from octeth_backupd.pipeline.restore.unreadable import unreadable_refusals
from octeth_backupd.pipeline.result import RunResult
from octeth_backupd.pipeline.step_runner import StepRunner
from octeth_backupd.process.files import translated_os_errors
from octeth_backupd.servers.flushing import dirty_pages_allowed
from octeth_backupd.servers.power.registry import power_for

if TYPE_CHECKING:
    from octeth_backupd.domain.server import ContainerFacts
    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.servers.server import Server


def resolve(context: RunContext, parts: Parts) -> RunResult:
    """Finish, or take back, a restore that the daemon's end or somebody's absence interrupted.

    Returns:
        Success also when it was taken back: the server is on one complete data set. Degraded as a restore is.

    Raises:
        RestoreStuckError: Not now; it is tried again.
    """
    journal = parts.journals.get(_restore_id(context))
    if journal.operation == EXTRACT:
        return remove_half_done(context, parts, journal)
    live = _live(context, parts, journal)
    if journal.is_open:
        live.go_on(Event.CRASHED, reason="the daemon ended in the middle of it")
    journal = live.finish()
    is_committed = journal.state is State.COMMITTED
    words = "the restore is finished" if is_committed else outcome_words(journal)
    detail = {"restore_id": journal.restore_id, "state": journal.state.value, "outcome": words}
    if is_committed:
        return restored_result(journal, notes=live.notes, backup_id=journal.backup_id, detail=detail)
    return RunResult(status=RunStatus.SUCCESS, backup_id=journal.backup_id or None, detail=detail)


def undo(context: RunContext, parts: Parts) -> RunResult:
    """Put the data that a restore replaced back; what the server has now becomes a safety copy in turn.

    Raises:
        NotFoundError: There is no safety copy of that restore any more.
        RestoreRefusedError: Another restore of the server may not be over.
        RestoreError: It could not be done; the message says what the server's data is.
    """
    undone = parts.journals.get(_restore_id(context))
    if not undone.holds_safety_copy:
        raise NotFoundError(
            f"restore {undone.restore_id} has no safety copy any more", hint="See octeth-backupctl status."
        )
    server = _server(parts, undone)
    against = unreadable_refusals(parts, undone.server)
    if against:
        raise refused("the undo is refused", against)
    unfinished = parts.journals.open_of(undone.server)
    if unfinished is not None:
        raise RestoreError(
            f"{unfinished.operation} {unfinished.restore_id} of this server is not over: it is {unfinished.state}; "
            "nothing was changed",
            hint=f"It goes on by itself. What to do by hand is in {parts.journals.path(unfinished.restore_id)}.",
        )
    _require_database(undone)
    container = server.locate().container
    if server.settings.data_directory is None:
        _require_same_directories(container, undone)
    container_id = container.container_id if container else ""
    live = _live(context, parts, _undo_journal(context, undone, container_id=container_id))
    state = live.power.state()
    live.begin(live.journal)
    steps = StepRunner(context)
    try:
        with steps.step("plan"):
            context.cancellation.raise_if_cancelled()
            make_rooms(live.journal.swaps)
            for old, new in zip(undone.swaps, live.journal.swaps, strict=True):
                adopt_aside(old, new)
    except BackupdError as exc:
        live.go_on(Event.FAILED, reason=exc.message)
        live.finish()
        raise
    survey = live.server.survey()
    variables = survey.facts.variables if survey.facts else {}
    live.go_on(
        Event.DONE,
        policy=state.policy,
        was_running=state.is_running,
        was_answering=survey.facts is not None,
        dirty_pages_percent=dirty_pages_allowed(variables),
    )
    return result_of(live, backup_id="")


def remove_expired(context: RunContext, parts: Parts) -> RunResult:
    """Remove the safety copies of the run's server whose time is over."""
    removed = []
    mine = [journal for journal in parts.journals.all() if journal.server == context.run.server]
    with StepRunner(context).step("expire"):
        for journal in expired_safety_copies(mine, now=context.clock.now(), maximum=parts.restore.max_safety_copies):
            context.cancellation.raise_if_cancelled()
            remove_rooms(journal.swaps)
            parts.journals.write(replace(journal, removed_at=context.clock.now()))
            removed.append(journal.restore_id)
    return RunResult(detail={"removed_safety_copies": removed})


def _restore_id(context: RunContext) -> str:
    if not isinstance(context.order, JournalOrder):
        raise RestoreError("no restore was named", hint="This is a defect; see the log.")
    return context.order.restore_id


def _server(parts: Parts, journal: Journal) -> Server:
    server = parts.servers.get(journal.server)
    if server is None:
        raise RestoreError(
            f"server {journal.server} is not in the configuration any more, its restore cannot go on",
            hint=f"Put [servers.{journal.server}] back, or see {parts.journals.path(journal.restore_id)}.",
        )
    return server


def _require_database(undone: Journal) -> None:
    """Refuse what would only be found out when the server is down: the data that was set aside is no database."""
    aside = undone.swaps[0].aside
    if aside.is_dir() and not (aside / SYSTEM_DIRECTORY).is_dir():
        raise RestoreError(
            f"the data that was set aside in {aside} has no {SYSTEM_DIRECTORY}/, no server starts on it; "
            "nothing was changed",
            hint="Take the files you need from there, or restore a backup: octeth-backupctl list.",
        )


def _require_same_directories(container: ContainerFacts | None, undone: Journal) -> None:
    """Refuse when the container was recreated with other directories than those that were exchanged."""
    if container is None:
        return
    with translated_os_errors(undone.swaps[0].live):
        sources = [mount.source.resolve() for mount in container.mounts]  # as swap.live is
    for swap in undone.swaps:
        if not any(swap.live.is_relative_to(source) for source in sources):
            raise RestoreError(
                f"container {container.name} does not mount {swap.live} any more; nothing was changed",
                hint=f"The data from before the restore is in {swap.aside}.",
            )


def _live(context: RunContext, parts: Parts, journal: Journal) -> LiveRestore:
    server = _server(parts, journal)
    return LiveRestore(
        context=context,
        parts=parts,
        steps=StepRunner(context),
        server=server,
        power=power_for(server.settings, parts.docker, container_id=journal.container_id),
        logins=logins_for(server.settings, None),
        journal=journal,
    )


def _undo_journal(context: RunContext, undone: Journal, *, container_id: str) -> Journal:
    run = context.run
    return Journal(
        restore_id=run.run_id,
        installation_id=context.installation_id,
        server=undone.server,
        operation="undo",
        undoes=undone.restore_id,
        container=undone.container,
        container_id=container_id,
        systemd_unit=undone.systemd_unit,
        swaps=tuple(swap.of_run(run.run_id) for swap in undone.swaps),
        expected=Expected(),
        requested_by=run.requested_by,
        created_at=context.clock.now(),
    )
