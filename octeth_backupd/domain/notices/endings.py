"""What people are told of a run: that it began, and how it ended.

A notifier gets one notice of an ending at most: the first of its choices that it tells of.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import Operation, RunStatus
from octeth_backupd.domain.notices.current import subject_of
from octeth_backupd.domain.notices.login_problems import login_key
from octeth_backupd.domain.notices.notice import NoticeKind, Severity
from octeth_backupd.domain.notices.overdue import overdue_subjects
from octeth_backupd.domain.notices.problems import hold_key, restore_key
from octeth_backupd.domain.notices.refusals import refusal_in
from octeth_backupd.domain.notices.run_problems import FOLLOWED, run_problem_key
from octeth_backupd.domain.notices.storage_problems import is_lost_cause, storage_subject
from octeth_backupd.domain.restore.old_login import left_old_login

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from octeth_backupd.domain.backup import Run
    from octeth_backupd.domain.notices.current import CurrentProblem
    from octeth_backupd.domain.notices.notice import Notice
    from octeth_backupd.domain.notices.standing import Standing

RESTORES = frozenset({Operation.RESTORE, Operation.UNDO, Operation.RESOLVE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """A run that began or ended, as it is told.

    Attributes:
        choices: In the order of preference; never empty.
        concerns: Keys of the problems that whoever is told of it knows of then.
        ends: Keys of the problems that are over with it.
    """

    operation: Operation
    choices: tuple[Notice, ...]
    concerns: frozenset[str] = frozenset()
    ends: frozenset[str] = frozenset()


def ending_of(run: Run, notice: Notice, standing: Standing, current: Mapping[str, CurrentProblem]) -> Ending | None:
    """Return how the end of a run is told.

    Args:
        run: As it is in the catalog.
        notice: What is to be said of it, of whatever kind.
        standing: How everything stands with this run.
        current: The problems there are now, by key.

    Returns:
        None: nobody is told; it belongs to a problem that is told by itself, or is nobody's business.
    """
    if run.operation is Operation.BACKUP:
        return _backup(run, notice, standing, current)
    if run.operation in RESTORES:
        return _restore(run, notice, current)
    if run.operation in FOLLOWED:
        return _by_itself(run, notice, standing, current)
    return _ordered(run, notice, standing, current)


def beginning_of(run: Run, notice: Notice) -> Ending | None:
    """Return how the begin of a run is told; None: nobody is.

    Args:
        run: As it begins.
        notice: What is to be said of it, of whatever kind.
    """
    if run.operation is Operation.BACKUP:
        # A scheduled run without tiers found that nothing is due any more: it ends at once, and nobody is told of that.
        return _ending(run, replace(notice, kind=NoticeKind.START)) if run.tiers else None
    if run.operation in {Operation.RESTORE, Operation.UNDO}:
        return _ending(run, replace(notice, kind=NoticeKind.RESTORE))
    return None


def _ending(
    run: Run, *choices: Notice, concerns: frozenset[str] = frozenset(), ends: frozenset[str] = frozenset()
) -> Ending:
    return Ending(
        operation=run.operation,
        choices=choices,
        concerns=concerns | {notice.problem for notice in choices if notice.problem and not notice.is_end},
        ends=ends,
    )


def _backup(run: Run, notice: Notice, standing: Standing, current: Mapping[str, CurrentProblem]) -> Ending | None:
    ends = _ended_by(run, standing, current)
    match run.status:
        case RunStatus.SUCCESS:
            return _success(run, notice, ends, [current[key] for key in _doubts(run, standing) if key in current])
        case RunStatus.DEGRADED:
            return _degraded(run, notice, ends, current)
        case RunStatus.FAILED | RunStatus.INTERRUPTED:
            return _failure(run, notice, current)
        case RunStatus.SKIPPED if not run.error:
            return None  # what it would have served was served meanwhile
        case RunStatus.SKIPPED:
            restore = min(_restores_of(run, current), default="")
            return _ending(run, replace(notice, kind=NoticeKind.MISSED, severity=Severity.INFO, problem=restore))
        case _:
            return _ending(run, replace(notice, kind=NoticeKind.FAILURE, severity=Severity.WARNING))


def _success(run: Run, notice: Notice, ends: frozenset[str], doubts: Iterable[CurrentProblem]) -> Ending:
    doubted = [
        replace(
            _with_facts_of(notice, problem),
            kind=problem.kind,
            severity=Severity.WARNING,
            problem=problem.key,
            title=problem.title,
            text=f"{notice.text}\n{problem.text}",
        )
        for problem in doubts
    ]
    return _ending(run, *doubted, *_recovery(run, notice, ends), replace(notice, kind=NoticeKind.SUCCESS), ends=ends)


def _degraded(run: Run, notice: Notice, ends: frozenset[str], current: Mapping[str, CurrentProblem]) -> Ending:
    """Return how it is told: by the storage backend that copies did not reach, where that is why."""
    causes = tuple(str(cause) for cause in run.detail.get("degraded", ()))
    own = run_problem_key(run)
    about = [
        problem
        for problem in current.values()
        if any(problem.subject == storage_subject(cause.partition(": ")[0]) for cause in causes)
    ]
    key = own if own in current else next((problem.key for problem in about), "")
    for problem in about[:1]:
        notice = _with_facts_of(notice, problem)
    degraded = replace(notice, kind=NoticeKind.DEGRADED, severity=Severity.WARNING, problem=key)
    refused = [problem for problem in about if problem.kind is NoticeKind.CREDENTIALS]
    choices = [replace(degraded, kind=problem.kind, problem=problem.key) for problem in refused]
    choices.append(degraded)
    choices += [
        replace(degraded, kind=problem.kind, problem=problem.key) for problem in about if problem not in refused
    ]
    choices += _recovery(run, notice, ends)
    return _ending(run, *choices, concerns=frozenset(problem.key for problem in about), ends=ends)


def _failure(run: Run, notice: Notice, current: Mapping[str, CurrentProblem]) -> Ending:
    severity = Severity.ERROR if run.status is RunStatus.FAILED else Severity.WARNING
    key = run_problem_key(run)
    failure = replace(notice, kind=NoticeKind.FAILURE, severity=severity, problem=key if key in current else "")
    if refusal_in(run.error) is None:
        return _ending(run, failure)
    return _ending(run, failure, replace(failure, kind=NoticeKind.CREDENTIALS))


def _restore(run: Run, notice: Notice, current: Mapping[str, CurrentProblem]) -> Ending | None:
    restore_id = str(run.detail.get("restore_id", "")) or run.run_id
    key = restore_key(restore_id)
    told = replace(notice, kind=NoticeKind.RESTORE)
    if run.status is RunStatus.SUCCESS:
        ends = frozenset({key}) if run.operation is Operation.RESOLVE else frozenset[str]()
        told = replace(told, problem=key if ends else "", is_end=bool(ends))
        # What its last hook was to start again may still be stopped: that concerns who wants nothing of restores, too.
        flawed = [replace(told, kind=NoticeKind.DEGRADED)] if told.severity is Severity.WARNING else []
        return _ending(run, told, *flawed, ends=ends)
    if run.status is RunStatus.DEGRADED and left_old_login(run):
        return _locking_out(run, told, key, current)
    if run.status is RunStatus.SKIPPED or (run.operation is Operation.RESOLVE and not _restores_of(run, current)):
        return None
    severity = Severity.ERROR if run.status is RunStatus.FAILED else Severity.WARNING
    open_keys = _restores_of(run, current)
    told = replace(told, severity=severity, problem=next(iter(sorted(open_keys)), ""))
    return _ending(run, told, replace(told, kind=NoticeKind.FAILURE), concerns=open_keys)


def _locking_out(run: Run, told: Notice, restore: str, current: Mapping[str, CurrentProblem]) -> Ending:
    """Return how the end of a restore is told after which no backup can log in: with that problem, in one message."""
    problem = current.get(login_key(run.server))
    if problem is not None:
        told = replace(_with_facts_of(told, problem), severity=problem.severity, problem=problem.key)
    choices = (told, replace(told, kind=NoticeKind.CREDENTIALS), replace(told, kind=NoticeKind.FAILURE))
    return _ending(run, *choices, ends=frozenset({restore} - current.keys()))


def _restores_of(run: Run, current: Mapping[str, CurrentProblem]) -> frozenset[str]:
    """Return the keys of the restores of a run's server that are not over."""
    return frozenset(
        key for key, problem in current.items() if key.startswith(restore_key("")) and problem.server == run.server
    )


