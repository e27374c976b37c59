"""``show``."""

from octeth_backupd.domain.backup import Origin
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


def test_show_says_that_the_bash_tool_made_an_adopted_archive() -> None:
    adopted = make_backup(manifest={}, origin=Origin.LEGACY, engine="", engine_version="", data_bytes=0, run_id="")

    text = shown(FakeServices(backups=[adopted]), "show", "latest")

    assert "the bash tool" in text
    assert "unknown" in text
    assert "took" not in text
