"""What an engine writes about its backup, and the lies that "completed OK!" tells about it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from octeth_backupd.domain.checks import CheckStatus
from octeth_backupd.domain.postconditions.base import Stage
from octeth_backupd.domain.postconditions.evidence import FileEntry
from octeth_backupd.domain.postconditions.registry import evaluate
from octeth_backupd.domain.server import Vendor
from tests.unit.domain.postconditions.builder import (
    CHECKPOINTS,
    INFO,
    Expected,
    answer,
    facts,
    good_evidence,
    with_prepared,
    with_raw,
)

LSNS = "backup_type = full-backuped\nfrom_lsn = {}\nto_lsn = {}\nlast_lsn = {}\n"


@pytest.mark.parametrize("name", ["xtrabackup_checkpoints", "xtrabackup_info", "backup-my.cnf"])
def test_missing_metadata_file_is_found(name: str) -> None:
    found = answer(with_raw(good_evidence(), without=(name,)), "metadata_files", Stage.BACKUP)

    assert found.status is CheckStatus.FAILED
    assert f"{name}" in found.summary


def test_last_file_of_xtrabackup_is_asked_for() -> None:
    evidence = with_raw(good_evidence(Vendor.MYSQL), without=("xtrabackup_tablespaces",))

    assert answer(evidence, "metadata_files", Stage.BACKUP).summary == "xtrabackup_tablespaces is missing"


def test_empty_metadata_file_is_found() -> None:
    evidence = with_raw(good_evidence(), files={"xtrabackup_info": FileEntry(size_bytes=0)})

    assert answer(evidence, "metadata_files", Stage.BACKUP).summary == "xtrabackup_info is empty"


def test_names_of_later_mariadb_releases_are_accepted() -> None:
    texts = {
        "mariadb_backup_checkpoints": CHECKPOINTS.format(type="full-backuped"),
        "mariadb_backup_info": INFO.format(version="10.11.19-MariaDB"),
        "mariadb_backup_binlog_info": "b.1\t4\n",
    }
    old = ("xtrabackup_checkpoints", "xtrabackup_info", "xtrabackup_binlog_info")
    evidence = with_raw(
        good_evidence(), without=old, files={name: FileEntry(size_bytes=9) for name in texts}, texts=texts
    )

    assert {result.status for result in evaluate(evidence, Stage.BACKUP)} == {CheckStatus.PASSED}


@pytest.mark.parametrize("backup_type", ["incremental", "log-applied", "full-prepared", "full"])
def test_other_state_after_the_backup_is_found(backup_type: str) -> None:
    evidence = with_raw(good_evidence(), texts={"xtrabackup_checkpoints": CHECKPOINTS.format(type=backup_type)})

    found = answer(evidence, "checkpoints_raw", Stage.BACKUP)

    assert found.status is CheckStatus.FAILED
    assert "expected 'full-backuped'" in found.summary


@pytest.mark.parametrize(
    ("vendor", "lie"),
    [
        (Vendor.MARIADB, "full-backuped"),
        (Vendor.MARIADB, "full-prepared"),
        (Vendor.MYSQL, "full-backuped"),
        (Vendor.MYSQL, "log-applied"),
    ],
)
def test_other_state_after_the_prepare_is_found(vendor: Vendor, lie: str) -> None:
    evidence = with_prepared(good_evidence(vendor), texts={"xtrabackup_checkpoints": CHECKPOINTS.format(type=lie)})

    assert answer(evidence, "checkpoints_prepared", Stage.PREPARE).status is CheckStatus.FAILED


@pytest.mark.parametrize(
    ("lsns", "expected"),
    [
        pytest.param((0, 1300, 1200), "not above last_lsn", id="redo ends before the checkpoint"),
        pytest.param((0, 0, 1200), "must be above 0", id="no checkpoint"),
        pytest.param((100, 900, 1200), "incremental", id="incremental"),
    ],
)
def test_lsns_out_of_order_are_found(lsns: tuple[int, int, int], expected: str) -> None:
    evidence = with_raw(good_evidence(), texts={"xtrabackup_checkpoints": LSNS.format(*lsns)})

    found = answer(evidence, "lsn_order", Stage.BACKUP)

    assert found.status is CheckStatus.FAILED
    assert expected in found.summary


def test_equal_lsns_are_in_order() -> None:
    evidence = with_raw(
        good_evidence(),
        texts={
            "xtrabackup_checkpoints": LSNS.format(0, 1200, 1200),
            "xtrabackup_info": "tool_version = 1\nserver_version = 1\n",
        },
    )

    assert answer(evidence, "lsn_order", Stage.BACKUP).status is CheckStatus.PASSED


def test_info_file_of_another_backup_is_found() -> None:
    text = INFO.format(version="10.11.19-MariaDB").replace("innodb_to_lsn = 900", "innodb_to_lsn = 899")
    evidence = with_raw(good_evidence(), texts={"xtrabackup_info": text})

    assert "the info file says to_lsn 899" in answer(evidence, "lsn_order", Stage.BACKUP).summary


def test_malformed_checkpoints_file_is_a_failure_that_names_it() -> None:
    evidence = with_raw(good_evidence(), texts={"xtrabackup_checkpoints": "backup_type = full-backuped\nfrom_l"})

    found = answer(evidence, "lsn_order", Stage.BACKUP)

    assert found.status is CheckStatus.FAILED
    assert "xtrabackup_checkpoints line 2" in found.summary


def test_prepare_of_another_directory_is_found() -> None:
    text = CHECKPOINTS.format(type="log-applied").replace("last_lsn = 1200", "last_lsn = 1100")
    evidence = with_prepared(good_evidence(), texts={"xtrabackup_checkpoints": text})

    assert answer(evidence, "lsn_kept", Stage.PREPARE).status is CheckStatus.FAILED


@pytest.mark.parametrize(("vendor", "redo"), [(Vendor.MARIADB, "ib_logfile0"), (Vendor.MYSQL, "xtrabackup_logfile")])
def test_redo_left_out_is_found(vendor: Vendor, redo: str) -> None:
    found = answer(with_raw(good_evidence(vendor), without=(redo,)), "redo_present", Stage.BACKUP)

    assert found.status is CheckStatus.FAILED
    assert "is in the backup" in found.summary


@pytest.mark.parametrize("size_bytes", [0, 299])
def test_cut_redo_is_found(size_bytes: int) -> None:
    evidence = with_raw(good_evidence(), files={"ib_logfile0": FileEntry(size_bytes=size_bytes)})

    found = answer(evidence, "redo_present", Stage.BACKUP)

    assert found.status is CheckStatus.FAILED
    assert "from to_lsn to last_lsn are 300" in found.summary


def test_redo_may_be_empty_where_the_engine_says_so() -> None:
    evidence = replace(
        with_raw(good_evidence(), files={"ib_logfile0": FileEntry(size_bytes=0)}),
        expectation=Expected(may_be_empty=frozenset({"ib_logfile0"})),
    )

    assert answer(evidence, "redo_present", Stage.BACKUP).status is CheckStatus.PASSED
    assert answer(evidence, "metadata_files", Stage.BACKUP).status is CheckStatus.PASSED


def test_binlog_position_left_out_is_found() -> None:
    evidence = with_raw(good_evidence(), without=("xtrabackup_binlog_info",))

    assert answer(evidence, "binlog_position", Stage.BACKUP).status is CheckStatus.FAILED


def test_binlog_position_is_not_asked_for_where_no_binlog_is_written() -> None:
    evidence = replace(good_evidence(), before=replace(facts(), variables={"log_bin": "OFF"}))

    assert "binlog_position" not in {result.name for result in evaluate(evidence, Stage.BACKUP)}


@pytest.mark.parametrize("name", ["shop/orders.ibd.partial", "shop/orders.ibd.delta", "shop/customers.new"])
def test_half_done_file_is_found(name: str) -> None:
    evidence = with_prepared(good_evidence(), files={name: FileEntry(size_bytes=1)})

    found = answer(evidence, "partial_files", Stage.PREPARE)

    assert found.status is CheckStatus.FAILED
    assert name in found.summary
