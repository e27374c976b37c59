"""The disk guard of a running backup."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from octeth_backupd.errors import StorageError
from octeth_backupd.pipeline import inspection
from octeth_backupd.pipeline.guard import disk_guard
from octeth_backupd.process.files import FileSystemSpace

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.fakes.bench import Bench

GIB = 1 << 30


class Disks:
    """File systems whose room a test sets; each place is one of its own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.gone: set[str] = set()
        self.free_bytes: dict[str, int] = {}
        monkeypatch.setattr(inspection, "free_bytes", self._measure)

    def _measure(self, path: Path) -> FileSystemSpace:
        if path.name in self.gone:
            raise StorageError("stale file handle")
        free = self.free_bytes.get(path.name, 500 * GIB)
        used_percent = 100 - free / (10 * GIB)
        return FileSystemSpace(total=1000 * GIB, free=free, used_percent=used_percent, device=hash(path))


def test_nothing_is_said_while_there_is_room(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    Disks(monkeypatch)

    assert disk_guard(bench.parts(), bench.server.surveyed)() is None


def test_a_disk_that_fills_is_a_reason_named_with_its_place(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    disks = Disks(monkeypatch)
    bench.backup_settings["min_free"] = GIB
    look = disk_guard(bench.parts(), bench.server.surveyed)
    disks.free_bytes[".workspace"] = GIB // 2

    reason = look()

    assert reason is not None
    assert str(bench.workspaces) in reason
    assert "512.0 MiB left" in reason


def test_the_servers_own_disk_is_watched_too(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    disks = Disks(monkeypatch)
    bench.backup_settings["min_free"] = GIB
    look = disk_guard(bench.parts(), bench.server.surveyed)
    disks.free_bytes["mysql"] = GIB // 2

    assert "(server)" in (look() or "")


def test_a_file_system_that_cannot_be_measured_any_more_is_a_reason(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    disks = Disks(monkeypatch)
    look = disk_guard(bench.parts(), bench.server.surveyed)
    disks.gone.add("mysql")

    assert look() == "the file system of the server cannot be measured any more"


def test_a_file_system_that_was_never_seen_is_none(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    Disks(monkeypatch)

    look = disk_guard(bench.parts(), replace(bench.server.surveyed, paths=None))

    assert look() is None
