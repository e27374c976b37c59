"""The checkpoints file is believed only when every line says what it must."""

from __future__ import annotations

import pytest

from octeth_backupd.domain.checkpoints import Checkpoints, parse_checkpoints
from octeth_backupd.errors import MetadataError
from tests.unit.domain.sample import sample


def test_full_backup_of_mariadb_is_read() -> None:
    found = parse_checkpoints(sample("mariadb_checkpoints_full"))

    assert found == Checkpoints(backup_type="full-backuped", from_lsn=0, to_lsn=211801005, last_lsn=265868252)


def test_full_backup_of_xtrabackup_with_its_further_keys_is_read() -> None:
    found = parse_checkpoints(sample("xtrabackup_checkpoints_full"))

    assert found == Checkpoints(backup_type="full-backuped", from_lsn=0, to_lsn=27517178, last_lsn=30394287)


def test_incremental_backup_is_told_by_its_type_and_from_lsn() -> None:
    found = parse_checkpoints(sample("mariadb_checkpoints_incremental"))

    assert (found.backup_type, found.from_lsn) == ("incremental", 211801005)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", "is empty", id="empty"),
        pytest.param("from_lsn = 0\nto_lsn = 1\nlast_lsn = 2\n", "has no backup_type", id="no type"),
        pytest.param("backup_type = \nfrom_lsn = 0\nto_lsn = 1\nlast_lsn = 2\n", "has no backup_type", id="empty type"),
        pytest.param("backup_type = x\nfrom_lsn = 0\nto_lsn = 1\n", "has no last_lsn", id="cut"),
        pytest.param("backup_type = x\nfrom_lsn = 0\nto_lsn = -1\nlast_lsn = 2\n", "'to_lsn = -1'", id="negative"),
        pytest.param("backup_type = x\nfrom_lsn = 0\nto_lsn = 1e3\nlast_lsn = 2\n", "'to_lsn = 1e3'", id="no integer"),
        pytest.param("backup_type = x\nfrom_lsn = 0\nto_lsn = ٣\nlast_lsn = 2\n", "'to_lsn = ٣'", id="other digits"),
        pytest.param("backup_type = x\nnonsense\n", "line 2 is 'nonsense'", id="no key"),
        pytest.param("backup_type = x\nto_lsn = 1\nto_lsn = 2\n", "line 3 repeats 'to_lsn'", id="twice"),
    ],
)
def test_malformed_file_is_refused_with_file_and_place(text: str, expected: str) -> None:
    with pytest.raises(MetadataError) as caught:
        parse_checkpoints(text, file="mariadb_backup_checkpoints")

    assert expected in caught.value.message
    assert "mariadb_backup_checkpoints" in caught.value.message
