"""Every way in which a run can end: exactly one notice for each notifier, with cause and hint, and the right ping."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from octeth_backupd import errors
from octeth_backupd.domain.backup import Operation, RunStatus
from octeth_backupd.domain.notices.notice import NoticeKind, notice_json
from octeth_backupd.domain.restore.journal import Journal
from octeth_backupd.domain.restore.machine import State
from octeth_backupd.errors import BackupdError
from octeth_backupd.pipeline.result import RunResult
from octeth_backupd.pipeline.step_runner import StepRunner
from tests.fakes.catalog_values import make_run
from tests.fakes.installation import INSTALLATION
from tests.fakes.notice_bench import CHAT, MAIL, PING, NoticeBench

if TYPE_CHECKING:
    from collections.abc import Callable

    from octeth_backupd.domain.notices.notice import Notice
    from octeth_backupd.pipeline.context import RunContext
    from tests.fakes.bench import Bench

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "how-to" / "notifications-what-is-told.md"
HINT = "Do what helps."
LOST_ITS_LINE = "[ERROR] [MY-011825] [Xtrabackup] failed to open file ./oempro/campaigns.ibd"


def _failing(error: BackupdError, step: str = "backup") -> Callable[[NoticeBench], None]:
    def prepare(bench: NoticeBench) -> None:
        bench.failures["oempro"] = (step, error)

    return prepare


def _raising(reason: Callable[[NoticeBench, RunContext], Exception]) -> Callable[[NoticeBench], None]:
    """Let a backup end by something that happens while it goes on."""

    def prepare(bench: NoticeBench) -> None:
        def execute(context: RunContext) -> RunResult:
            with StepRunner(context).step("backup"):
                raise reason(bench, context)

        bench.execute[Operation.BACKUP] = execute

    return prepare


def _cancelled(bench: NoticeBench, context: RunContext) -> Exception:
    bench.coordinator.cancel(context.run.run_id, requested_by="uid 0 (root)")
    return context.cancellation.reason or AssertionError("not cancelled")


def _stopped(bench: NoticeBench, context: RunContext) -> Exception:
    bench.is_stopping = True
    (active,) = bench.coordinator.active()
    active.cancellation.cancel(active.stop_reason)
    return active.stop_reason


def _no_upload(error: str) -> Callable[[NoticeBench], None]:
    def prepare(bench: NoticeBench) -> None:
        bench.upload_error = error

    return prepare


def _suspect(bench: NoticeBench) -> None:
    bench.suspicion = "the archive has 40 % of what the last good one leads to expect"


def _not_all_expired(bench: NoticeBench) -> None:
    bench.degraded = ["retention: oempro-2026-11-01_02-00-00 could not be deleted: permission denied"]


def _held(bench: NoticeBench) -> None:
    bench.holder = "restore 20261122-235900-aaaaaa holds the server"


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a scheduled backup ends, and what is told of it.

    Attributes:
        cause: What the notice must say of why.
        pings: What the dead-man switch is told, in order.
    """

    prepare: Callable[[NoticeBench], None] = lambda _bench: None
    mail: NoticeKind | None = NoticeKind.FAILURE
    chat: NoticeKind | None = None
    cause: str = ""
    hint: str = HINT
    pings: tuple[NoticeKind, ...] = (NoticeKind.START, NoticeKind.FAILURE)
    status: RunStatus = RunStatus.FAILED


def _error(kind: type[BackupdError], message: str, step: str = "backup") -> Ending:
    return Ending(prepare=_failing(kind(message, hint=HINT), step), cause=message)


