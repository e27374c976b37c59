"""Every problem that there is now, from how everything stands."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from octeth_backupd.domain.notices.configuration_problem import configuration_problem
from octeth_backupd.domain.notices.current import CurrentProblem
from octeth_backupd.domain.notices.disk_problems import disk_problem, silent_problem
from octeth_backupd.domain.notices.login_problems import login_key, login_problem
from octeth_backupd.domain.notices.notice import NoticeKind, Severity
from octeth_backupd.domain.notices.overdue import overdue_problems
from octeth_backupd.domain.notices.run_problems import backup_subject, run_problems
from octeth_backupd.domain.notices.storage_problems import lost_problems, upload_problem
from octeth_backupd.domain.notices.words import count_words, moment_words

if TYPE_CHECKING:
    from octeth_backupd.domain.notices.settings import NoticesSettings
    from octeth_backupd.domain.notices.standing import HoldFacts, NotifierFacts, OpenRestore, ServerFacts, Standing


def problems_of(standing: Standing, settings: NoticesSettings) -> tuple[CurrentProblem, ...]:
    """Return every problem there is, the causes before what follows from them."""
    found: list[CurrentProblem] = []
    if standing.broken_file is not None:
        found.append(configuration_problem(standing.broken_file))
    storages = [storage.name for storage in standing.storages]
    for server in standing.servers:
        found += _of_server(server, standing, settings, storages)
    for storage in standing.storages:
        problem = upload_problem(storage, standing, settings)
        found += ([problem] if problem is not None else []) + lost_problems(storage)
    disks = (disk_problem(disk, standing, settings) for disk in standing.disks)
    found += [problem for problem in disks if problem is not None]
    found += [silent_problem(disk) for disk in standing.silent_disks]
    found += [_notifier_problem(notifier) for notifier in standing.notifiers]
    return tuple(found)


def _of_server(
    server: ServerFacts, standing: Standing, settings: NoticesSettings, storages: list[str]
) -> list[CurrentProblem]:
    found = [_restore_problem(server, restore) for restore in server.restores]
    if server.locked_out_by is not None:
        found.append(login_problem(server.locked_out_by))
    if server.is_configured:
        found += _but_for_login(run_problems(server, storages=storages), server)
    # A run that was interrupted is started again: nothing is overdue because of it.
    causes = frozenset(
        one.key
        for one in found
        if one.kind in {NoticeKind.RESTORE, NoticeKind.CREDENTIALS}
        or (one.subject == backup_subject(server.name) and one.severity is Severity.ERROR)
    )
    found += overdue_problems(server, standing, settings, causes=causes)
    return found + [hold_problem(facts) for facts in server.holds]


def _but_for_login(found: list[CurrentProblem], server: ServerFacts) -> list[CurrentProblem]:
    """Return problems of runs, of which those that could not log in follow from the restore that is why."""
    if server.locked_out_by is None:
        return found
    cause = frozenset({login_key(server.name)})
    refused = {f"{backup_subject(server.name)}/{code}" for code in ("preflight_failed.login", "login_refused")}
    return [replace(one, covered_by=cause) if one.key in refused else one for one in found]


def hold_key(hold_id: int) -> str:
    """Return the key of an open hold's problem."""
    return f"hold:{hold_id}"


def restore_key(restore_id: str) -> str:
    """Return the key of the problem that a restore is not over."""
    return f"restore:{restore_id}"


def notifier_key(name: str) -> str:
    """Return the key of the problem that a notifier does not get through."""
    return f"notifier:{name}"


def hold_problem(facts: HoldFacts) -> CurrentProblem:
    """Return the problem that an open hold is: somebody has to say whether a backup is good."""
    hold = facts.hold
    what = f"backup {hold.backup_id} is doubted" if hold.backup_id else "its backups are doubted"
    return CurrentProblem(
        key=hold_key(hold.hold_id),
        kind=NoticeKind.ANOMALY if facts.is_anomaly else NoticeKind.HOLD,
        severity=Severity.WARNING,
        server=hold.server,
        title=f"{hold.server}: {what}, retention is held",
        cause=f"{hold.reason}. Until this is answered {count_words(len(hold.protected), 'backup')} that the policy "
        "kept at that time will not expire",
        hint="Look at the backup; accept it where it is right, delete it where it is not.",
        command=f"octeth-backupctl show {hold.backup_id}" if hold.backup_id else "octeth-backupctl retention",
        since=hold.begun_at,
    )


def _restore_problem(server: ServerFacts, restore: OpenRestore) -> CurrentProblem:
    return CurrentProblem(
        key=restore_key(restore.restore_id),
        kind=NoticeKind.RESTORE,
        severity=Severity.ERROR,
        server=server.name,
        title=f"{server.name}: a restore is not over, it waits in state {restore.state}",
        cause=f"restore {restore.restore_id} is in state {restore.state} since {moment_words(restore.since)}, and the "
        "server may be down until it is resolved",
        hint="The daemon tries to resolve it at least every 15 minutes; the last try says what stands against it.",
        command=f"octeth-backupctl runs --server {server.name}",
        since=restore.since,
    )


def _notifier_problem(notifier: NotifierFacts) -> CurrentProblem:
    return CurrentProblem(
        key=notifier_key(notifier.name),
        kind=NoticeKind.NOTIFIER,
        severity=Severity.WARNING,
        title=f"notifier {notifier.name} does not get through",
        cause=f"{count_words(notifier.waiting, 'notice')} {'waits' if notifier.waiting == 1 else 'wait'} since "
        f"{moment_words(notifier.since)}: {notifier.last_error}",
        hint=f"Look at [notify.{notifier.name}] and at what it talks to; what waits is sent when it is back.",
        command=f"octeth-backupctl notify test {notifier.name}",
        since=notifier.since,
        notifier=notifier.name,
    )
