"""``show``."""

from dataclasses import replace

from octeth_backupd.control.retention_services import BackupHoldings
from octeth_backupd.domain.backup import CopyState, Origin
from octeth_backupd.domain.holdings import Accept, Hold, Pin, Proof, ProofLevel
from tests.fakes.services import NOW, FakeServices, make_backup
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


def test_show_tells_whether_it_is_pinned_held_accepted_and_proven() -> None:
    services = FakeServices()
    of = services.all_backups[0].backup_id
    services.said = BackupHoldings(
        pin=Pin(backup_id=of, note="before the upgrade", pinned_by="uid 0 (root)", pinned_at=NOW),
        holds=(Hold(hold_id=1, server="oempro", reason="only 20 %", backup_id=of, protected=(), begun_at=NOW),),
        proofs=(
            Proof(backup_id=of, level=ProofLevel.STARTED, storage="local", proven_at=NOW, detail="41 tables checked"),
        ),
        accepts=(Accept(backup_id=of, doubt="tiny", note="emptied", accepted_by="uid 0 (root)", accepted_at=NOW),),
    )

    text = " ".join(shown(services, "show", "latest").split())

    assert "by uid 0 (root): before the upgrade" in text
    assert ": only 20 %" in text
    assert "by uid 0 (root): emptied" in text
    assert "proven L3 (local)" in text
    assert ": 41 tables checked" in text


def test_show_of_a_backup_of_which_nothing_is_said_has_no_such_section() -> None:
    assert "kept" not in shown(FakeServices(), "show", "latest").splitlines()


def test_show_says_that_the_bash_tool_made_an_adopted_archive() -> None:
    adopted = make_backup(manifest={}, origin=Origin.LEGACY, engine="", engine_version="", data_bytes=0, run_id="")

    text = shown(FakeServices(backups=[adopted]), "show", "latest")

    assert "the bash tool" in text
    assert "unknown" in text
    assert "took" not in text


def test_a_copy_that_is_on_its_way_says_since_when_and_why_it_waits() -> None:
    copy = replace(make_backup().copies[0], storage="s3", state=CopyState.PENDING, detail="connection refused")

    text = shown(FakeServices(backups=[make_backup(copies=(copy,))]), "show", "latest")

    assert "s3  pending, since 2026-11-" in text
    assert ", connection refused\n" in text
    assert "never read back" not in text
