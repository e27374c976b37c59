"""``status``: what it asks the daemon, and that everything of the documents comes to the screen."""

import json
from datetime import timedelta

from octeth_backupd.control.retention_services import RetentionStatus
from octeth_backupd.domain.backup import CopyState, Operation, RunStatus, Tier
from octeth_backupd.domain.events import StepProgress
from octeth_backupd.domain.figures import StoredCopies
from octeth_backupd.domain.holdings import Hold
from octeth_backupd.domain.notices.current import CurrentProblem
from octeth_backupd.domain.notices.notice import NoticeKind, Severity
from octeth_backupd.domain.restore.machine import State
from octeth_backupd.domain.upload_status import StorageUploads
from tests.fakes.restores import make_journal
from tests.fakes.services import GIB, NOW, FakeServices, make_run
from tests.fakes.terminal import FakeConnection, run_command


def shown(services: FakeServices, *argv: str) -> str:
    return run_command(FakeConnection(services), *argv)[1].shown


def words(services: FakeServices) -> str:
    return " ".join(shown(services, "status").split())


def test_status_tells_what_an_operator_looks_for() -> None:
    services = FakeServices(
        runs=[
            make_run("run-3", status=RunStatus.QUEUED),
            make_run("run-2", status=RunStatus.RUNNING, step="archive", finished_at=None),
            make_run("run-1", status=RunStatus.FAILED, error="the disk is full"),
        ]
    )
    services.configuration_error = "servers.oempro.user: missing"
    services.warnings = ("/var is 84 % full",)
    services.current_progress = StepProgress(
        run_id="run-2",
        server="oempro",
        at=NOW,
        step="archive",
        done_bytes=GIB,
        total_bytes=4 * GIB,
        rate_bytes_per_second=200e6,
    )
    services.stored = [
        StoredCopies(storage="local", tier=Tier.DAILY, state=CopyState.PRESENT, copies=7, size_bytes=7 * GIB)
    ]
    services.uploads = [
        StorageUploads(storage="s3", configured=True, pending_copies=1, pending_bytes=GIB, pending_since=NOW)
    ]

    text = words(services)

    assert text.startswith("2 warnings; newest good backup 60 min ago")
    assert "! the last reload was refused: servers.oempro.user: missing" in text
    assert "! /var is 84 % full" in text
    assert "last good 60 min ago, verified, 1.0 GiB in local oempro-2026-11-22_02-00-00" in text
    assert "last run backup: failed, " in text
    assert "the disk is full" in text
    assert "now backup, step archive, for " in text
    assert "run run-2 1.0 GiB of 4.0 GiB (25 %), 190.7 MiB/s, 16 s left" in text
    assert "queued run-3" in text
    assert "local 7 (7.0 GiB)" in text
    assert "uploads s3 1 copy not there yet, 1.0 GiB" in text


def test_a_problem_is_told_first_with_what_to_do() -> None:
    services = FakeServices()
    services.problems = (
        CurrentProblem(
            key="disk:/var/next",
            kind=NoticeKind.DISK,
            severity=Severity.ERROR,
            title="/var: the next backup does not fit",
            hint="Make room.",
            command="octeth-backupctl retention",
            since=NOW,
        ),
    )

    text = words(services)

    assert text.startswith("1 problem; newest good backup 60 min ago ✗ /var: the next backup does not fit since ")
    assert "do Make room. command octeth-backupctl retention oempro (container)" in text


def test_status_without_backups_says_how_to_take_one() -> None:
    text = words(FakeServices(backups=[], runs=[]))

    assert text.startswith("nothing is wrong, but there is no good backup yet of oempro")
    assert "last good none yet; take one now: octeth-backupctl backup --server oempro" in text
    assert "last run" not in text


def test_a_safety_copy_is_shown_with_its_size_its_place_and_its_end() -> None:
    services = FakeServices()
    services.journals = [make_journal()]

    text = words(services)

    assert "safety copy 5.0 GiB until Wed 2026-11-25 " in text
    assert "data from before 20261122t090000-restore-1a2b /srv/oempro/.octeth-backupd-" in text


def test_a_restore_that_is_not_finished_is_shown_with_its_state() -> None:
    services = FakeServices()
    services.journals = [make_journal(state=State.SWAPPING)]

    text = words(services)

    assert "restore 20261122t090000-restore-1a2b is not finished: swapping since Sun 2026-11-22 " in text
    assert "safety copy" not in text


def test_what_the_restore_of_a_server_left_that_is_not_configured_any_more_is_shown() -> None:
    services = FakeServices()
    services.journals = [make_journal(server="gone", state=State.ROLLED_BACK)]

    text = words(services)

    assert "gone (not configured) safety copy 5.0 GiB " in text
    assert "data that did not pass in " in text


def test_json_is_the_daemons_document_with_the_restores() -> None:
    services = FakeServices()
    services.journals = [make_journal()]

    document = json.loads(shown(services, "status", "--json"))

    assert [one["server"] for one in document["restores"]] == ["oempro"]
    assert document["servers"][0]["name"] == "oempro"
    assert document["servers"][0]["last_good_backup"]["proof"] == "L2"


def test_holds_and_what_retention_waits_for_are_shown() -> None:
    services = FakeServices()
    hold = Hold(hold_id=1, server="oempro", reason="only 20 %", backup_id="b", protected=("a", "b"), begun_at=NOW)
    services.retention_status = RetentionStatus(waits_for="nothing expires: counts changed", holds=(hold,))

    text = words(services)

    assert "! retention waits: nothing expires: counts changed" in text
    assert "retention waits, see above held: 2 backups, only 20 % (b)" in text


def test_last_retention_is_shown_with_what_it_did() -> None:
    services = FakeServices()
    finished_at = NOW + timedelta(hours=1)
    run = make_run("r", operation=Operation.RETENTION, detail={"outcome": "2 copies expired"}, finished_at=finished_at)
    services.retention_status = RetentionStatus(last_run=run)

    assert "ago: 2 copies expired" in words(services)
    assert "retention not held stored" in words(FakeServices())
