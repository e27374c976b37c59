"""A server's directory and a restored one, as small as they can be, and a judge of what lies where after a swap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.restore.swap import ROOM_PREFIX, Swap, SwapMethod, binlog_pattern, room_name
from octeth_backupd.pipeline.restore.swapping import make_rooms, measured, swap_in

if TYPE_CHECKING:
    from pathlib import Path

OLD, NEW = "old", "new"
_NAMES = {OLD: ("both", "directory/both", "only-old"), NEW: ("both", "directory/both", "only-new")}
_BINLOGS = {OLD: ("binlog.000001", "binlog.000002", "binlog.index"), NEW: ("binlog.000002", "binlog.index")}
_MADE_BY_SERVER = {OLD: "made-on-old", NEW: "made-on-new"}
_KEPT = ("lost+found/kept", f"{ROOM_PREFIX}another/kept")
_NOT_BINLOGS = ("error.log", "relay-bin.000001")


class SwapDirectories:
    """One swap with real directories beneath ``root``."""

    def __init__(self, root: Path, method: SwapMethod, *, role: str = "data") -> None:
        self._role = role
        self.live = root / "live"
        inside = method is SwapMethod.ENTRIES
        self._swap = Swap(
            role=role,
            live=self.live,
            room=(self.live if inside else root) / room_name("run", role),
            method=method,
            pattern=binlog_pattern("binlog") if role == "binlog" else "",
        )
        self._names = _BINLOGS if role == "binlog" else _NAMES
        self._kept = (_KEPT if inside else ()) + (_NOT_BINLOGS if role == "binlog" else ())
        self._server_names: dict[str, set[str]] = {OLD: set(), NEW: set()}
        for name in (*self._names[OLD], *self._kept):
            _write(self.live / name, "kept" if name in self._kept else OLD)
        make_rooms([self._swap])
        for name in self._names[NEW]:
            _write(self._swap.incoming / name, NEW)
        self.swap = measured(self._swap)

    def begin(self, direction: str) -> None:
        """Bring the directories where an operation in this direction begins; a server ran on what is live."""
        self.let_server_run()
        if direction == OLD:
            swap_in([self.swap])
            self.let_server_run()

    def let_server_run(self) -> None:
        """Change, add and remove files as a server does on the data that it finds; also under names of the other's."""
        kind = self.complete()
        made = {_MADE_BY_SERVER[kind], "only-old", "only-new"} if self._role == "data" else {"binlog.000003"}
        for name in made:
            _write(self.live / name, kind)
        self._server_names[kind] |= made

    def complete(self) -> str:
        """Return which of the two data sets is live.

        Raises:
            AssertionError: Neither is, wholly; or the other one is not whole where it is kept.
        """
        found = {name: text for name, text in _files(self.live).items() if name not in self._kept}
        kinds = set(found.values())
        assert len(kinds) == 1, found
        (kind,) = kinds
        other = OLD if kind == NEW else NEW
        place = self.swap.aside if kind == NEW else self.swap.incoming
        assert set(found) == self._expected(kind)
        assert _files(place) == dict.fromkeys(self._expected(other), other)
        kept = {name: text for name, text in _files(self.live, rooms=True).items() if name in self._kept}
        assert kept == dict.fromkeys(self._kept, "kept")
        return kind

    def _expected(self, kind: str) -> set[str]:
        return set(self._names[kind]) | self._server_names[kind]


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _files(directory: Path, *, rooms: bool = False) -> dict[str, str]:
    if not directory.is_dir():
        return {}
    return {
        str(path.relative_to(directory)): path.read_text()
        for path in directory.rglob("*")
        if path.is_file() and (rooms or not path.relative_to(directory).parts[0].startswith(ROOM_PREFIX))
    }