def _by_itself(run: Run, notice: Notice, standing: Standing, current: Mapping[str, CurrentProblem]) -> Ending | None:
    ends = _ended_by(run, standing, current)
    key = run_problem_key(run)
    match run.status:
        case RunStatus.SUCCESS if ends:
            return _ending(run, *_recovery(run, notice, ends), ends=ends)
        case RunStatus.FAILED:
            return _failure(run, notice, current)
        case RunStatus.DEGRADED if key in current:
            return _ending(
                run, replace(notice, kind=NoticeKind.DEGRADED, severity=Severity.WARNING, problem=key), ends=ends
            )
        case _:
            return None


def _ordered(run: Run, notice: Notice, standing: Standing, current: Mapping[str, CurrentProblem]) -> Ending | None:
    """Return how what an operator ordered is told where it did not go well: nobody may have waited for it.

    Copies that a sync found lost are a problem of their own; whatever else it found is told with its end.
    """
    causes = tuple(str(cause) for cause in run.detail.get("degraded", ()))
    is_known = run.operation is Operation.SYNC and bool(causes) and all(is_lost_cause(one, current) for one in causes)
    doubted = min(_doubts(run, standing), default="")
    match run.status:
        case RunStatus.FAILED if run.operation is not Operation.UPLOAD:
            failure = replace(notice, kind=NoticeKind.FAILURE, severity=Severity.ERROR, problem=doubted)
            return _ending(run, failure)
        case RunStatus.DEGRADED if run.operation is not Operation.UPLOAD and not is_known:
            return _ending(run, replace(notice, kind=NoticeKind.DEGRADED, severity=Severity.WARNING, problem=doubted))
        case _:
            return None


