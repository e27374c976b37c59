"""Finding the bash tool's files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from octeth_backupd.errors import NotFoundError
from octeth_backupd.importing.sources import find_sources

if TYPE_CHECKING:
    from pathlib import Path


def _write(path: Path, text: str = "A=1\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize("place", ["tool/config/.env", "tool/.env", "opt/.env", "etc/.env"])
def test_env_is_found_in_each_of_its_places(tmp_path: Path, place: str) -> None:
    (tmp_path / "tool").mkdir()
    path = _write(tmp_path / place)

    found = find_sources(tmp_path / "tool", elsewhere=(tmp_path / "opt/.env", tmp_path / "etc/.env"))

    assert found.env.path == path
    assert found.conf is None


def test_first_env_wins_and_the_others_are_named(tmp_path: Path) -> None:
    first, second, third = (_write(tmp_path / name) for name in ("config/.env", ".env", "etc/.env"))

    found = find_sources(tmp_path, elsewhere=(third,))

    assert found.env.path == first
    assert found.ignored == (second, third)


def test_backup_conf_and_script_come_along(tmp_path: Path) -> None:
    _write(tmp_path / "config/.env")
    conf = _write(tmp_path / "config/backup.conf", "B=2\n")
    _write(tmp_path / "bin/octeth-backup.sh", "KEEP_LOCAL_BACKUP")

    found = find_sources(tmp_path, elsewhere=())

    assert found.conf is not None
    assert (found.conf.path, found.conf.text) == (conf, "B=2\n")
    assert found.scripts == "KEEP_LOCAL_BACKUP"


def test_bytes_that_are_no_text_stay_visible(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"A=\xff\n")

    assert not find_sources(tmp_path, elsewhere=()).env.text.strip().isprintable()


@pytest.mark.parametrize(("mode", "open_to_others"), [(0o600, False), (0o640, True), (0o644, True)])
def test_file_that_others_can_read_is_known(tmp_path: Path, mode: int, open_to_others: bool) -> None:
    _write(tmp_path / ".env").chmod(mode)

    assert find_sources(tmp_path, elsewhere=()).env.others_can_read == open_to_others


def test_place_without_configuration_is_refused_with_where_was_looked(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"config/\.env"):
        find_sources(tmp_path, elsewhere=())
