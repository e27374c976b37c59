"""Backups that should be there by now: what is overdue, by schedule, and due times that nobody makes up for."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import Operation, SlotState, Tier
from octeth_backupd.domain.notices.current import CurrentProblem
from octeth_backupd.domain.notices.notice import NoticeKind, Severity
from octeth_backupd.domain.notices.words import count_words, duration_words, moment_words

if TYPE_CHECKING:
    from datetime import datetime

    from octeth_backupd.domain.holdings import Hold
    from octeth_backupd.domain.notices.settings import NoticesSettings
    from octeth_backupd.domain.notices.standing import GoodBackup, ScheduleFacts, ServerFacts, Standing

LATE = "late"
REMOVED = "removed"
UNSCHEDULED = "unscheduled"
"""What a schedule's problem is, behind the ``/`` of its key."""
CLOCK_MARGIN = timedelta(hours=1)
"""What is dated later than this after now was written by a wrong clock, and counts for nothing."""
REMOVED_IS_TOLD_FOR = timedelta(days=14)
"""So long a schedule that was taken out of the configuration is shown as overdue: then it was meant."""
FIRST_DAY = timedelta(hours=26)


def overdue_problems(
    server: ServerFacts, standing: Standing, settings: NoticesSettings, *, causes: frozenset[str]
) -> list[CurrentProblem]:
    """Return what is overdue or missed of a server.

    Args:
        server: Which.
        standing: What else is to be known.
        settings: The limits.
        causes: Keys of other problems of which being overdue is a consequence.
    """
    found: list[CurrentProblem] = []
    covering = causes
    for schedule in sorted(server.schedules, key=lambda one: (one.rule is None, one.tier.rank)):
        deadline = _deadline(schedule, server, standing, settings)
        if deadline is not None and deadline < standing.now:
            found.append(_overdue(schedule, server, standing, covering))
            covering |= {found[-1].key}
        elif schedule.missed:
            found.append(_missed(schedule, covering))
    if not server.schedules and server.is_configured:
        found += _unscheduled(server, standing, settings, causes)
    return found


def _deadline(
    schedule: ScheduleFacts, server: ServerFacts, standing: Standing, settings: NoticesSettings
) -> datetime | None:
    """Return when a schedule is overdue; None: never."""
    grace = timedelta(seconds=settings.overdue_grace_seconds)
    good = None if schedule.last_good is None else schedule.last_good.taken_at
    if schedule.rule is None:
        if good is None:
            return None
        deadline = good + timedelta(seconds=schedule.interval_seconds) + grace
        told_until = max(deadline, schedule.known_since) + REMOVED_IS_TOLD_FOR
        return deadline if standing.now <= told_until else None
    times = [standing.watching_since, *([good] if good is not None else [])]
    is_told = f"{_subject(schedule)}/{LATE}" in standing.open_keys
    if not is_told:
        # Another rule is another beginning; but what was overdue before it is not made up for by it.
        times.append(schedule.known_since)
    reference = max((time for time in times if time <= standing.now + CLOCK_MARGIN), default=standing.now)
    limit_seconds = settings.overdue_after_seconds.of(schedule.tier)
    due = schedule.rule.next_after(reference)
    deadline = due + grace if limit_seconds is None else reference + timedelta(seconds=limit_seconds)
    if server.is_backing_up and not is_told:  # it may be what is missing; a run that hangs is no excuse for ever
        deadline += (schedule.rule.next_after(due) - due) / 2
    return deadline


def _subject(schedule: ScheduleFacts) -> str:
    return f"{overdue_subjects(schedule.server)}{schedule.name}"


def overdue_subjects(server: str) -> str:
    """Return what the keys of everything that is overdue of a server begin with."""
    return f"overdue:{server}:"