ENDINGS = {
    "success": Ending(
        mail=None, chat=NoticeKind.SUCCESS, hint="",
        pings=(NoticeKind.START, NoticeKind.SUCCESS), status=RunStatus.SUCCESS,
    ),
    "suspect": Ending(
        prepare=_suspect, mail=NoticeKind.ANOMALY, cause="40 %", hint="accept it where it is right",
        pings=(NoticeKind.START, NoticeKind.SUCCESS), status=RunStatus.SUCCESS,
    ),
    "degraded, not uploaded": Ending(
        prepare=_no_upload("s3://b: nothing listens at https://s3.example.org"), mail=NoticeKind.DEGRADED,
        cause="nothing listens", hint="tried again",
        pings=(NoticeKind.START, NoticeKind.DEGRADED), status=RunStatus.DEGRADED,
    ),
    "degraded, access refused": Ending(
        prepare=_no_upload("s3://b: access denied (PutObject)"), mail=NoticeKind.CREDENTIALS,
        cause="access denied", hint="Correct the credentials",
        pings=(NoticeKind.START, NoticeKind.DEGRADED), status=RunStatus.DEGRADED,
    ),
    "degraded, certificate": Ending(
        prepare=_no_upload("s3://b: no trusted connection to https://s3.example.org: certificate has expired"),
        mail=NoticeKind.CREDENTIALS, cause="certificate has expired", hint="Correct ca_bundle",
        pings=(NoticeKind.START, NoticeKind.DEGRADED), status=RunStatus.DEGRADED,
    ),
    "degraded, otherwise": Ending(
        prepare=_not_all_expired, mail=NoticeKind.DEGRADED, cause="permission denied", hint="",
        pings=(NoticeKind.START, NoticeKind.DEGRADED), status=RunStatus.DEGRADED,
    ),
    "preflight": _error(errors.PreflightError, "space: 3.0 GiB too little on /var/backups", "preflight"),
    "missing program": _error(errors.PreflightError, "programs: xtrabackup is not installed", "preflight"),
    "hook": _error(errors.HookError, "/usr/local/sbin/flush ended with exit code 1", "hook before_backup"),
    "server": _error(errors.ServerError, "the server refused: SELECT 1"),
    "server away": _error(errors.ServerUnreachableError, "container oempro_mysql has stopped"),
    "login refused": _error(errors.LoginRefusedError, "the server at 127.0.0.1 refused user 'root'"),
    "other server": _error(errors.IdentityError, "the files are not this server's"),
    "docker": _error(errors.DockerError, "the Docker engine does not answer"),
    "program": _error(errors.ProgramError, "xtrabackup ended with exit code 1"),
    "program too long": _error(errors.ProgramTimeoutError, "xtrabackup ran longer than 7200 s"),
    "engine": _error(errors.EngineError, 'the log does not end with "completed OK!"', "prepare"),
    "metadata": _error(errors.MetadataError, "xtrabackup_checkpoints has no to_lsn line"),
    "disk filled": _error(errors.SpaceError, "the file system of /var/backups has 900.0 MiB left"),
    "local disk": _error(errors.StorageError, "/var/backups: input/output error", "store"),
    "verification": _error(errors.VerificationError, "3 tablespaces are not in the archive", "verify"),
    "catalog": _error(errors.CatalogError, "the catalog is locked by another program", "record"),
    "configuration": _error(errors.ConfigurationError, "the option --target-dir is not allowed", "preflight"),
    "defect": Ending(
        prepare=_raising(lambda _bench, _context: ZeroDivisionError("division by zero")),
        cause="internal error: ZeroDivisionError", hint="journalctl -u octeth-backupd",
    ),
    "cancelled": Ending(
        prepare=_raising(_cancelled), cause="uid 0 (root)", hint="", status=RunStatus.CANCELLED
    ),
    "daemon stopped": Ending(prepare=_raising(_stopped), cause="stop", hint="", status=RunStatus.INTERRUPTED),
    "put off": Ending(
        prepare=_held, mail=NoticeKind.MISSED, cause="holds the server", hint="",
        pings=(), status=RunStatus.SKIPPED,
    ),
}  # fmt: skip
"""The rows of the table in the page that operators read, and what each is checked for."""


@pytest.fixture
def daemon(bench: Bench) -> NoticeBench:
    """A daemon that was started, at 02:00; the next backup is due in a day."""
    daemon = NoticeBench(bench, rules=(MAIL, CHAT, PING))
    daemon.start()
    return daemon


def _next_slot(daemon: NoticeBench) -> None:
    daemon.clock.go(timedelta(days=1).total_seconds())
    daemon.look()


def _said(notice: Notice) -> str:
    return "\n".join([notice.title, notice.text, *(value for _, value in notice.facts)])


@pytest.mark.parametrize("name", ENDINGS)
def test_each_ending_is_told_once_with_cause_and_hint_and_by_the_right_ping(daemon: NoticeBench, name: str) -> None:
    ending = ENDINGS[name]
    ending.prepare(daemon)

    _next_slot(daemon)

    run = daemon.catalog.standing.ended_runs(limit=1)[0]
    mails, chats, pings = daemon.told("mail"), daemon.told("chat"), daemon.told("ping")
    assert run.status is ending.status
    assert [mail.kind for mail in mails] == ([] if ending.mail is None else [ending.mail])
    assert [chat.kind for chat in chats] == [ending.chat or ending.mail]
    assert tuple(ping.kind for ping in pings) == ending.pings
    assert all(ending.cause in _said(notice) and ending.hint in _said(notice) for notice in mails)
    assert _told_after_another_start(daemon) == []


def _told_after_another_start(daemon: NoticeBench) -> list[Notice]:
    daemon.watch.look()
    daemon.watch = daemon.another_watch()
    daemon.watch.look()
    daemon.deliver()
    return [notice for name in daemon.notifiers for notice in daemon.told(name)]


