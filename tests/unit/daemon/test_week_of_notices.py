"""Nine days of simulated time with outages of every kind: the whole sequence of what people are told.

Read it as the operator who gets it: nothing twice, nothing that says nothing, nothing that is missing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.daemon import disk_facts
from octeth_backupd.domain.backup import Operation, RunStatus, Tier
from octeth_backupd.domain.notices.decisions import NotifierRules
from octeth_backupd.domain.notices.notice import NoticeKind, Severity
from octeth_backupd.domain.restore.journal import Journal
from octeth_backupd.domain.restore.machine import State
from octeth_backupd.errors import PreflightError, RestoreError
from octeth_backupd.pipeline.result import RunResult
from octeth_backupd.process.files import FileSystemSpace
from tests.fakes.catalog_values import make_run
from tests.fakes.installation import INSTALLATION
from tests.fakes.notice_bench import MAIL, PING, NoticeBench
from tests.unit.scheduling.builders import definition

if TYPE_CHECKING:
    from collections.abc import Callable

    from octeth_backupd.domain.notices.notice import Notice
    from octeth_backupd.pipeline.context import RunContext
    from tests.fakes.bench import Bench

GIB = 1 << 30
DOWN = PreflightError(
    "server_running: container oempro_mysql is stopped", hint="Start it. Run: docker start oempro_mysql"
)
CHAT = NotifierRules(name="chat", on=frozenset({NoticeKind.NOTIFIER}))


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """Return a time; day 0 is Sunday, 22 November 2026."""
    return datetime(2026, 11, 22, hour, minute, tzinfo=UTC) + timedelta(days=day)


class Week:
    """What happens, by the hour."""

    def __init__(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        bench.clock.jump((at(0, 12) - bench.clock.now()).total_seconds())
        daily = [definition(Tier.DAILY, server=server) for server in ("oempro", "shop")]
        self.daemon = NoticeBench(
            bench,
            servers=("oempro", "shop"),
            rules=(MAIL, CHAT, PING),
            definitions=[*daily, definition(Tier.WEEKLY, server="oempro")],
        )
        self.free_bytes = 100 * GIB
        monkeypatch.setattr(disk_facts, "free_bytes", lambda _path: self.space())

    def space(self) -> FileSystemSpace:
        used = 200 * GIB - self.free_bytes
        return FileSystemSpace(total=200 * GIB, free=self.free_bytes, used_percent=100 * used / (200 * GIB), device=1)

    def go(self, day: int, hour: int, minute: int = 0) -> None:
        self.daemon.go(until=at(day, hour, minute))

    def first_days(self) -> None:
        self.daemon.start()
        self.go(1, 10)

    def server_down(self) -> None:
        self.daemon.failures["oempro"] = ("preflight", DOWN)
        self.go(2, 9)
        del self.daemon.failures["oempro"]
        self.go(3, 12)

    def storage_away(self) -> None:
        self.daemon.upload_error = "s3://backups: nothing listens at https://s3.example.org"
        self.go(4, 10)
        self.daemon.upload_error = ""
        self.go(4, 12)

    def daemon_off(self) -> None:
        """Kill it in a backup by hand; start it two days later."""
        run = make_run("20261126-120000-abcdef", self.daemon.clock.now(), requested_by="uid 0 (root)")
        self.daemon.catalog.add_run(replace(run, status=RunStatus.RUNNING, started_at=run.created_at, step="archive"))
        self.daemon.stop()
        self.go(6, 8)
        self.daemon.catalog.update_run(
            run.run_id,
            status=RunStatus.INTERRUPTED,
            finished_at=self.daemon.clock.now(),
            error_code="interrupted",
            error="the daemon ended while the run was going on",
            hint="A scheduled run is started again by itself; repeat a manual one.",
        )
        self.daemon.start()
        self.go(6, 10)

    def disk_full_while_mail_is_away(self) -> None:
        self.daemon.notifiers["mail"].is_away = True
        self.free_bytes = GIB
        self.go(6, 16)
        self.free_bytes = 100 * GIB
        self.go(6, 20)
        self.daemon.notifiers["mail"].is_away = False
        self.go(7, 10)

    def restore_over_a_due_time(self) -> None:
        daemon = self.daemon
        self.go(8, 1)
        daemon.execute[Operation.RESTORE] = self.stuck_restore
        run = daemon.order(Operation.RESTORE, backup_id="oempro-2026-11-29_02-00-00")
        self.go(8, 5)
        daemon.execute[Operation.RESOLVE] = self.resolve(run.run_id)
        daemon.order(Operation.RESOLVE)
        self.go(8, 12)

    def stuck_restore(self, context: RunContext) -> RunResult:
        now = self.daemon.clock.now()
        journal = Journal(restore_id=context.run.run_id, installation_id=INSTALLATION, server="oempro", created_at=now)
        self.daemon.parts().journals.write(journal.moved_to(State.STARTING, now))
        raise RestoreError("Docker does not answer; the server is down", hint="It is tried again.")

    def resolve(self, restore_id: str) -> Callable[[RunContext], RunResult]:
        def execute(_context: RunContext) -> RunResult:
            journals = self.daemon.parts().journals
            journals.write(journals.get(restore_id).moved_to(State.COMMITTED, self.daemon.clock.now()))
            return RunResult(detail={"restore_id": restore_id, "outcome": "the restore is finished"})

        return execute

    def told(self, name: str) -> str:
        """Return what a notifier was sent, one line each."""
        sent = self.daemon.notifiers[name].sent
        lines = (f"{when:%a %H:%M} {notice.kind}: {notice.title}\n" for when, notice in sent)
        return "".join(lines).replace(str(self.daemon.bench.backups), "BACKUPS")

    def pings(self) -> str:
        """Return the pings, one line for each time at which there were some."""
        lines = []
        for when, of_time in groupby(self.daemon.notifiers["ping"].sent, key=lambda one: one[0]):
            notices = sorted((notice for _, notice in of_time), key=lambda notice: notice.server)
            by_server = groupby(notices, key=lambda notice: notice.server)
            words = (" ".join([server, *(notice.kind for notice in group)]) for server, group in by_server)
            lines.append(f"{when:%a %H:%M} {', '.join(words)}\n")
        return "".join(lines)

    def wrong(self) -> list[Notice]:
        """Return the mails about something that is wrong."""
        return [one for _, one in self.daemon.notifiers["mail"].sent if one.severity is not Severity.INFO]

    def clock_jumps(self) -> None:
        self.daemon.clock.jump(timedelta(days=3).total_seconds())
        self.daemon.look()
        self.daemon.clock.jump(-timedelta(days=3).total_seconds())
        self.daemon.look()
        self.go(8, 14)

    def schedule_removed(self) -> None:
        self.daemon.definitions = [one for one in self.daemon.definitions if one.server != "shop"]
        self.daemon.reconcile()
        self.go(9, 12)


@pytest.fixture
def week(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Week:
    """A daemon that is about to be started for the first time."""
    return Week(bench, monkeypatch)


MAILS = """\
Tue 02:00 failure: oempro: backup failed: server_running: container oempro_mysql is stopped
Wed 02:00 recovery: oempro: backups succeed again
Thu 02:00 degraded: oempro: backup is degraded: s3: s3://backups: nothing listens at https://s3.example.org
Thu 12:00 upload: over: s3: 2 copies wait to be uploaded
Sat 08:00 failure: oempro: backup was interrupted: the daemon ended while the run was going on
Sat 08:00 overdue: oempro: no good daily backup for 2 days
Sat 08:00 overdue: shop: no good daily backup for 2 days
Sat 08:00 recovery: oempro: backups succeed again
Sat 08:00 recovery: shop: backups succeed again
Sat 21:00 disk: BACKUPS: the next backup does not fit
Sat 21:00 disk: over: BACKUPS: the next backup does not fit
Mon 01:00 restore: oempro: restore started
Mon 01:00 restore: oempro: restore failed: Docker does not answer; the server is down
Mon 05:00 restore: oempro: end of an interrupted restore succeeded
Tue 04:05 overdue: shop: no good daily backup for 26 h
"""
CHATS = """\
Sat 15:00 notifier: notifier mail does not get through
Sun 00:00 notifier: over: notifier mail does not get through
"""
PINGS = """\
Mon 02:00 oempro start success, shop start success
Tue 02:00 oempro start failure, shop start success
Tue 02:05 oempro start failure
Tue 02:35 oempro start failure
Wed 02:00 oempro start success, shop start success
Thu 02:00 oempro start degraded, shop start degraded
Sat 08:00 oempro failure start success, shop start success
Sun 02:00 oempro start success, shop start success
Mon 02:00 shop start success
Mon 05:00 oempro start success
Thu 12:00 oempro start success, shop start success
Tue 02:00 oempro start success
"""
"""The second last is the clock that jumps three days ahead: what comes due by it is made; then it is Monday again."""


def test_a_week_of_outages_is_told_without_storm_and_without_silence(week: Week) -> None:
    week.first_days()
    week.server_down()
    week.storage_away()
    week.daemon_off()
    week.disk_full_while_mail_is_away()
    week.restore_over_a_due_time()
    week.clock_jumps()
    week.schedule_removed()

    assert week.told("mail") == MAILS
    assert week.told("chat") == CHATS
    assert week.pings() == PINGS
    assert all(notice.fact("hint") or notice.is_end for notice in week.wrong())
