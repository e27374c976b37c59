"""Which storage backends a configuration names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.storage.local import LocalSettings
from octeth_backupd.storage.registry import storages_for

if TYPE_CHECKING:
    from pathlib import Path


def test_backups_are_kept_locally_where_the_settings_say(tmp_path: Path) -> None:
    (storage,) = storages_for(local=LocalSettings(directory=tmp_path))

    storage.put_text("oempro/daily/x", "y")

    assert storage.name == "local"
    assert (tmp_path / "oempro" / "daily" / "x").read_text() == "y"


def test_backups_are_stored_locally_first_even_where_they_are_not_kept() -> None:
    assert [storage.name for storage in storages_for(local=LocalSettings(keep=False))] == ["local"]
