from pathlib import Path

import pytest

from octeth_backupd.errors import MetadataError
from octeth_backupd.servers.pages import read_space_id
from tests.unit.servers.builders import write_data_file


@pytest.mark.parametrize("space_id", [0, 5, 4294967294])
def test_space_id_is_read_from_the_first_page(tmp_path: Path, space_id: int) -> None:
    assert read_space_id(write_data_file(tmp_path / "t.ibd", space_id)) == space_id


def test_page_that_was_not_written_yet_says_nothing(tmp_path: Path) -> None:
    assert read_space_id(write_data_file(tmp_path / "t.ibd", None)) is None


def test_short_file_is_no_data_file(tmp_path: Path) -> None:
    path = tmp_path / "t.ibd"
    path.write_bytes(b"x" * 37)

    with pytest.raises(MetadataError, match="37 bytes"):
        read_space_id(path)


def test_missing_file_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_space_id(tmp_path / "t.ibd")
