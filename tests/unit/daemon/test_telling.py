"""The parts that tell, put together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from structlog.testing import capture_logs

from octeth_backupd.daemon.notice_watch import TOLD_RUNS
from octeth_backupd.daemon.telling import Telling
from octeth_backupd.domain.backup import RunStatus
from octeth_backupd.domain.events import RunFinished, StepStarted
from octeth_backupd.domain.notices.notice import NoticeKind
from octeth_backupd.domain.notices.settings import NoticesSettings
from octeth_backupd.notifiers.settings import NotifierSettings
from tests.fakes.catalog_values import START
from tests.fakes.notifier import FakeNotifier
from tests.fakes.runs import a_run

if TYPE_CHECKING:
    from octeth_backupd.domain.backup import Run
    from tests.fakes.bench import Bench

MAIL = NotifierSettings.model_validate({"kind": "email", "host": "h", "sender": "a@b.c", "recipients": ["d@e.f"]})


def telling(bench: Bench, mail: FakeNotifier, settings: dict[str, NotifierSettings] | None = None) -> Telling:
    return Telling(
        catalog=bench.catalog,
        clock=bench.clock,
        settings=lambda: {"mail": MAIL} if settings is None else settings,
        limits=NoticesSettings,
        active=lambda: (),
        parts=bench.parts,
        definitions=lambda: (),
        notifiers={"mail": mail},
        redact=lambda text: text.replace("canary", "***"),
    )


def failed(**fields: Any) -> Run:
    return replace(a_run(), status=RunStatus.FAILED, started_at=START, finished_at=START, **fields)


def test_what_happens_on_the_bus_arrives_redacted(bench: Bench) -> None:
    mail, run = FakeNotifier(), failed(error="canary")
    bench.catalog.set_meta(TOLD_RUNS, "[]")
    one = telling(bench, mail)
    one.subscribe(bench.bus)
    one.start()

    bench.catalog.add_run(run)
    bench.bus.publish(StepStarted(run_id=run.run_id, server="oempro", at=START, step="backup"))
    bench.bus.publish(RunFinished(run_id=run.run_id, server="oempro", at=START, run=run))
    one.stop()

    [notice] = mail.sent
    assert (notice.fact("error"), notice.fact("step")) == ("***", "backup")


def test_each_notifier_is_told_by_its_own_settings(bench: Bench) -> None:
    ping = NotifierSettings.model_validate({"kind": "healthchecks", "url": "https://hc.example.org/ping/1"})
    one = Telling(
        catalog=bench.catalog,
        clock=bench.clock,
        settings=lambda: {"mail": MAIL, "ping": ping},
        limits=NoticesSettings,
        active=lambda: (),
        parts=bench.parts,
        definitions=lambda: (),
        notifiers={},
        redact=str,
    )
    bench.catalog.set_meta(TOLD_RUNS, "[]")
    bench.catalog.add_run(failed(error="no"))

    one.watch.look()

    told = {name: bench.catalog.notices.waiting(name)[0].notice.kind for name in ("mail", "ping")}
    assert told == {"mail": NoticeKind.FAILURE, "ping": NoticeKind.FAILURE}
    assert [problem.title for problem in one.services.problems()] == ["oempro: backup fails"]


def test_that_nobody_is_told_is_said_at_the_start_and_after_a_reload(bench: Bench) -> None:
    told = {"mail": MAIL}
    one = telling(bench, FakeNotifier(), told)

    with capture_logs() as logs:
        one.start()
        told.clear()
        one.change({}, redact=str)
        one.stop()

    assert [line["log_level"] for line in logs if line["event"] == "notifiers.none"] == ["warning"]


def test_threads_that_are_not_there_are_seen(bench: Bench) -> None:
    one = telling(bench, FakeNotifier())
    before = one.is_alive()
    one.start()
    during = one.is_alive()
    one.stop()

    assert (before, during, one.is_alive()) == (False, True, False)
