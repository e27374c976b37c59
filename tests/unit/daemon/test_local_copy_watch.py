"""Local copies that go are noticed by the daemon itself, told once, and hold nobody up."""

from __future__ import annotations

import shutil
import threading
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from octeth_backupd.daemon.local_copy_watch import ANSWER_WITHIN, LOOK_AGAIN, LOOK_EVERY, WARNING, LocalCopyWatch
from octeth_backupd.domain.backup import CopyState
from octeth_backupd.errors import StorageError
from tests.fakes.shelf import Shelf

if TYPE_CHECKING:
    from tests.fakes.bench import Bench


@pytest.fixture
def shelf(bench: Bench) -> Shelf:
    return Shelf(bench)


@pytest.fixture
def warnings() -> dict[str, str]:
    return {}


@pytest.fixture
def watch(shelf: Shelf, warnings: dict[str, str]) -> LocalCopyWatch:
    return LocalCopyWatch(clock=shelf.bench.clock, parts=lambda: shelf.parts, warnings=warnings)


def wait() -> None:
    for thread in threading.enumerate():
        if thread.name == "local-copies":
            thread.join(10)


def test_lost_copies_are_one_line_in_the_journal_and_only_once(shelf: Shelf, watch: LocalCopyWatch) -> None:
    for night in shelf.nights(3):
        (shelf.bench.backups / night.copies[0].key).unlink()

    with capture_logs() as logs:
        watch.search()
        watch.search()

    assert [(line["event"], line["log_level"], line["copies"]) for line in logs] == [("copies.gone", "warning", 3)]


def test_vanished_tree_is_said_as_one(shelf: Shelf, watch: LocalCopyWatch) -> None:
    shelf.nights(3)
    shutil.rmtree(shelf.bench.backups)

    with capture_logs() as logs:
        watch.search()
        watch.search()

    [line] = logs
    assert (line["event"], line["log_level"], line["copies"]) == ("copies.all_gone", "error", 3)
    assert "is its disk mounted?" in line["message"]


def test_it_looks_each_hour_and_sooner_while_something_is_lost(shelf: Shelf, watch: LocalCopyWatch) -> None:
    night = shelf.nights(1)[0]
    archive = shelf.bench.backups / night.copies[0].key
    content = archive.read_bytes()
    watch.look()
    wait()
    archive.unlink()

    shelf.bench.clock.go(LOOK_EVERY.total_seconds() - 1)
    watch.look()
    wait()
    assert shelf.state(night) is CopyState.PRESENT
    shelf.bench.clock.go(1)
    watch.look()
    wait()
    assert shelf.state(night) is CopyState.MISSING

    archive.write_bytes(content)
    shelf.bench.clock.go(LOOK_AGAIN.total_seconds())
    watch.look()
    wait()
    assert shelf.state(night) is CopyState.PRESENT


def test_after_a_run_it_looks_however_short_ago_it_did(shelf: Shelf, watch: LocalCopyWatch) -> None:
    night = shelf.nights(1)[0]
    watch.look()
    wait()
    (shelf.bench.backups / night.copies[0].key).unlink()

    watch.look(now=True)
    wait()

    assert shelf.state(night) is CopyState.MISSING


def test_disk_that_does_not_answer_holds_nobody_up_and_is_a_standing_warning(
    shelf: Shelf, watch: LocalCopyWatch, warnings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = threading.Event()
    listed = shelf.bench.storage.list

    def hang(prefix: str = "") -> Any:
        answer.wait(10)
        return listed(prefix)

    shelf.nights(1)
    monkeypatch.setattr(shelf.bench.storage, "list", hang)

    watch.look()
    shelf.bench.clock.go(ANSWER_WITHIN.total_seconds() + 1)
    watch.look()

    assert "has not answered since" in warnings[WARNING]
    answer.set()
    wait()
    assert warnings == {}


def test_disk_that_cannot_be_read_is_a_standing_warning_until_it_can(
    shelf: Shelf, watch: LocalCopyWatch, warnings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(prefix: str = "") -> Any:
        raise StorageError("input/output error")

    shelf.nights(1)
    with monkeypatch.context() as broken, capture_logs() as logs:
        broken.setattr(shelf.bench.storage, "list", fail)
        watch.search()
        watch.search()

    assert "input/output error" in warnings[WARNING]
    assert [line["event"] for line in logs] == ["copies.not_looked_at"]
    watch.search()
    assert warnings == {}