def test_a_failure_carries_the_engines_own_lines(daemon: NoticeBench) -> None:
    daemon.output = ("copying ./ibdata1", LOST_ITS_LINE)
    daemon.failures["oempro"] = ("backup", errors.ProgramError("xtrabackup ended with exit code 1", hint=HINT))

    _next_slot(daemon)

    (mail,) = daemon.told("mail")
    assert LOST_ITS_LINE in mail.log_tail
    assert mail.fact("step") == "backup"
    assert mail.fact("command")


def test_a_run_that_a_crash_left_is_told_at_the_next_start(daemon: NoticeBench) -> None:
    run = replace(make_run(created_at=daemon.clock.now()), status=RunStatus.RUNNING, started_at=daemon.clock.now())
    daemon.catalog.add_run(run)
    daemon.watch.look()
    daemon.catalog.update_run(
        run.run_id, status=RunStatus.INTERRUPTED, finished_at=daemon.clock.now(), error="the daemon ended", hint=HINT
    )

    daemon.start()

    assert daemon.said("mail") == ["failure: oempro: backup was interrupted: the daemon ended"]
    assert [notice.kind for notice in daemon.told("ping")] == [NoticeKind.FAILURE]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (None, "restore: oempro: restore succeeded"),
        (
            errors.RestoreError("the gate failed; the server runs on the data from before", hint=HINT),
            "restore: oempro: restore failed: the gate failed; the server runs on the data from before",
        ),
        (
            errors.RestoreRefusedError("the archive has no checksum", hint=HINT),
            "restore: oempro: restore failed: the archive has no checksum",
        ),
    ],
)
def test_a_restore_is_told_when_it_begins_and_when_it_ends(
    daemon: NoticeBench, error: BackupdError | None, said: str
) -> None:
    def execute(_context: RunContext) -> RunResult:
        if error is not None:
            raise error
        return RunResult()

    daemon.execute[Operation.RESTORE] = execute

    daemon.order(Operation.RESTORE, backup_id="oempro-2026-11-22_02-00-00")

    assert daemon.said("mail") == ["restore: oempro: restore started", said]
    assert daemon.told("ping") == []


def test_a_restore_that_cannot_be_finished_is_told_once_while_it_is_tried_again(daemon: NoticeBench) -> None:
    now = daemon.clock.now()
    journal = Journal(restore_id="r1", installation_id=INSTALLATION, server="oempro", created_at=now)
    daemon.parts().journals.write(journal.moved_to(State.STARTING, now))

    def execute(_context: RunContext) -> RunResult:
        daemon.watch.look()  # as the begin of the run lets it
        raise errors.DockerError("the Docker engine does not answer", hint=HINT)

    daemon.execute[Operation.RESOLVE] = execute
    for _ in range(5):
        daemon.order(Operation.RESOLVE)
        daemon.clock.go(900)

    assert [notice.kind for notice in daemon.told("mail")] == [NoticeKind.RESTORE]
    assert len(daemon.catalog.notices.problems()) == 1


def test_a_page_tells_operators_of_every_error_that_can_end_a_run() -> None:
    codes = {kind.code for kind in _tree(BackupdError)}
    at_the_socket_only = {"invalid_request", "not_found", "ambiguous_id", "permission_denied", "busy", "notify"}

    text = PAGE.read_text()

    missing = {code for code in codes - at_the_socket_only if f"`{code}`" not in text}
    assert missing == set()


def test_no_notice_holds_a_secret(daemon: NoticeBench) -> None:
    secrets = ("canary-smtp-password", "canary-webhook-token", "canary-s3-key", "canary-mysql-password")
    daemon.secrets = secrets
    words = " ".join(secrets)
    daemon.output = (f"[ERROR] login as root with {words}",)
    daemon.failures["oempro"] = ("backup", errors.ProgramError(f"exit code 1: {words}", hint=f"Try {words}."))
    _next_slot(daemon)
    daemon.failures.clear()
    daemon.upload_error = f"s3://b: access denied with {words}"
    _next_slot(daemon)
    daemon.clock.go(86400)
    daemon.watch.look()
    daemon.deliver()

    told = "\n".join(notice_json(notice) for name in daemon.notifiers for notice in daemon.told(name))
    problems = "\n".join(problem.title for problem in daemon.catalog.notices.problems())
    assert "access denied" in told
    assert [secret for secret in secrets if secret in told + problems] == []


def _tree(kind: type[BackupdError]) -> set[type[BackupdError]]:
    return {kind}.union(*(_tree(below) for below in kind.__subclasses__()))
