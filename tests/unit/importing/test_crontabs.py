"""Crontabs on disk, and a stand-in of crontab(1)."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.legacy.crontab import CronPurpose
from octeth_backupd.errors import ProgramError, StorageError
from octeth_backupd.importing.crontabs import CronPlaces, Crontabs, how_to_remove
from octeth_backupd.process.host import DEFAULT_PATH
from tests.unit.importing.build import host_runner

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 26, 14, 0, tzinfo=UTC)
BACKUP = b"0 2 * * * /opt/bin/octeth-backup.sh >> /var/log/octeth-backup.log 2>&1\n"
CLEANUP = b"30 2 * * * /opt/bin/octeth-cleanup.sh\n"
CLICKHOUSE = b"0 3 * * * /opt/bin/octeth-ch-backup.sh\n"
OTHER = b"# caf\xe9\n\n5 4 * * *\t/usr/bin/other  \r\n"


@pytest.fixture
def places(tmp_path: Path) -> CronPlaces:
    for name in ("spool", "cron.d"):
        (tmp_path / name).mkdir()
    return CronPlaces(
        spools=(tmp_path / "none", tmp_path / "spool"),
        directories=(tmp_path / "cron.d",),
        files=(tmp_path / "crontab",),
    )


def _file(path: Path, content: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


def _crontabs(places: CronPlaces, path: str = "/nonexistent") -> Crontabs:
    return Crontabs(host_runner(path), places)


def test_lines_are_found_in_every_place(tmp_path: Path, places: CronPlaces) -> None:
    _file(tmp_path / "spool/root", OTHER + BACKUP)
    _file(tmp_path / "spool/admin", CLEANUP)
    _file(tmp_path / "cron.d/octeth", b"0 2 * * * root /opt/bin/octeth-backup.sh\n")
    _file(tmp_path / "crontab", b"0 3 * * * root /opt/bin/octeth-ch-backup.sh\n")

    found = _crontabs(places).lines()

    assert [(line.place.removeprefix(f"{tmp_path}/"), line.purpose) for line in found] == [
        ("spool/admin", CronPurpose.CLEANUP),
        ("spool/root", CronPurpose.BACKUP),
        ("cron.d/octeth", CronPurpose.BACKUP),
        ("crontab", CronPurpose.CLICKHOUSE),
    ]


def test_removal_leaves_every_other_byte_owner_and_mode(tmp_path: Path, places: CronPlaces) -> None:
    path = _file(tmp_path / "spool/root", OTHER + BACKUP + CLICKHOUSE + CLEANUP + OTHER, mode=0o640)
    crontabs = _crontabs(places)

    done = crontabs.remove(crontabs.lines(), backup_directory=tmp_path, now=NOW)

    assert path.read_bytes() == OTHER + CLICKHOUSE + OTHER
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    [copy] = tmp_path.glob("*.before")
    assert copy.read_bytes() == OTHER + BACKUP + CLICKHOUSE + CLEANUP + OTHER
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert done == (
        f"2 lines removed from {path}; the whole is kept in {copy}",
        f"  4: {BACKUP.decode().strip()}",
        f"  6: {CLEANUP.decode().strip()}",
    )
    assert [entry.name for entry in (tmp_path / "spool").iterdir()] == ["root"]


def test_crontab_without_lines_of_the_tool_is_not_written(tmp_path: Path, places: CronPlaces) -> None:
    path = _file(tmp_path / "spool/root", CLICKHOUSE)
    inode = path.stat().st_ino
    crontabs = _crontabs(places)

    assert crontabs.remove(crontabs.lines(), backup_directory=tmp_path, now=NOW) == ()
    assert path.stat().st_ino == inode


@pytest.mark.parametrize("other", [b"; /opt/bin/octeth-ch-backup.sh", b" && rsync -a /var/backups nas:/backups"])
def test_line_that_starts_something_else_too_is_left_to_the_operator(
    tmp_path: Path, places: CronPlaces, other: bytes
) -> None:
    both = b"0 2 * * * /opt/bin/octeth-backup.sh" + other + b"\n"
    path = _file(tmp_path / "spool/root", both)
    crontabs = _crontabs(places)

    crontabs.remove(crontabs.lines(), backup_directory=tmp_path, now=NOW)

    assert path.read_bytes() == both
    assert any("by hand" in line for line in how_to_remove(crontabs.lines()))


def test_crontab_that_changed_meanwhile_is_left_as_it_is(tmp_path: Path, places: CronPlaces) -> None:
    path = _file(tmp_path / "spool/root", BACKUP)
    crontabs = _crontabs(places)
    lines = crontabs.lines()
    path.write_bytes(OTHER + BACKUP)

    with pytest.raises(StorageError, match="changed meanwhile"):
        crontabs.remove(lines, backup_directory=tmp_path, now=NOW)

    assert path.read_bytes() == OTHER + BACKUP


def test_symbolic_link_is_no_crontab(tmp_path: Path, places: CronPlaces) -> None:
    (tmp_path / "spool/root").symlink_to(_file(tmp_path / "elsewhere", BACKUP))

    assert _crontabs(places).lines() == ()


def test_lines_are_shown_with_their_place_and_clickhouse_is_not(tmp_path: Path, places: CronPlaces) -> None:
    path = _file(tmp_path / "spool/root", BACKUP + CLICKHOUSE)

    assert list(how_to_remove(_crontabs(places).lines())) == [f"{path}:", f"  1: {BACKUP.decode().strip()}"]


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A crontab(1) that keeps root's crontab in a file beside it."""
    directory = tmp_path / "bin"
    directory.mkdir()
    script = directory / "crontab"
    script.write_text(
        "#!/bin/sh\n"
        f'cd {directory}\ncase "$1" in\n-l) [ -f table ] && exec cat table; echo "no crontab for root" >&2; exit 1;;\n'
        "-) [ ! -f refuse ] || { echo errors in crontab >&2; exit 1; }; exec cat >table;;\nesac\n"
    )
    script.chmod(0o755)
    return directory


def test_program_is_asked_where_no_spool_directory_has_roots_crontab(
    tmp_path: Path, places: CronPlaces, program: Path
) -> None:
    (program / "table").write_bytes(OTHER + BACKUP)
    crontabs = _crontabs(places, f"{program}{os.pathsep}{DEFAULT_PATH}")

    lines = crontabs.lines()
    crontabs.remove(lines, backup_directory=tmp_path, now=NOW)

    assert [line.place for line in lines] == ["crontab of root"]
    assert (program / "table").read_bytes() == OTHER


def test_user_without_a_crontab_has_no_lines(places: CronPlaces, program: Path) -> None:
    assert _crontabs(places, f"{program}{os.pathsep}{DEFAULT_PATH}").lines() == ()


def test_refusal_of_the_program_is_an_error(tmp_path: Path, places: CronPlaces, program: Path) -> None:
    (program / "table").write_bytes(BACKUP)
    (program / "refuse").touch()
    crontabs = _crontabs(places, f"{program}{os.pathsep}{DEFAULT_PATH}")

    with pytest.raises(ProgramError, match="errors in crontab"):
        crontabs.remove(crontabs.lines(), backup_directory=tmp_path, now=NOW)

    assert (program / "table").read_bytes() == BACKUP
