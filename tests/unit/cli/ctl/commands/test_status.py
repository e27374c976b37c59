"""``status``."""

from octeth_backupd.domain.backup import RunStatus
from octeth_backupd.domain.events import StepProgress
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
