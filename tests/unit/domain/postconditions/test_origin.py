"""A backup of another server's directory says "completed OK!"; these conditions do not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from octeth_backupd.domain.checks import CheckStatus
from octeth_backupd.domain.postconditions.base import Stage
from octeth_backupd.domain.postconditions.evidence import Evidence
from octeth_backupd.domain.postconditions.registry import evaluate
from octeth_backupd.domain.server import LsnPosition, Vendor
from tests.unit.domain.postconditions.builder import INFO, SERVER_UUID, answer, good_evidence, position, with_raw


def _with_lsns(before: LsnPosition | None, after: LsnPosition | None) -> Evidence:
    evidence = good_evidence()
    assert evidence.after is not None
    return replace(
        evidence,
        before=replace(evidence.before, lsn=before),
        after=replace(evidence.after, lsn=after),
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(position(1201, 800), position(1300, 900), id="backup is older than the server"),
        pytest.param(position(1000, 800), position(1199, 900), id="backup is from the server's future"),
        pytest.param(position(1000, 901), position(1300, 950), id="checkpoint is older than the server's"),
    ],
)
def test_lsn_outside_the_servers_window_is_found(before: LsnPosition, after: LsnPosition) -> None:
    found = answer(_with_lsns(before, after), "lsn_window", Stage.BACKUP)

    assert found.status is CheckStatus.FAILED
    assert "another server" in found.cause


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(position(1200, 900), position(1200, 900), id="idle server"),
        pytest.param(position(1000, 900), position(1200, 900), id="nothing after the backup"),
    ],
)
def test_equal_lsns_lie_in_the_window(before: LsnPosition, after: LsnPosition) -> None:
    assert answer(_with_lsns(before, after), "lsn_window", Stage.BACKUP).status is CheckStatus.PASSED


@pytest.mark.parametrize(
    ("before", "after"), [(None, position(1300, 900)), (position(1000, 800), None)], ids=["before", "after"]
)
def test_unknown_redo_position_is_never_a_pass(before: LsnPosition | None, after: LsnPosition | None) -> None:
    assert answer(_with_lsns(before, after), "lsn_window", Stage.BACKUP).status is CheckStatus.UNKNOWN


def test_uuid_of_another_server_is_found() -> None:
    evidence = with_raw(
        good_evidence(Vendor.MYSQL),
        texts={"backup-my.cnf": "[mysqld]\nserver_uuid=00000000-71ca-11e1-9e33-c80aa9429562\n"},
    )

    found = answer(evidence, "server_uuid", Stage.BACKUP)

    assert found.status is CheckStatus.FAILED
    assert SERVER_UUID in found.summary


def test_record_without_a_uuid_is_a_failure() -> None:
    evidence = with_raw(good_evidence(Vendor.PERCONA), texts={"backup-my.cnf": "[mysqld]\ninnodb_page_size=16384\n"})

    assert "has no server_uuid" in answer(evidence, "server_uuid", Stage.BACKUP).summary


def test_uuid_is_not_asked_of_mariadb_which_has_none() -> None:
    assert "server_uuid" not in {result.name for result in evaluate(good_evidence(), Stage.BACKUP)}


@pytest.mark.parametrize("version", ["10.11.18-MariaDB", "8.0.36", "unknown"])
def test_other_server_version_is_found(version: str) -> None:
    evidence = with_raw(good_evidence(), texts={"xtrabackup_info": INFO.format(version=version)})

    assert answer(evidence, "server_version", Stage.BACKUP).status is CheckStatus.FAILED
