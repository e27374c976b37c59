"""Room, asked without being held up."""

from __future__ import annotations

import threading
from pathlib import Path

from octeth_backupd.daemon.room import Room
from octeth_backupd.errors import StorageError
from octeth_backupd.process.files import FileSystemSpace

SPACE = FileSystemSpace(total=100, free=40, used_percent=60.0, device=1)


def test_room_is_told_by_what_a_place_is_for(tmp_path: Path) -> None:
    [found] = Room().of({"backups": tmp_path})

    assert found.place == "backups"
    assert 0 < found.free_bytes <= found.size_bytes


def test_a_place_that_cannot_be_asked_is_left_out() -> None:
    def measure(path: Path) -> FileSystemSpace:
        if path.name == "lost":
            raise StorageError("stale file handle")
        return SPACE

    found = Room(measure).of({"backups": Path("/lost"), "state": Path("/state")})

    assert [(one.place, one.free_bytes, one.size_bytes) for one in found] == [("state", 40, 100)]


def test_a_mount_that_does_not_answer_holds_nobody_up_and_is_asked_by_one_thread_alone() -> None:
    answers = threading.Event()
    asked: list[Path] = []

    def measure(path: Path) -> FileSystemSpace:
        asked.append(path)
        answers.wait(20)
        return SPACE

    room = Room(measure, answer_seconds=0.05)
    places = {"backups": Path("/hangs")}

    assert [room.of(places) for _ in range(5)] == [()] * 5
    assert len(asked) == 1
    answers.set()
    for thread in threading.enumerate():
        if thread.name == "room":
            thread.join(20)

    assert len(room.of(places)) == 1
    assert len(asked) == 2


def test_a_mount_that_does_not_answer_is_known_and_takes_no_figures_from_the_others() -> None:
    answers = threading.Event()

    def measure(path: Path) -> FileSystemSpace:
        if path.name == "hangs":
            answers.wait(20)
        return SPACE

    found = Room(measure, answer_seconds=0.2).ask([Path("/hangs"), Path("/state")])
    answers.set()

    assert found.silent == {Path("/hangs")}
    assert found.spaces == {Path("/state"): SPACE}
