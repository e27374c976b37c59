"""Who is told of a run's beginning and end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from octeth_backupd.daemon.delivery import NoticeDelivery
from octeth_backupd.daemon.run_notices import RunNotices
from octeth_backupd.daemon.run_traces import RunTraces
from octeth_backupd.domain.backup import RunStatus
from octeth_backupd.domain.events import ProgramOutput, RunFinished, RunStarted, StepStarted
from octeth_backupd.domain.notices.notice import NoticeKind
from octeth_backupd.notifiers.settings import NotifierSettings
from tests.fakes.catalog_values import START, make_backup
from tests.fakes.notifier import FakeNotifier
from tests.fakes.runs import a_run

if TYPE_CHECKING:
    from octeth_backupd.domain.backup import Run
    from tests.fakes.bench import Bench

SETTINGS = {
    "ping": NotifierSettings.model_validate({"kind": "healthchecks", "url": "https://h.example.com/0123456789ab"}),
    "mail": NotifierSettings.model_validate(
        {"kind": "email", "host": "h", "sender": "a@b.c", "recipients": ["d@e.f"], "on": ["failure"]}
    ),
}


def follow(bench: Bench, *events: Any) -> None:
    traces = RunTraces()
    delivery = NoticeDelivery(
        outbox=bench.catalog.notices, clock=bench.clock, notifiers={name: FakeNotifier() for name in SETTINGS}
    )
    notices = RunNotices(catalog=bench.catalog, traces=traces, delivery=delivery, settings=lambda: SETTINGS)
    for event in events:
        traces.follow(event)
        notices.follow(event)


def ended(status: RunStatus, **fields: Any) -> Run:
    return replace(a_run(), status=status, started_at=START, finished_at=START + timedelta(minutes=1), **fields)


def about(run: Run) -> dict[str, Any]:
    return {"run_id": run.run_id, "server": run.server, "at": START}


def test_each_notifier_is_told_what_it_wants_to_know(bench: Bench) -> None:
    run = ended(RunStatus.FAILED, error="no space")

    follow(bench, RunStarted(**about(run), run=run), RunFinished(**about(run), run=run))

    told = [[one.notice.kind for one in bench.catalog.notices.waiting(name)] for name in ("ping", "mail")]
    assert told == [[NoticeKind.START, NoticeKind.FAILURE], [NoticeKind.FAILURE]]


def test_the_end_carries_what_was_seen_of_the_run(bench: Bench) -> None:
    run = ended(RunStatus.FAILED)

    follow(
        bench,
        StepStarted(**about(run), step="backup"),
        ProgramOutput(**about(run), program="xtrabackup", line="xtrabackup: error: no space"),
        RunFinished(**about(run), run=run),
    )

    [delivery] = bench.catalog.notices.waiting("mail")
    assert delivery.notice.fact("step") == "backup"
    assert delivery.notice.log_tail == ("xtrabackup: error: no space",)


def test_a_success_carries_the_size_of_the_backup_where_it_is_known(bench: Bench) -> None:
    backup = make_backup()
    bench.catalog.add_backup(backup)
    known, unknown = (ended(RunStatus.SUCCESS, backup_id=one) for one in (backup.backup_id, "unknown"))

    follow(bench, RunFinished(**about(known), run=known), RunFinished(**about(unknown), run=unknown))

    sizes = [one.notice.fact("archive_bytes") for one in bench.catalog.notices.waiting("ping")]
    assert sizes == ["2000", ""]
