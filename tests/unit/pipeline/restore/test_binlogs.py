"""pipeline.restore.binlogs."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.server import Vendor
from octeth_backupd.pipeline.restore.binlogs import place
from tests.fakes.swap_sites import site_with

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from octeth_backupd.domain.restore.site import Site

IN_DATA = {"data": "/var/lib/mysql", "binlog": "/var/lib/mysql", "binlog_index": "/var/lib/mysql/binlog.index"}
ELSEWHERE = {"data": "/var/lib/mysql", "binlog": "/var/log/mysql", "binlog_index": "/var/log/mysql/binlog.index"}


@pytest.fixture
def staged(tmp_path: Path) -> Path:
    path = tmp_path / "staged"
    path.mkdir()
    (path / "ibdata1").write_text("data")
    return path


@pytest.fixture
def incoming(tmp_path: Path) -> Path:
    path = tmp_path / "incoming"
    path.mkdir()
    return path


def _backup(directory: Path, *, base: str = "binlog", index: str = "/old/place/binlog.000007\n") -> None:
    (directory / f"{base}.000007").write_text("events")
    (directory / f"{base}.index").write_text(index)


def _site(paths: Mapping[str, str], tmp_path: Path, **changes: object) -> Site:
    variables = {"log_bin_basename": f"{paths['binlog']}/binlog", "log_bin_index": paths["binlog_index"]}
    return site_with({"data": tmp_path}, server_paths=paths, variables=variables, **changes)  # type: ignore[arg-type]


def _contents(directory: Path) -> dict[str, str]:
    return {
        str(path.relative_to(directory)): path.read_text() for path in sorted(directory.rglob("*")) if path.is_file()
    }


def test_logs_in_the_data_directory_stay_there_with_an_index_that_finds_them(staged: Path, tmp_path: Path) -> None:
    _backup(staged)

    place(staged, site=_site(IN_DATA, tmp_path), incoming_binlog=None)

    assert _contents(staged) == {"ibdata1": "data", "binlog.000007": "events", "binlog.index": "./binlog.000007\n"}


def test_logs_elsewhere_leave_nothing_in_the_data_directory(staged: Path, incoming: Path, tmp_path: Path) -> None:
    _backup(staged)

    place(staged, site=_site(ELSEWHERE, tmp_path), incoming_binlog=incoming)
    place(staged, site=_site(ELSEWHERE, tmp_path), incoming_binlog=incoming)

    assert _contents(staged) == {"ibdata1": "data"}
    assert _contents(incoming) == {"binlog.000007": "events", "binlog.index": "./binlog.000007\n"}


def test_logs_come_over_the_border_of_a_file_system(
    staged: Path, incoming: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _backup(staged)
    plain = type(staged).stat

    def other_device(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        status = plain(path, follow_symlinks=follow_symlinks)
        if path != incoming:
            return status
        return os.stat_result((*status[:2], status.st_dev + 1, *status[3:]))

    monkeypatch.setattr(type(staged), "stat", other_device)

    place(staged, site=_site(ELSEWHERE, tmp_path), incoming_binlog=incoming)

    assert _contents(staged) == {"ibdata1": "data"}
    assert _contents(incoming) == {"binlog.000007": "events", "binlog.index": "./binlog.000007\n"}


def test_logs_take_the_name_that_the_server_gives_its_own(staged: Path, tmp_path: Path) -> None:
    _backup(staged, base="mysql-bin")

    place(staged, site=_site(IN_DATA, tmp_path), incoming_binlog=None)

    assert _contents(staged) == {"ibdata1": "data", "binlog.000007": "events", "binlog.index": "./binlog.000007\n"}


def test_index_goes_to_the_data_directory_when_the_server_keeps_it_there(
    staged: Path, incoming: Path, tmp_path: Path
) -> None:
    _backup(staged)
    site = _site({**ELSEWHERE, "binlog_index": "/var/lib/mysql/all.idx"}, tmp_path)

    place(staged, site=site, incoming_binlog=incoming)

    assert _contents(staged) == {"ibdata1": "data", "all.idx": "./binlog.000007\n"}
    assert _contents(incoming) == {"binlog.000007": "events"}


def test_logs_in_a_directory_within_the_data_directory_are_put_there(staged: Path, tmp_path: Path) -> None:
    _backup(staged)
    site = _site(
        {**IN_DATA, "binlog": "/var/lib/mysql/logs", "binlog_index": "/var/lib/mysql/logs/binlog.index"}, tmp_path
    )

    place(staged, site=site, incoming_binlog=None)

    assert _contents(staged) == {
        "ibdata1": "data",
        "logs/binlog.000007": "events",
        "logs/binlog.index": "./binlog.000007\n",
    }


def test_server_without_binary_logs_gets_none(staged: Path, tmp_path: Path) -> None:
    _backup(staged, base="mysql-bin")

    place(staged, site=_site(IN_DATA, tmp_path, log_bin=False), incoming_binlog=None)

    assert _contents(staged) == {"ibdata1": "data"}


def test_backup_without_binary_logs_gets_no_index(staged: Path, incoming: Path, tmp_path: Path) -> None:
    place(staged, site=_site(ELSEWHERE, tmp_path), incoming_binlog=incoming)

    assert (_contents(staged), _contents(incoming)) == ({"ibdata1": "data"}, {})


def test_mariadb_is_left_as_it_is(staged: Path, tmp_path: Path) -> None:
    _backup(staged)

    place(staged, site=_site(IN_DATA, tmp_path, vendor=Vendor.MARIADB), incoming_binlog=None)

    assert "binlog.000007" in _contents(staged)


def test_placed_files_are_not_for_everybody(staged: Path, incoming: Path, tmp_path: Path) -> None:
    _backup(staged)

    place(staged, site=_site(ELSEWHERE, tmp_path), incoming_binlog=incoming)

    assert {stat.S_IMODE(path.stat().st_mode) for path in incoming.iterdir()} == {0o640}
