"""Every tablespace and table that was there all the time must be in the backup, whole and under its own name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from octeth_backupd.domain.checks import CheckResult, CheckStatus
from octeth_backupd.domain.postconditions.base import Stage
from octeth_backupd.domain.postconditions.content import stayed_tablespaces
from octeth_backupd.domain.postconditions.evidence import Evidence, FileEntry
from octeth_backupd.domain.postconditions.registry import evaluate
from octeth_backupd.domain.server import EngineTable, Tablespace, TablespaceKind, Vendor
from tests.unit.domain.postconditions.builder import MEBIBYTE, answer, good_evidence, with_prepared


def _with_tablespaces(evidence: Evidence, before: tuple[Tablespace, ...], after: tuple[Tablespace, ...]) -> Evidence:
    assert evidence.after is not None
    return replace(
        evidence,
        before=replace(evidence.before, tablespaces=before),
        after=replace(evidence.after, tablespaces=after),
    )


def _tablespaces(evidence: Evidence) -> CheckResult:
    return answer(evidence, "tablespaces_present", Stage.PREPARE)


@pytest.mark.parametrize("vendor", [Vendor.MARIADB, Vendor.MYSQL])
def test_tablespace_left_out_is_found(vendor: Vendor) -> None:
    found = _tablespaces(with_prepared(good_evidence(vendor), without=("shop/orders.ibd",)))

    assert found.status is CheckStatus.FAILED
    assert found.summary == "shop/orders.ibd is missing (tablespace 5)"


@pytest.mark.parametrize("name", ["ibdata1", "mysql.ibd", "undo_001"])
def test_system_data_dictionary_and_undo_left_out_are_found(name: str) -> None:
    found = _tablespaces(with_prepared(good_evidence(Vendor.MYSQL), without=(name,)))

    assert found.status is CheckStatus.FAILED
    assert name in found.summary


def test_second_system_file_left_out_is_found() -> None:
    evidence = good_evidence()
    variables = {"innodb_data_file_path": "ibdata1:12M;ibdata2:12M:autoextend"}
    evidence = replace(evidence, before=replace(evidence.before, variables=variables))

    assert "ibdata2 is missing" in _tablespaces(evidence).summary


@pytest.mark.parametrize(
    ("name", "size_bytes", "space_id"),
    [("shop/orders.ibd", 40 * MEBIBYTE - 1, 5), ("shop/orders.ibd", 0, None), ("ibdata1", MEBIBYTE, 0)],
)
def test_cut_file_is_found(name: str, size_bytes: int, space_id: int | None) -> None:
    evidence = with_prepared(good_evidence(), files={name: FileEntry(size_bytes=size_bytes, space_id=space_id)})

    found = _tablespaces(evidence)

    assert found.status is CheckStatus.FAILED
    assert f"{name} holds {size_bytes} bytes" in found.summary


def test_file_whose_first_page_is_empty_is_found() -> None:
    evidence = with_prepared(
        good_evidence(), files={"shop/orders.ibd": FileEntry(size_bytes=99 * MEBIBYTE, space_id=None)}
    )

    found = _tablespaces(evidence)

    assert found.status is CheckStatus.FAILED
    assert found.summary == "shop/orders.ibd begins with zeros instead of its first page"


@pytest.mark.parametrize(("name", "space_id"), [("shop/orders.ibd", 31), ("ibdata1", 31)])
def test_file_of_another_tablespace_is_found(name: str, space_id: int) -> None:
    evidence = with_prepared(good_evidence(), files={name: FileEntry(size_bytes=99 * MEBIBYTE, space_id=space_id)})

    found = _tablespaces(evidence)

    assert found.status is CheckStatus.FAILED
    assert f"{name} holds tablespace 31" in found.summary


def test_tablespace_under_another_name_is_found() -> None:
    evidence = with_prepared(
        good_evidence(),
        without=("shop/orders.ibd",),
        files={"shop/other.ibd": FileEntry(size_bytes=99 * MEBIBYTE, space_id=5)},
    )

    assert "its tablespace 5 is in shop/other.ibd" in _tablespaces(evidence).summary


def test_tablespace_that_was_dropped_or_made_meanwhile_is_not_asked_for() -> None:
    evidence = good_evidence()
    dropped = Tablespace(space_id=90, name="shop/dropped", size_bytes=1)
    made = Tablespace(space_id=91, name="shop/made", size_bytes=1)
    rebuilt_before = Tablespace(space_id=92, name="shop/rebuilt", size_bytes=1)
    rebuilt_after = Tablespace(space_id=93, name="shop/rebuilt", size_bytes=1)
    known = evidence.before.tablespaces

    found = _tablespaces(_with_tablespaces(evidence, (*known, dropped, rebuilt_before), (*known, made, rebuilt_after)))

    assert found.status is CheckStatus.PASSED


def test_tablespace_discarded_meanwhile_is_not_asked_for() -> None:
    before = Tablespace(space_id=9, name="shop/x", size_bytes=1)

    assert stayed_tablespaces((before,), (replace(before, discarded=True),)) == ()


@pytest.mark.parametrize(
    "files", [{}, {"shop/unopened.ibd": FileEntry(size_bytes=MEBIBYTE, space_id=31)}], ids=["missing", "another"]
)
def test_tablespace_that_is_discarded_or_unopened_and_missing_makes_the_backup_suspect(
    files: dict[str, FileEntry],
) -> None:
    evidence = with_prepared(good_evidence(), without=("shop/unopened.ibd",), files=files)

    found = answer(evidence, "unopened_present", Stage.PREPARE)

    assert found.status is CheckStatus.WARNING
    assert "shop/unopened.ibd" in found.summary


def test_mysql_knows_which_tablespaces_are_discarded() -> None:
    assert "unopened_present" not in {result.name for result in evaluate(good_evidence(Vendor.MYSQL), Stage.PREPARE)}


def test_file_that_the_server_shrank_itself_is_whole() -> None:
    evidence = good_evidence()
    known = evidence.before.tablespaces
    shrunk = tuple(replace(one, size_bytes=10 * MEBIBYTE) if one.space_id == 5 else one for one in known)
    evidence = with_prepared(evidence, files={"shop/orders.ibd": FileEntry(size_bytes=10 * MEBIBYTE, space_id=5)})

    assert _tablespaces(_with_tablespaces(evidence, known, shrunk)).status is CheckStatus.PASSED


def test_undo_tablespace_may_be_renumbered_and_truncated_by_prepare() -> None:
    evidence = with_prepared(
        good_evidence(Vendor.MYSQL), files={"undo_001": FileEntry(size_bytes=1, space_id=4294967278)}
    )

    assert _tablespaces(evidence).status is CheckStatus.PASSED


def test_general_tablespace_is_found_by_its_id_wherever_the_engine_put_it() -> None:
    evidence = good_evidence()
    general = Tablespace(
        space_id=77, name="ts1", size_bytes=1, kind=TablespaceKind.GENERAL, path="/ext/elsewhere/first.ibd"
    )
    known = (*evidence.before.tablespaces, general)
    evidence = with_prepared(evidence, files={"somewhere/ts.ibd": FileEntry(size_bytes=1, space_id=77)})

    assert _tablespaces(_with_tablespaces(evidence, known, known)).status is CheckStatus.PASSED


def test_external_table_is_found_in_its_schemas_directory() -> None:
    evidence = good_evidence()
    external = Tablespace(space_id=77, name="shop/ext", size_bytes=1, path="/ext/shop/ext.ibd")
    known = (*evidence.before.tablespaces, external)
    evidence = with_prepared(
        evidence,
        files={"shop/ext.ibd": FileEntry(size_bytes=1, space_id=77), "shop/ext.frm": FileEntry(size_bytes=1)},
    )

    assert _tablespaces(_with_tablespaces(evidence, known, known)).status is CheckStatus.PASSED


def test_server_that_lists_no_tablespace_is_not_believed() -> None:
    assert _tablespaces(_with_tablespaces(good_evidence(), (), ())).status is CheckStatus.FAILED


def test_many_problems_are_shortened() -> None:
    evidence = good_evidence()
    gone = tuple(Tablespace(space_id=100 + n, name=f"shop/t{n}", size_bytes=1) for n in range(9))
    known = (*evidence.before.tablespaces, *gone)

    assert _tablespaces(_with_tablespaces(evidence, known, known)).summary.endswith(" and 4 more")


@pytest.mark.parametrize(
    "name",
    ["shop/notes.MYD", "shop/notes.MYI", "mysql/db.MAD", "mysql/db.MAI", "shop/log.ARZ", "mysql/general_log.CSV"],
)
def test_file_of_another_engine_left_out_is_found(name: str) -> None:
    found = answer(with_prepared(good_evidence(), without=(name,)), "other_tables_present", Stage.PREPARE)

    assert found.status is CheckStatus.FAILED
    assert found.summary.startswith(f"{name} is missing")


def test_definition_of_a_table_without_files_left_out_is_found() -> None:
    evidence = with_prepared(good_evidence(), without=("shop/scratch.frm",))

    assert answer(evidence, "other_tables_present", Stage.PREPARE).status is CheckStatus.FAILED


@pytest.mark.parametrize(
    ("present", "status"), [((".MYD", ".MYI"), CheckStatus.PASSED), ((".MYI",), CheckStatus.FAILED)]
)
def test_each_partition_has_files_and_the_table_one_definition(present: tuple[str, ...], status: CheckStatus) -> None:
    evidence = good_evidence()
    assert evidence.after is not None
    tables = (EngineTable(schema="shop", table="notes", engine="MyISAM", file_stem="shop/notes#P#p0"),)
    evidence = replace(
        with_prepared(evidence, files={f"shop/notes#P#p0{suffix}": FileEntry(size_bytes=1) for suffix in present}),
        before=replace(evidence.before, other_tables=tables),
        after=replace(evidence.after, other_tables=tables),
    )

    assert answer(evidence, "other_tables_present", Stage.PREPARE).status is status


def test_table_dropped_meanwhile_is_not_asked_for() -> None:
    evidence = good_evidence()
    dropped = EngineTable(schema="shop", table="gone", engine="MyISAM", file_stem="shop/gone")
    before = replace(evidence.before, other_tables=(*evidence.before.other_tables, dropped))

    found = answer(replace(evidence, before=before), "other_tables_present", Stage.PREPARE)

    assert found.status is CheckStatus.PASSED


def test_mysql_needs_no_definition_files() -> None:
    evidence = good_evidence(Vendor.MYSQL)
    assert evidence.after is not None
    tables = (EngineTable(schema="shop", table="m", engine="MEMORY", file_stem="shop/m"),)
    evidence = replace(
        evidence,
        before=replace(evidence.before, other_tables=tables),
        after=replace(evidence.after, other_tables=tables),
    )

    assert answer(evidence, "other_tables_present", Stage.PREPARE).status is CheckStatus.PASSED
    assert "definitions_present" not in {result.name for result in evaluate(evidence, Stage.PREPARE)}


@pytest.mark.parametrize("name", ["shop/orders.frm", "shop/clients.frm"])
def test_definition_of_an_innodb_table_left_out_is_found(name: str) -> None:
    found = answer(with_prepared(good_evidence(), without=(name,)), "definitions_present", Stage.PREPARE)

    assert found.status is CheckStatus.FAILED
    assert found.summary == f"{name} is missing"


def test_fulltext_index_tables_have_no_definition() -> None:
    evidence = good_evidence()
    index = Tablespace(space_id=50, name="shop/FTS_0000000000000015_BEING_DELETED", size_bytes=1)
    known = (*evidence.before.tablespaces, index)

    found = answer(_with_tablespaces(evidence, known, known), "definitions_present", Stage.PREPARE)

    assert found.status is CheckStatus.PASSED
