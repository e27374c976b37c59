"""Which databases tests of a backup look at."""

from __future__ import annotations

from octeth_backupd.domain.setup.databases import database_problem, parse_databases, proposed_databases


def test_octeths_database_is_proposed_alone() -> None:
    assert proposed_databases(("a", "oempro")) == ("oempro",)


def test_few_are_all_proposed_and_many_are_not_named() -> None:
    assert proposed_databases(("a", "b")) == ("a", "b")
    assert proposed_databases(tuple(f"d{number}" for number in range(50))) == ()


def test_list_is_taken_as_people_write_it() -> None:
    assert parse_databases(" a, b,,a ") == ("a", "b")
    assert parse_databases("") == ()


def test_database_that_is_not_there_is_named_with_those_that_are() -> None:
    assert database_problem(("a",), ("a", "b")) == ""
    assert "no database x" in database_problem(("x",), ("a", "b"))
    assert "a, b" in database_problem(("x",), ("a", "b"))
