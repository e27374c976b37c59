"""A backup is tried out away from its server, and what that showed is recorded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from octeth_backupd.domain.backup import Origin
from octeth_backupd.domain.restore.journal import Expected
from octeth_backupd.domain.restore.order import VerifyOrder
from octeth_backupd.domain.restore.plan import Refusal
from octeth_backupd.errors import RestoreRefusedError, VerificationError
from octeth_backupd.pipeline.backup import back_up
from octeth_backupd.pipeline.restore import deep_verify as deep_module
from octeth_backupd.pipeline.verify import verify_backup
from tests.fakes.runs import a_run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.bench import Bench

ALL = ("stage", "place", "dress")


class Tried:
    """A backup in the catalog; the server to try it with is played here."""

    def __init__(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bench = bench
        self.error: Exception | None = None
        self.subjects: list[Any] = []
        self.site: Any = SimpleNamespace(
            vendor="mysql",
            version="9.7.4",
            binlog_directory=bench.directory / "elsewhere",
            server_paths={"data": PurePosixPath("/var/lib/mysql")},
            command=("mysqld",),
            container=None,
            log_bin=True,
            owner=None,
        )
        self.refusals: tuple[Refusal, ...] = ()
        result = back_up(bench.context(), bench.parts())
        self.backup_id = result.backup_id or ""
        monkeypatch.setattr(deep_module, "find_site", lambda *_, **__: (self.site, self.refusals))
        monkeypatch.setattr(deep_module, "rehearse", self._rehearse)
        for name in ALL:
            monkeypatch.setattr(deep_module, name, lambda *_, **__: None)

    def _rehearse(self, _context: object, _parts: object, subject: Any, **_: object) -> Any:
        self.subjects.append(subject)
        if self.error is not None:
            raise self.error
        return SimpleNamespace(
            expected=Expected(tables={"shop": 3}),
            version_text="9.7.4",
            checked_tables=3,
            skipped_tables=("shop.large",),
            notes=(),
        )

    def run(self) -> Any:
        self.bench.clock.go(60)
        run = a_run(run_id="20261122-030000-fedcba", backup_id=self.backup_id)
        context = replace(self.bench.context(run), order=VerifyOrder(deep=True))
        return verify_backup(context, self.bench.parts())

    def workspaces(self) -> list[Path]:
        return list(self.bench.workspaces.iterdir())


@pytest.fixture
def tried(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Tried:
    """A good backup."""
    return Tried(bench, monkeypatch)


def test_a_good_backup_is_recorded_as_verified_with_what_was_read(tried: Tried) -> None:
    result = tried.run()

    assert (result.detail["deep"], result.detail["checked_tables"]) == (True, 3)
    assert result.detail["skipped_tables"] == ["shop.large"]
    [copy] = tried.bench.catalog.backup(tried.backup_id).copies
    assert copy.verified_at == tried.bench.clock.now()
    assert tried.workspaces() == []


def test_backup_without_a_manifest_is_tried_like_any_other(tried: Tried, monkeypatch: pytest.MonkeyPatch) -> None:
    backup = tried.bench.catalog.backup(tried.backup_id)
    monkeypatch.setattr(tried.bench.catalog, "backup", lambda _: replace(backup, manifest={}, origin=Origin.LEGACY))

    assert tried.run().detail["deep"] is True


def test_every_table_is_checked_on_binary_logs_of_its_own(tried: Tried) -> None:
    tried.run()

    [subject] = tried.subjects
    assert (subject.deep, subject.databases) == (True, ())
    assert subject.binlog_directory.parent == subject.data_directory.parent


def test_a_backup_that_does_not_start_is_suspect_from_then_on(tried: Tried) -> None:
    tried.error = VerificationError("table shop.orders is corrupt")

    with pytest.raises(VerificationError, match="corrupt"):
        tried.run()

    assert "shop.orders is corrupt" in tried.bench.catalog.backup(tried.backup_id).suspect
    assert tried.workspaces() == []


def test_without_anything_to_try_it_with_nothing_is_recorded(tried: Tried) -> None:
    tried.site = None
    tried.refusals = (Refusal(code="container_absent", message="there is no container", hint="Make it."),)

    with pytest.raises(RestoreRefusedError, match="no container"):
        tried.run()

    assert tried.bench.catalog.backup(tried.backup_id).suspect == ""
