"""``status``."""

import json

from octeth_backupd.control.retention_services import RetentionStatus
from octeth_backupd.domain.backup import Operation, RunStatus
from octeth_backupd.domain.events import StepProgress
from octeth_backupd.domain.holdings import Hold
from octeth_backupd.domain.restore.machine import State
from tests.fakes.restores import make_journal
from tests.fakes.services import GIB, NOW, FakeServices, make_run
from tests.fakes.terminal import FakeConnection, run_command


def shown(services: FakeServices, *argv: str) -> str:
    return run_command(FakeConnection(services), *argv)[1].shown


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

    text = shown(services, "status")

    assert "oempro-2026-11-22_02-00-00, taken " in text
    assert "backup failed" in text
    assert "the disk is full" in text
    assert "backup run-2: archive, 1.0 GiB of 4.0 GiB, 190.7 MiB/s, 16 s left" in text
    assert "run-3" in text
    assert "! the last reload was refused: servers.oempro.user: missing" in text
    assert "! /var is 84 % full" in text


def test_status_without_backups_says_none() -> None:
    text = shown(FakeServices(backups=[], runs=[]), "status")

    assert "last good backup  none" in text
    assert "last run          none" in text


def test_a_safety_copy_is_shown_with_its_size_its_place_and_its_end() -> None:
    services = FakeServices()
    services.journals = [make_journal()]

    text = shown(services, "status")

    assert "safety copy       5.0 GiB, data from before 20261122t090000-restore-1a2b, until 2026-11-25 " in text
    assert "\n                    /srv/oempro/.octeth-backupd-20261122t090000-restore-1a2b\n" in text


def test_a_restore_that_is_not_finished_is_shown_with_its_state() -> None:
    services = FakeServices()
    services.journals = [make_journal(state=State.SWAPPING)]

    text = shown(services, "status")

    assert "! restore         20261122t090000-restore-1a2b is not finished: swapping since 2026-11-22 " in text
    assert "safety copy" not in text


def test_what_the_restore_of_a_server_left_that_is_not_configured_any_more_is_shown() -> None:
    services = FakeServices()
    services.journals = [make_journal(server="gone", state=State.ROLLED_BACK)]

    text = shown(services, "status")

    assert "gone (not configured)\n  safety copy  5.0 GiB, data that did not pass in " in text


def test_json_has_the_restores_too() -> None:
    services = FakeServices()
    services.journals = [make_journal()]

    document = json.loads(shown(services, "status", "--json"))

    assert [one["server"] for one in document["restores"]] == ["oempro"]
    assert document["servers"][0]["name"] == "oempro"


def test_holds_and_what_retention_waits_for_are_shown() -> None:
    services = FakeServices()
    hold = Hold(hold_id=1, server="oempro", reason="only 20 %", backup_id="b", protected=("a", "b"), begun_at=NOW)
    services.retention_status = RetentionStatus(waits_for="nothing expires: counts changed", holds=(hold,))

    text = " ".join(shown(services, "status").split())

    assert "! held 2 backups are held since" in text
    assert "only 20 % (b)" in text
    assert "! retention nothing expires: counts changed" in text


def test_last_retention_is_shown_with_what_it_did() -> None:
    services = FakeServices()
    run = make_run("run-7", operation=Operation.RETENTION, detail={"outcome": "2 copies expired"})
    services.retention_status = RetentionStatus(last_run=run)

    assert "2 copies expired" in shown(services, "status")
    assert "retention" not in shown(FakeServices(), "status")