def _recovery(run: Run, notice: Notice, ends: frozenset[str]) -> list[Notice]:
    """Return how it is told that runs are as they should be again; nothing where they were."""
    if not ends:
        return []
    what = {Operation.BACKUP: "backups succeed", Operation.RETENTION: "retention succeeds"}.get(run.operation)
    recovery = replace(
        notice,
        kind=NoticeKind.RECOVERY,
        severity=Severity.INFO if run.status is RunStatus.SUCCESS else Severity.WARNING,
        problem=min(ends),
        is_end=True,
        title=f"{run.server}: {what or f'{run.operation} succeeds'} again",
        facts=(*notice.facts, ("ends", ", ".join(sorted(ends)))),
    )
    late = [key for key in sorted(ends) if key.startswith(overdue_subjects(run.server))]
    let_in = [key for key in ends if key == login_key(run.server)]
    return [
        recovery,
        *(replace(recovery, kind=NoticeKind.CREDENTIALS, problem=key) for key in let_in),
        *(replace(recovery, kind=NoticeKind.OVERDUE, problem=key) for key in late[:1]),
    ]


def _with_facts_of(notice: Notice, problem: CurrentProblem) -> Notice:
    """Return a notice that says what to do about a problem where it does not say so itself."""
    known = {name for name, value in notice.facts if value}
    added = tuple(fact for fact in problem.facts if fact[0] not in known)
    return replace(notice, facts=(*notice.facts, *added))


def _ended_by(run: Run, standing: Standing, current: Mapping[str, CurrentProblem]) -> frozenset[str]:
    """Return the keys of what was wrong with runs of this kind and is not any more; a good backup is not overdue."""
    subject = subject_of(run_problem_key(run))
    still = {problem.subject for problem in current.values()}
    return frozenset(
        key
        for key in standing.open_keys
        if key not in current
        and (
            subject_of(key) == subject
            or (run.operation is Operation.BACKUP and key == login_key(run.server))
            or (
                run.operation is Operation.BACKUP
                and key.startswith(overdue_subjects(run.server))
                and subject_of(key) not in still
            )
        )
    )


def _doubts(run: Run, standing: Standing) -> list[str]:
    """Return the keys of the open holds about the backup that a run made or looked at."""
    return [
        hold_key(facts.hold.hold_id)
        for server in standing.servers
        for facts in server.holds
        if run.backup_id and facts.hold.backup_id == run.backup_id
    ]