def _overdue(
    schedule: ScheduleFacts, server: ServerFacts, standing: Standing, covering: frozenset[str]
) -> CurrentProblem:
    good = schedule.last_good
    if good is None or good.taken_at > standing.now + CLOCK_MARGIN:
        title = f"{schedule.server}: no good {schedule.tier} backup yet"
        since = schedule.known_since
    else:
        age = duration_words((standing.now - good.taken_at).total_seconds())
        title = f"{schedule.server}: no good {schedule.tier} backup for {age}"
        since = good.taken_at
    cause, hint, command = _why(schedule, server, standing)
    if good is not None:
        cause = f"{cause}. The last good one is {good.backup_id} of {moment_words(good.taken_at)}"
    return CurrentProblem(
        key=f"{_subject(schedule)}/{LATE if schedule.rule is not None else REMOVED}",
        kind=NoticeKind.OVERDUE,
        severity=Severity.ERROR if schedule.rule is not None else Severity.WARNING,
        server=schedule.server,
        title=title,
        cause=cause,
        hint=hint,
        command=command,
        since=min(since, standing.now),
        covered_by=covering,
        is_repeated=schedule.rule is not None,
    )


def _why(schedule: ScheduleFacts, server: ServerFacts, standing: Standing) -> tuple[str, str, str]:
    """Return cause, hint and command."""
    name, of = schedule.name, f"--server {schedule.server}"
    if not server.is_configured:
        return (
            f"server {schedule.server} was taken out of the configuration, and nothing backs it up any more",
            "Where that was meant, nothing is to be done. Otherwise put its [servers] table back and reload.",
            "octeth-backupctl config show",
        )
    if schedule.rule is None:
        return (
            f"the schedule {name} was taken out of the configuration on {moment_words(schedule.known_since)}",
            f"Where that was meant, nothing is to be done. Otherwise put [schedules] {name} back and reload.",
            "octeth-backupctl schedules",
        )
    if schedule.paused_at is not None:
        by = f" by {schedule.paused_by}" if schedule.paused_by else ""
        return (
            f"the schedule {name} is paused{by} since {moment_words(schedule.paused_at)}",
            "Resume it when what it was paused for is over.",
            f"octeth-backupctl resume {of} --schedule {name}",
        )
    if server.restores:
        restore = server.restores[0]
        return (
            f"no backup is made until restore {restore.restore_id} is over, which waits in state {restore.state}",
            "See what stands against the restore.",
            f"octeth-backupctl runs --server {schedule.server}",
        )
    failed = next((one for one in server.series if one.operation is Operation.BACKUP), None)
    if failed is not None and not failed.last.status.made_good_backup:
        told = failed.failure or failed.last
        before = "" if failed.failure is None else f". Before that it failed: {told.error}"
        return (
            f"{count_words(failed.without_backup, 'run')} did not leave a good backup, the last one: "
            f"{failed.last.error}{before}",
            told.hint or "Look at the run.",
            f"octeth-backupctl watch {told.run_id}",
        )
    if (doubted := _doubted(schedule, server, standing)) is not None:
        return (
            f"backup {doubted.backup_id} is there, but it is doubted: {doubted.reason}",
            "Look at the backup; accept it where it is right, delete it where it is not and take another one.",
            f"octeth-backupctl show {doubted.backup_id}",
        )
    if standing.away is not None and (schedule.last_good is None or schedule.last_good.taken_at < standing.away[1]):
        begin, end = (moment_words(at) for at in standing.away)
        return (
            f"the daemon was not running from about {begin} to {end}",
            "What came due meanwhile is made up for now. Look why it was not running.",
            "journalctl -u octeth-backupd",
        )
    if server.is_backing_up:
        return (
            "a backup is running or queued, and takes longer than the time between two of them leaves for it",
            "Watch it; cancel it where it hangs.",
            "octeth-backupctl status",
        )
    slot = schedule.last_slot
    if slot is not None and slot.state is not SlotState.SERVED:
        state = "still to be made" if slot.state is SlotState.DUE else slot.state.value
        detail = f": {slot.detail}" if slot.detail else ""
        cause = f"the backup due at {moment_words(slot.due_at)} is {state}{detail}"
    else:
        cause = "none has been made in time"
    return cause, "Take one now, and look why the schedule left none.", f"octeth-backupctl backup {of}"


