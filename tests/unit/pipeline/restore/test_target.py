"""Prepared files in a directory of their own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from octeth_backupd.domain.restore.machine import State
from octeth_backupd.domain.restore.order import RestoreOrder
from octeth_backupd.domain.restore.plan import ArchiveFormat, ArchiveSource, Refusal, RestorePlan
from octeth_backupd.errors import RestoreRefusedError, VerificationError
from octeth_backupd.pipeline.restore import refusals as refusals_module
from octeth_backupd.pipeline.restore import target as target_module
from octeth_backupd.pipeline.restore.target import EXTRACT, restore_to_directory

if TYPE_CHECKING:
    from tests.fakes.bench import Bench

ARCHIVE = ArchiveSource(
    storage="local",
    place="/srv/x.tar.zst",
    name="x.tar.zst",
    archive_format=ArchiveFormat.TAR,
    size_bytes=1,
    unpacked_bytes=1,
)


class Laid:
    """A restore into a directory whose unpacking is done, or fails, here."""

    def __init__(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bench = bench
        self.error: Exception | None = None
        self.refusals: tuple[Refusal, ...] = ()
        self.target = bench.directory / "restored" / "here"
        monkeypatch.setattr(refusals_module, "plan_restore", self._plan)
        monkeypatch.setattr(target_module, "stage", self._stage)
        monkeypatch.setattr(target_module, "dress", lambda *_, **__: None)

    def _plan(self, order: RestoreOrder, *_: object, **__: object) -> RestorePlan:
        return RestorePlan(
            server="oempro", backup_id="b", taken_at=None, archive=ARCHIVE, site=None, refusals=self.refusals
        )

    def _stage(self, *_: object, directory: Path, **__: object) -> Any:
        (directory / "ibdata1").write_text("data")
        if self.error is not None:
            raise self.error
        return SimpleNamespace(checksum_confirmed=True)

    def run(self) -> Any:
        context = self.bench.context()
        order = RestoreOrder(target_directory=self.target)
        return restore_to_directory(replace(context, order=order), self.bench.parts(), order)

    def files(self) -> list[str]:
        return sorted(str(path.relative_to(self.target.parent)) for path in self.target.parent.rglob("*"))


@pytest.fixture
def laid(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Laid:
    """A directory that does not exist yet."""
    return Laid(bench, monkeypatch)


def test_the_directory_appears_with_the_files_and_nothing_beside_it(laid: Laid) -> None:
    result = laid.run()

    assert laid.files() == ["here", "here/ibdata1"]
    assert result.detail == {
        "directory": str(laid.target),
        "checksum_confirmed": True,
        "storage": "local",
        "notes": [],
    }
    [journal] = laid.bench.parts().journals.all()
    assert (journal.operation, journal.state, journal.holds_safety_copy) == (EXTRACT, State.COMMITTED, False)


def test_an_empty_directory_is_filled(laid: Laid) -> None:
    laid.target.mkdir(parents=True)

    laid.run()

    assert laid.files() == ["here", "here/ibdata1"]


def test_a_failure_leaves_nothing(laid: Laid) -> None:
    laid.error = VerificationError("cut")

    with pytest.raises(VerificationError, match="cut"):
        laid.run()

    assert laid.files() == []
    assert [journal.state for journal in laid.bench.parts().journals.all()] == [State.ABORTED]


def test_a_refused_plan_touches_nothing(laid: Laid) -> None:
    laid.refusals = (Refusal(code="target_not_empty", message="it is not empty"),)

    with pytest.raises(RestoreRefusedError, match="not empty"):
        laid.run()

    assert not laid.target.parent.exists()
    assert laid.bench.parts().journals.all() == ()
