"""domain.restore.staged_files."""

from __future__ import annotations

import pytest

from octeth_backupd.domain.restore.staged_files import check_files
from octeth_backupd.errors import BackupdError, MetadataError, RestoreRefusedError, VerificationError

WHOLE = ("ibdata1", "mysql/user.frm", "shop/orders.ibd")
EXTERNAL = '{"version": 2, "external_tablespaces": [{"file_name": "/data2/big.ibd", "tablespace_name": "big"}]}'


def _refusal(paths: tuple[str, ...], *, text: str = "") -> BackupdError | None:
    try:
        check_files(paths, tablespaces_text=text)
    except BackupdError as error:
        return error
    return None


@pytest.mark.parametrize("text", ["", '{"version": 1, "external_tablespaces": []}'])
def test_whole_server_may_be_started_on(text: str) -> None:
    assert _refusal(WHOLE, text=text) is None


@pytest.mark.parametrize("paths", [("ibdata1", "shop/orders.ibd"), ("mysql",), ("mysql.ibd",), ()])
def test_backup_without_mysql_directory_is_no_whole_server(paths: tuple[str, ...]) -> None:
    refusal = _refusal(paths)

    assert isinstance(refusal, VerificationError)
    assert "mysql/" in refusal.message


@pytest.mark.parametrize("name", ["shop/orders.ibd.zst", "shop/orders.ibd.lz4", "ibdata1.qp", "ibdata1.xbcrypt"])
def test_files_that_are_packed_one_by_one_are_refused_with_a_way_out(name: str) -> None:
    refusal = _refusal((*WHOLE, name))

    assert isinstance(refusal, RestoreRefusedError)
    assert name in refusal.message
    assert "--decompress" in refusal.hint


@pytest.mark.parametrize(
    ("paths", "text", "named"), [(WHOLE, EXTERNAL, "/data2/big.ibd"), ((*WHOLE, "shop/big.isl"), "", "shop/big.isl")]
)
def test_tablespaces_from_outside_the_data_directory_are_refused_and_named(
    paths: tuple[str, ...], text: str, named: str
) -> None:
    refusal = _refusal(paths, text=text)

    assert isinstance(refusal, RestoreRefusedError)
    assert named in refusal.message


@pytest.mark.parametrize("text", ["{", "[]", '{"external_tablespaces": [{}]}'])
def test_list_that_cannot_be_read_is_an_error_and_not_an_empty_one(text: str) -> None:
    assert isinstance(_refusal(WHOLE, text=text), MetadataError)