def _doubted(schedule: ScheduleFacts, server: ServerFacts, standing: Standing) -> Hold | None:
    """Return the newest hold about a backup that was made since the last good one, and since the daemon runs."""
    times = [] if schedule.last_good is None else [schedule.last_good.taken_at]
    if standing.away is not None:
        times.append(standing.away[1])
    after = max(times, default=None)
    found = [
        facts.hold
        for facts in server.holds
        if facts.is_anomaly and facts.hold.backup_id and (after is None or facts.hold.begun_at > after)
    ]
    return max(found, key=lambda hold: hold.begun_at, default=None)


def _missed(schedule: ScheduleFacts, covering: frozenset[str]) -> CurrentProblem:
    newest = schedule.missed[-1]
    count = len(schedule.missed)
    times = moment_words(newest.due_at)
    if count > 1:
        times = f"{moment_words(schedule.missed[0].due_at)} to {times}"
    what = f"the {schedule.tier} backup" if count == 1 else f"{count} {schedule.tier} backups"
    return CurrentProblem(
        key=f"missed:{schedule.server}:{schedule.name}",
        kind=NoticeKind.MISSED,
        severity=Severity.WARNING,
        server=schedule.server,
        title=f"{schedule.server}: {what} due at {times} {'was' if count == 1 else 'were'} missed",
        cause=newest.detail,
        hint="The next one comes by its schedule; take one now where you cannot wait for it.",
        command=f"octeth-backupctl backup --server {schedule.server}",
        since=newest.due_at,
        covered_by=covering,
        is_repeated=False,
    )


def _unscheduled(
    server: ServerFacts, standing: Standing, settings: NoticesSettings, causes: frozenset[str]
) -> list[CurrentProblem]:
    """Return that a server without any schedule has no good backup, or an old one: its backups come by hand, or not."""
    if standing.now - standing.watching_since <= FIRST_DAY:
        return []
    good = server.last_good
    if good is not None:
        return _unscheduled_since(good, server, standing, settings, causes)
    return [
        CurrentProblem(
            key=f"{overdue_subjects(server.name)}any/{LATE}",
            kind=NoticeKind.OVERDUE,
            severity=Severity.ERROR,
            server=server.name,
            title=f"{server.name}: there is no good backup, and none is scheduled",
            cause="[schedules] names no rule, and none was made by hand",
            hint="Set [schedules] daily and reload, or take one now.",
            command=f"octeth-backupctl backup --server {server.name}",
            since=standing.watching_since,
            covered_by=causes,
        )
    ]


def _unscheduled_since(
    good: GoodBackup, server: ServerFacts, standing: Standing, settings: NoticesSettings, causes: frozenset[str]
) -> list[CurrentProblem]:
    age = standing.now - good.taken_at
    limit_seconds = settings.overdue_after_seconds.of(Tier.DAILY)
    if age <= (FIRST_DAY if limit_seconds is None else timedelta(seconds=limit_seconds)):
        return []
    return [
        CurrentProblem(
            key=f"{overdue_subjects(server.name)}any/{UNSCHEDULED}",
            kind=NoticeKind.OVERDUE,
            severity=Severity.ERROR,
            server=server.name,
            title=f"{server.name}: no good backup for {duration_words(age.total_seconds())}, and none is scheduled",
            cause="[schedules] names no rule, and none was made by hand since. "
            f"The last good one is {good.backup_id} of {moment_words(good.taken_at)}",
            hint="Set [schedules] daily and reload, or take one now; where backups are made by hand less often, set "
            "[notices.overdue_after_seconds] daily.",
            command=f"octeth-backupctl backup --server {server.name}",
            since=good.taken_at,
            covered_by=causes,
            is_repeated=False,
        )
    ]
