"""pipeline.restore.entries_swap: what test_swapping does not provoke, because somebody else must have been there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.restore.swap import SwapMethod
from octeth_backupd.errors import RestoreError, StorageError
from octeth_backupd.pipeline.restore.entries_swap import is_half_done, is_in, move_back, move_in
from tests.environment.sudden_death import is_killed
from tests.fakes.swap_directories import OLD, SwapDirectories

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def directories(tmp_path: Path) -> SwapDirectories:
    return SwapDirectories(tmp_path, SwapMethod.ENTRIES)


def _kill_half_way(directories: SwapDirectories) -> None:
    assert is_killed(lambda: move_in(directories.swap), before=8)


def test_swap_is_half_done_only_in_between(directories: SwapDirectories) -> None:
    swap = directories.swap

    assert (is_in(swap), is_half_done(swap)) == (False, False)
    _kill_half_way(directories)
    assert (is_in(swap), is_half_done(swap)) == (False, True)
    move_in(swap)
    assert (is_in(swap), is_half_done(swap)) == (True, False)


def test_entry_that_somebody_removed_in_between_does_not_leave_a_restored_one_behind(
    directories: SwapDirectories,
) -> None:
    swap = directories.swap
    assert is_killed(lambda: move_in(swap), before=6)
    assert swap.record.exists()
    (swap.live / "both").unlink()

    move_in(swap)
    move_back(swap)

    assert not (swap.live / "both").exists()
    assert (swap.incoming / "both").exists()


def test_name_that_is_no_text_goes_there_and_back(directories: SwapDirectories) -> None:
    name = b"caf\xe9".decode("utf-8", "surrogateescape")
    (directories.live / name).write_text(OLD)

    move_in(directories.swap)
    assert (directories.swap.aside / name).exists()
    move_back(directories.swap)

    assert (directories.live / name).exists()


def test_nothing_staged_moves_nothing(directories: SwapDirectories, tmp_path: Path) -> None:
    directories.swap.incoming.rename(tmp_path / "elsewhere")

    with pytest.raises(RestoreError, match="nothing is staged"):
        move_in(directories.swap)

    assert (directories.live / "both").read_text() == OLD


def test_files_where_only_the_swap_may_put_some_stop_it_before_it_begins(directories: SwapDirectories) -> None:
    (directories.swap.aside / "stranger").write_text("x")

    with pytest.raises(RestoreError, match="has not begun"):
        move_in(directories.swap)

    assert (directories.live / "both").read_text() == OLD


def test_record_that_cannot_be_read_moves_nothing(directories: SwapDirectories) -> None:
    _kill_half_way(directories)
    directories.swap.record.write_text("{")
    before = sorted(directories.live.iterdir())

    for operation in (move_in, move_back):
        with pytest.raises(RestoreError, match="cannot be read"):
            operation(directories.swap)

    assert sorted(directories.live.iterdir()) == before


def test_name_that_is_taken_is_never_overwritten(directories: SwapDirectories) -> None:
    swap = directories.swap
    move_in(swap)
    (swap.incoming / "both").write_text("stranger")

    with pytest.raises(StorageError, match="exists already"):
        move_back(swap)

    assert (swap.incoming / "both").read_text() == "stranger"
