"""What is stored where, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from octeth_backupd.cli.ctl.stock_drawing import show_stock
from tests.fakes.terminal import MemoryScreen

if TYPE_CHECKING:
    import pytest

GIB = 1024**3


def copies(storage: str, tier: str, count: int, *, state: str = "present") -> dict[str, Any]:
    return {"storage": storage, "tier": tier, "state": state, "copies": count, "size_bytes": count * GIB}


def shown(*stored: dict[str, Any]) -> list[str]:
    screen = MemoryScreen(is_live=True)
    show_stock(list(stored), screen, indent=0, name_width=10)
    return screen.shown.splitlines()


ALL_TIERS = [copies("local", tier, 12) for tier in ("daily", "weekly", "monthly", "manual")]


def test_a_server_without_backups_has_nothing_stored() -> None:
    assert shown() == ["stored    nothing yet"]


def test_backups_are_counted_by_storage_and_tier_with_their_bytes_and_together() -> None:
    assert shown(copies("local", "daily", 7), copies("local", "weekly", 2), copies("s3", "daily", 6)) == [
        "stored          daily       weekly          all",
        "  local   7 (7.0 GiB)  2 (2.0 GiB)  9 (9.0 GiB)",
        "  s3      6 (6.0 GiB)            -  6 (6.0 GiB)",
    ]


def test_what_cannot_be_read_is_not_counted_but_told() -> None:
    lines = shown(
        copies("s3", "daily", 1),
        copies("s3", "daily", 2, state="retained"),
        copies("s3", "daily", 1, state="pending"),
        copies("s3", "daily", 1, state="uploading"),
        copies("s3", "weekly", 3, state="missing"),
        copies("s3", "weekly", 1, state="corrupt"),
    )

    assert lines[1] == "  s3      3 (3.0 GiB)       -  3 (3.0 GiB)  2 on the way, 3 missing, 1 damaged"


def test_a_table_that_is_too_wide_loses_its_sum_then_becomes_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "88")
    assert shown(*ALL_TIERS)[0].split() == ["stored", "daily", "weekly", "monthly", "manual", "all"]

    monkeypatch.setenv("COLUMNS", "72")
    assert shown(*ALL_TIERS)[0].split() == ["stored", "daily", "weekly", "monthly", "manual"]

    monkeypatch.setenv("COLUMNS", "50")
    assert shown(*ALL_TIERS) == [
        "stored",
        "  local   daily 12 (12.0 GiB), weekly 12 (12.0",
        "          GiB), monthly 12 (12.0 GiB), manual 12",
        "          (12.0 GiB)",
    ]


def test_what_is_told_of_copies_that_cannot_be_read_goes_below_where_there_is_no_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "72")

    assert shown(*ALL_TIERS, copies("local", "daily", 2, state="missing"))[2] == "          2 missing"
