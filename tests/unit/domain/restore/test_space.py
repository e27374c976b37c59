"""How much room a restore needs."""

from __future__ import annotations

from pathlib import Path

from octeth_backupd.domain.restore.space import Place, shortage, space_lines, staging_bytes, unpacked_bytes

MIB = 1 << 20


def place(purpose: str, needed: int, *, device: int = 1, free: int = 1000) -> Place:
    return Place(path=Path(f"/{purpose}"), purpose=purpose, needed_bytes=needed, device=device, free_bytes=free)


def test_what_shares_a_file_system_is_summed() -> None:
    lines = space_lines([place("data", 600), place("logs", 300), place("far", 5, device=2)], reserve_bytes=100)

    assert [(line.needed_bytes, line.purpose) for line in lines] == [(900, "data; logs"), (5, "far")]
    assert lines[0].is_enough


def test_room_that_lacks_one_byte_is_refused_and_the_hint_says_how_much() -> None:
    [line] = space_lines([place("data", 901)], reserve_bytes=100)

    refusal = shortage(line)

    assert refusal is not None
    assert refusal.code == "no_space"
    assert refusal.flag == ""
    assert "Free 1 B there" in refusal.hint


def test_room_that_just_suffices_is_no_shortage() -> None:
    [line] = space_lines([place("data", 900)], reserve_bytes=100)

    assert shortage(line) is None


def test_staged_data_takes_more_than_the_backup_has() -> None:
    assert staging_bytes(1000 * MIB) == 1228 * MIB


def test_an_archive_of_which_only_the_size_is_known_is_guessed_large() -> None:
    assert unpacked_bytes(10, is_compressed=True) == 80
    assert unpacked_bytes(10, is_compressed=False) == 10
