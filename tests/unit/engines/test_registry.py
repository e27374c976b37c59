"""engines.registry."""

from __future__ import annotations

import pytest

from octeth_backupd.engines.registry import ENGINES, engine_for
from octeth_backupd.engines.settings import EnginesSettings
from octeth_backupd.errors import EngineError


@pytest.mark.parametrize("name", list(ENGINES))
def test_engine_is_made_under_its_name(name: str) -> None:
    assert engine_for(name, EnginesSettings()).name == name


def test_unknown_engine_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(EngineError) as caught:
        engine_for("mydumper", EnginesSettings())

    assert "xtrabackup, mariadb-backup" in caught.value.hint


def test_settings_are_found_under_the_name_of_the_engine() -> None:
    settings = EnginesSettings.model_validate({"mariadb-backup": {"program": "/opt/mariadb-backup"}})

    assert settings.mariadb_backup.program == "/opt/mariadb-backup"
    assert settings.xtrabackup.program == "xtrabackup"
