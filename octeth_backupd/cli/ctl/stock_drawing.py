"""What is stored of a server, by storage backend and tier, drawn for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.wording import size
from octeth_backupd.cli.ctl.wrapping import Entry, show_entries

if TYPE_CHECKING:
    from collections.abc import Iterable

    from octeth_backupd.cli.ctl.connection import Json
    from octeth_backupd.cli.ctl.screen import Screen

_TIERS = ("daily", "weekly", "monthly", "manual")
_READABLE = {"present", "retained"}
_ELSE = {"pending": "on the way", "uploading": "on the way", "missing": "missing", "corrupt": "damaged"}
"""State of a copy that cannot be read → what is said of it."""
_LABEL, _INDENT, _GAP = "stored", "  ", "  "
_ALL, _NONE = "all", "-"


def show_stock(copies: list[Json], screen: Screen, *, indent: int, name_width: int) -> None:
    """Show how many backups can be read from each storage backend and their bytes, and how many cannot.

    Args:
        copies: A server's, as its status has them.
        screen: Where; a table that is wider is written as sentences.
        indent: Of the names.
        name_width: The numbers begin at least so far behind the indent.
    """
    if not copies:
        show_entries([Entry(name=_LABEL, text="nothing yet")], screen, indent=indent, name_width=name_width)
        return
    storages = list(dict.fromkeys(one["storage"] for one in copies))
    tiers = [tier for tier in _TIERS if any(one["tier"] == tier for one in copies)]
    room = screen.width - indent - max([name_width, *(len(_INDENT + storage) + 2 for storage in storages)])
    table = _table(copies, storages, [*tiers, _ALL] if len(tiers) > 1 else tiers)
    if any(len(row) > room for row in table):
        table = _table(copies, storages, tiers)
    if any(len(row) > room for row in table):
        table = _sentences(copies, storages, tiers)
    entries = [Entry(name=_LABEL, text=table[0])]
    for storage, text in zip(storages, table[1:], strict=True):
        remark = _remark(one for one in copies if one["storage"] == storage)
        gap = _GAP if len(text) + len(_GAP) + len(remark) <= room else "\n"
        style = "yellow" if remark else ""
        entries.append(Entry(name=_INDENT + storage, text=f"{text}{gap}{remark}" if remark else text, style=style))
    show_entries(entries, screen, indent=indent, name_width=name_width)


def _table(copies: list[Json], storages: list[str], columns: list[str]) -> list[str]:
    rows = [columns, *(_cells(copies, storage, columns) for storage in storages)]
    widths = [max(len(row[number]) for row in rows) for number in range(len(columns))]
    return [_GAP.join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows]


def _sentences(copies: list[Json], storages: list[str], columns: list[str]) -> list[str]:
    rows = (zip(columns, _cells(copies, storage, columns), strict=True) for storage in storages)
    return ["", *(", ".join(f"{column} {cell}" for column, cell in row if cell != _NONE) for row in rows)]


def _cells(copies: list[Json], storage: str, columns: list[str]) -> list[str]:
    return [_cell([one for one in copies if one["storage"] == storage], column) for column in columns]


def _cell(copies: list[Json], tier: str) -> str:
    counted = [one for one in copies if tier in {one["tier"], _ALL} and one["state"] in _READABLE]
    if not counted:
        return _NONE
    return f"{sum(one['copies'] for one in counted)} ({size(sum(one['size_bytes'] for one in counted))})"


def _remark(copies: Iterable[Json]) -> str:
    counts: dict[str, int] = {}
    for one in copies:
        if one["state"] in _ELSE:
            words = _ELSE[one["state"]]
            counts[words] = counts.get(words, 0) + one["copies"]
    return ", ".join(f"{count} {words}" for words, count in counts.items())
