"""``show``."""

from dataclasses import replace

from octeth_backupd.domain.backup import CopyState
from tests.fakes.services import FakeServices, make_backup
from tests.fakes.terminal import FakeConnection, run_command


def shown(services: FakeServices, *argv: str) -> str:
    return run_command(FakeConnection(services), *argv)[1].shown


def test_show_tells_the_facts_that_a_restore_by_hand_needs() -> None:
    text = shown(FakeServices(), "show", "latest")

    for fact in (
        "123456789",
        "binlog.000042:157",
        "3e11fa47:1-77",
        "mysql 9.4.0",
        "3e11fa47-71ca-11e1-9e33-c80aa9429562",
        "/srv/oempro/mysql",
        "/srv/oempro/binlog",
        "ab" * 32,
        "zstd, level 3",
        "/var/backups/octeth/oempro/weekly/octeth-backup-2026-11-22_02-00-00.tar.zst",
        "✓ completed-ok",
        "! size (warning)",
    ):
        assert fact in text


def test_show_manages_with_an_empty_manifest() -> None:
    text = shown(FakeServices(backups=[make_backup(manifest={}, suspect="size", copies=())]), "show", "latest")

    assert "missing: size" in text or "suspect: size" in text


def test_a_copy_that_is_on_its_way_says_since_when_and_why_it_waits() -> None:
    copy = replace(make_backup().copies[0], storage="s3", state=CopyState.PENDING, detail="connection refused")

    text = shown(FakeServices(backups=[make_backup(copies=(copy,))]), "show", "latest")

    assert "s3  pending, since 2026-11-" in text
    assert ", connection refused\n" in text
    assert "never read back" not in text
