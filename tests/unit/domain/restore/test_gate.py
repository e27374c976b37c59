from __future__ import annotations

import pytest

from octeth_backupd.domain.restore.gate import corruption_lines, judge_tables


def test_same_tables_are_in_order() -> None:
    verdict = judge_tables({"shop": 3, "empty": 0}, {"shop": 3, "empty": 0, "mysql": 38})

    assert (verdict.problems, verdict.notes) == ((), ())


def test_missing_table_and_missing_database_are_problems() -> None:
    verdict = judge_tables({"shop": 3, "mail": 0}, {"shop": 2})

    assert verdict.problems == ("database mail is missing", "database shop has 2 of 3 tables")


def test_table_that_an_application_was_quick_to_make_is_a_note() -> None:
    verdict = judge_tables({"shop": 3}, {"shop": 4})

    assert verdict.problems == ()
    assert verdict.notes == ("database shop has 4 tables, 3 in the rehearsal",)


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-22T02:00:00.1Z 0 [ERROR] [MY-012224] [InnoDB] Database page corruption on disk or a failed file read",
        "2026-11-22  2:00:00 0 [ERROR] InnoDB: Page [page id: space=0, page number=5] log sequence number 77 is in the "
        "future! Current system log sequence number 5.",
        "2026-11-22  2:00:00 5 [ERROR] mariadbd: Table './shop/t' is marked as crashed and should be repaired",
        "2026-11-22T02:00:00Z 0 [ERROR] [MY-013183] [InnoDB] Assertion failure: fil0fil.cc:2481",
        "2026-11-22T02:00:00Z UTC - mysqld got signal 11 ;",
        "2026-11-22T02:00:00Z 1 [ERROR] [MY-012592] [InnoDB] Cannot open datafile for read-only: './shop/t.ibd'",
        "2026-11-22T02:00:00Z 1 [Warning] [MY-012351] [InnoDB] Tablespace 7, name 'shop/t' is missing!",
    ],
)
def test_line_about_damaged_data_is_found(line: str) -> None:
    assert corruption_lines(["[Note] ready for connections", line]) == (line,)


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-22  2:00:00 0 [Note] InnoDB: Checksums are verified, corrupt pages would be reported",
        "2026-11-22  2:00:00 0 [ERROR] Invalid (old?) table or database name '.octeth-20261122-corrupt'",
        "2026-11-22T02:00:00Z 0 [Warning] [MY-010068] [Server] CA certificate ca.pem is self signed.",
        "2026-11-22T02:00:00Z 0 [System] [MY-010931] [Server] mysqld: ready for connections.",
        "2026-11-22T02:00:00Z 0 [ERROR] [MY-010584] [Repl] Replica SQL: could not initialize connection metadata",
    ],
)
def test_line_about_something_else_is_not(line: str) -> None:
    assert corruption_lines([line]) == ()


def test_flood_of_lines_is_cut() -> None:
    assert len(corruption_lines(["[ERROR] InnoDB: page corruption"] * 1000)) == 20
