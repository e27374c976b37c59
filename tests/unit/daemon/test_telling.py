"""The parts that tell, put together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from octeth_backupd.daemon.telling import Telling
from octeth_backupd.domain.backup import RunStatus
from octeth_backupd.domain.events import RunFinished, StepStarted
from octeth_backupd.notifiers.settings import NotifierSettings
from tests.fakes.catalog_values import START
from tests.fakes.notifier import FakeNotifier
from tests.fakes.runs import a_run

if TYPE_CHECKING:
    from octeth_backupd.domain.backup import Run
    from tests.fakes.bench import Bench

MAIL = NotifierSettings.model_validate({"kind": "email", "host": "h", "sender": "a@b.c", "recipients": ["d@e.f"]})


def telling(bench: Bench, mail: FakeNotifier) -> Telling:
    return Telling(
        catalog=bench.catalog,
        clock=bench.clock,
        settings=lambda: {"mail": MAIL},
        notifiers={"mail": mail},
        redact=lambda text: text.replace("canary", "***"),
    )


def failed(**fields: Any) -> Run:
    return replace(a_run(), status=RunStatus.FAILED, started_at=START, finished_at=START, **fields)


def test_what_happens_on_the_bus_arrives_redacted(bench: Bench) -> None:
    mail, run = FakeNotifier(), failed(error="canary")
    one = telling(bench, mail)
    one.subscribe(bench.bus)
    one.delivery.start()

    bench.bus.publish(StepStarted(run_id=run.run_id, server="oempro", at=START, step="backup"))
    bench.bus.publish(RunFinished(run_id=run.run_id, server="oempro", at=START, run=run))
    one.stop()

    [notice] = mail.sent
    assert (notice.fact("error"), notice.fact("step")) == ("***", "backup")


def test_runs_that_a_crash_left_are_told_as_they_are_in_the_catalog(bench: Bench) -> None:
    run = a_run()
    bench.catalog.add_run(run)
    bench.catalog.update_run(run.run_id, status=RunStatus.INTERRUPTED, started_at=START, finished_at=START)

    telling(bench, FakeNotifier()).left_by_a_crash([run])

    [delivery] = bench.catalog.notices.waiting("mail")
    assert "was interrupted" in delivery.notice.title
