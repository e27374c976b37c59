"""pipeline.restore.swapping: whatever ends it, one of two complete data sets is a call away."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.restore.swap import Swap, SwapMethod
from octeth_backupd.errors import RestoreError, StorageError
from octeth_backupd.pipeline.restore.swapping import (
    adopt_aside,
    give_back,
    is_swapped,
    make_rooms,
    measured,
    remove_rooms,
    swap_back,
    swap_in,
)
from tests.environment.sudden_death import is_killed
from tests.fakes.swap_directories import NEW, OLD, SwapDirectories

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    Operation = Callable[[Sequence[Swap]], None]

KINDS = [(SwapMethod.EXCHANGE, "data"), (SwapMethod.ENTRIES, "data"), (SwapMethod.ENTRIES, "binlog")]
DIRECTIONS: dict[str, Operation] = {NEW: swap_in, OLD: swap_back}


def _made(root: Path, method: SwapMethod, role: str) -> SwapDirectories:
    return SwapDirectories(root, method, role=role)


def _killed(operation: Operation, swaps: Sequence[Swap], before: int) -> bool:
    return is_killed(lambda: operation(swaps), before=before)


def _roots(tmp_path: Path) -> Iterator[Path]:
    for number in itertools.count():
        root = tmp_path / str(number)
        root.mkdir()
        yield root


@pytest.mark.parametrize(("method", "role"), KINDS)
def test_swap_and_back_and_again_leaves_each_data_set_whole(tmp_path: Path, method: SwapMethod, role: str) -> None:
    directories = _made(tmp_path, method, role)
    swaps = [directories.swap]

    assert (directories.complete(), is_swapped(directories.swap)) == (OLD, False)
    for _ in range(2):
        swap_in(swaps)
        swap_in(swaps)
        assert (directories.complete(), is_swapped(directories.swap)) == (NEW, True)
        directories.let_server_run()
        swap_back(swaps)
        swap_back(swaps)
        assert (directories.complete(), is_swapped(directories.swap)) == (OLD, False)
        directories.let_server_run()


@pytest.mark.parametrize(("method", "role"), KINDS)
@pytest.mark.parametrize("begun", [NEW, OLD])
@pytest.mark.parametrize("final", [NEW, OLD])
def test_kill_before_every_change_leaves_both_ways_open(
    tmp_path: Path, method: SwapMethod, role: str, begun: str, final: str
) -> None:
    for before, root in enumerate(_roots(tmp_path), start=1):
        directories = _made(root, method, role)
        directories.begin(begun)
        swaps = [directories.swap]

        killed = _killed(DIRECTIONS[begun], swaps, before)
        DIRECTIONS[final](swaps)

        assert directories.complete() == final
        assert is_swapped(directories.swap) is (final == NEW)
        if not killed:
            break
    assert before > (2 if method is SwapMethod.EXCHANGE else 12)


@pytest.mark.parametrize(("method", "role"), KINDS)
def test_random_deaths_and_changes_of_mind_never_mix_the_data_sets(
    tmp_path: Path, method: SwapMethod, role: str
) -> None:
    chance = random.Random(20261122)
    directories = _made(tmp_path, method, role)
    swaps = [directories.swap]

    for _ in range(300):
        direction = chance.choice(list(DIRECTIONS))
        if _killed(DIRECTIONS[direction], swaps, chance.randint(1, 25)):
            continue
        assert directories.complete() == direction
        if chance.random() < 0.5:
            directories.let_server_run()

    swap_back(swaps)
    assert directories.complete() == OLD


def test_several_directories_change_together_also_when_killed_between_them(tmp_path: Path) -> None:
    for before in itertools.count(1):
        root = tmp_path / str(before)
        data = _made(root / "data", SwapMethod.EXCHANGE, "data")
        binlog = _made(root / "binlog", SwapMethod.ENTRIES, "binlog")
        swaps = [data.swap, binlog.swap]

        killed = _killed(swap_in, swaps, before)
        swap_back(swaps)

        assert (data.complete(), binlog.complete()) == (OLD, OLD)
        swap_in(swaps)
        assert (data.complete(), binlog.complete()) == (NEW, NEW)
        if not killed:
            break
    assert before > 10


@pytest.mark.parametrize("directory_was_made_meanwhile", [True, False])
def test_absent_data_directory_is_filled_and_absent_again_after_the_way_back(
    tmp_path: Path, directory_was_made_meanwhile: bool
) -> None:
    swap = Swap(role="data", live=tmp_path / "live", room=tmp_path / ".octeth-backupd-x", method=SwapMethod.EXCHANGE)
    make_rooms([swap])
    (swap.incoming / "ibdata1").write_text(NEW)
    swap = measured(swap)
    if directory_was_made_meanwhile:
        swap.live.mkdir()

    swap_in([swap])
    assert (swap.live / "ibdata1").read_text() == NEW
    swap_back([swap])

    assert not swap.live.exists()
    assert (swap.incoming / "ibdata1").read_text() == NEW


def test_data_directory_that_somebody_replaced_is_left_alone(tmp_path: Path) -> None:
    directories = _made(tmp_path, SwapMethod.EXCHANGE, "data")
    directories.live.rename(tmp_path / "elsewhere")
    directories.live.mkdir()
    (directories.live / "precious").write_text("x")

    with pytest.raises(RestoreError, match="not the directory that it was"):
        swap_in([directories.swap])

    assert (directories.live / "precious").exists()


def test_restored_directory_that_somebody_replaced_is_left_alone_too(tmp_path: Path) -> None:
    directories = _made(tmp_path, SwapMethod.EXCHANGE, "data")
    swap_in([directories.swap])
    directories.live.rename(tmp_path / "elsewhere")
    directories.live.mkdir()
    (directories.live / "precious").write_text("x")

    with pytest.raises(RestoreError, match="neither the directory from before"):
        swap_back([directories.swap])

    assert (directories.live / "precious").exists()


def test_swap_that_was_not_measured_is_refused_and_needs_no_way_back(tmp_path: Path) -> None:
    directories = _made(tmp_path, SwapMethod.EXCHANGE, "data")
    unmeasured = replace(directories.swap, live_inode=0, incoming_inode=0)

    with pytest.raises(RestoreError, match="not measured"):
        swap_in([unmeasured])
    swap_back([unmeasured])

    assert directories.complete() == OLD


def test_nothing_staged_cannot_be_measured(tmp_path: Path) -> None:
    swap = Swap(role="data", live=tmp_path / "live", room=tmp_path / "room", method=SwapMethod.EXCHANGE)

    with pytest.raises(RestoreError, match="nothing is staged"):
        measured(swap)


def test_room_can_be_passed_but_not_listed_and_what_is_set_aside_looks_like_the_data_directory(tmp_path: Path) -> None:
    live = tmp_path / "live"
    live.mkdir(mode=0o750)
    swap = Swap(role="data", live=live, room=live / ".octeth-backupd-x", method=SwapMethod.ENTRIES)

    make_rooms([swap])
    make_rooms([swap])

    assert swap.room.stat().st_mode & 0o777 == 0o711
    assert swap.incoming.stat().st_mode & 0o777 == 0o700
    assert swap.aside.stat().st_mode & 0o777 == 0o750


@pytest.mark.parametrize(("method", "role"), KINDS)
@pytest.mark.parametrize("direction", [NEW, OLD])
def test_killed_removal_leaves_a_whole_safety_copy_or_none_and_the_live_data_as_they_are(
    tmp_path: Path, method: SwapMethod, role: str, direction: str
) -> None:
    for before, root in enumerate(_roots(tmp_path), start=1):
        directories = _made(root, method, role)
        swap = directories.swap
        swap_in([swap])
        DIRECTIONS[direction]([swap])
        names = {path.name for path in directories.live.iterdir()} - {swap.room.name}

        killed = _killed(remove_rooms, [swap], before)
        if swap.room.exists():
            assert directories.complete() == direction
        else:
            with pytest.raises(RestoreError, match="not there any more"):
                adopt_aside(swap, swap.of_run("undo"))
        remove_rooms([swap])

        assert {path.name for path in directories.live.iterdir()} == names
        assert not list(swap.room.parent.glob(".octeth-backupd-run*"))
        if not killed:
            break


def test_room_of_a_half_done_swap_is_not_removed(tmp_path: Path) -> None:
    directories = _made(tmp_path, SwapMethod.ENTRIES, "data")
    assert _killed(swap_in, [directories.swap], 8)

    with pytest.raises(RestoreError, match="holds files that belong into"):
        remove_rooms([directories.swap])

    swap_back([directories.swap])
    assert directories.complete() == OLD


@pytest.mark.parametrize(("method", "role"), KINDS)
def test_undo_stages_what_was_set_aside_and_swaps_it_in(tmp_path: Path, method: SwapMethod, role: str) -> None:
    directories = _made(tmp_path, method, role)
    old = directories.swap
    swap_in([old])
    new = old.of_run("undo")
    make_rooms([new])

    adopt_aside(old, new)
    adopt_aside(old, new)
    new = measured(new)
    swap_in([new])

    assert _texts(new.live, new) == {OLD}
    assert _texts(new.aside, new) == {NEW}
    remove_rooms([old])
    assert not old.room.exists()


@pytest.mark.parametrize(("method", "role"), KINDS)
def test_undo_that_was_taken_back_leaves_the_safety_copy_as_it_was(
    tmp_path: Path, method: SwapMethod, role: str
) -> None:
    directories = _made(tmp_path, method, role)
    old = directories.swap
    swap_in([old])
    new = old.of_run("undo")
    make_rooms([new])
    adopt_aside(old, new)
    new = measured(new)
    swap_in([new])
    swap_back([new])

    give_back(old, new)
    give_back(old, new)
    remove_rooms([new])

    assert directories.complete() == NEW
    assert is_swapped(old)


@pytest.mark.parametrize(("method", "role"), KINDS)
def test_undo_killed_while_it_takes_or_returns_the_safety_copy_can_be_repeated(
    tmp_path: Path, method: SwapMethod, role: str
) -> None:
    for before, root in enumerate(_roots(tmp_path), start=1):
        directories = _made(root, method, role)
        old = directories.swap
        swap_in([old])
        new = old.of_run("undo")
        make_rooms([new])

        def there_and_back(swaps: Sequence[Swap], old: Swap = old) -> None:
            adopt_aside(old, swaps[0])
            give_back(old, swaps[0])

        killed = _killed(there_and_back, [new], before)
        give_back(old, new)

        assert directories.complete() == NEW
        if not killed:
            break


def test_safety_copy_that_is_gone_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    directories = _made(tmp_path, SwapMethod.ENTRIES, "data")
    old = directories.swap
    swap_in([old])
    new = old.of_run("undo")
    make_rooms([new])
    adopt_aside(old, new)
    remove_rooms([new])

    with pytest.raises(RestoreError, match="is not in"):
        give_back(old, new)
    with pytest.raises(RestoreError, match="is not there"):
        swap_back([old])


def test_full_staging_place_is_never_replaced_by_an_undo(tmp_path: Path) -> None:
    directories = _made(tmp_path, SwapMethod.EXCHANGE, "data")
    swap_in([directories.swap])
    new = directories.swap.of_run("undo")
    make_rooms([new])
    (new.incoming / "precious").write_text("x")

    with pytest.raises(StorageError):
        adopt_aside(directories.swap, new)

    assert directories.complete() == NEW


def _texts(directory: Path, swap: Swap) -> set[str]:
    return {
        path.read_text()
        for entry in directory.iterdir()
        if swap.concerns(entry.name)
        for path in (entry, *entry.rglob("*"))
        if path.is_file()
    }
