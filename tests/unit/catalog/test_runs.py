"""Runs and their steps."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.backup import RunStatus, Tier, Trigger
from octeth_backupd.errors import CatalogError, NotFoundError
from tests.fakes.catalog_values import START, make_run, make_step

if TYPE_CHECKING:
    from octeth_backupd.catalog.store import Catalog

MINUTE = timedelta(minutes=1)


def test_run_comes_back_as_it_went_in(catalog: Catalog) -> None:
    run = make_run(
        tiers=frozenset({Tier.DAILY, Tier.MONTHLY}),
        trigger=Trigger.CATCH_UP,
        status=RunStatus.FAILED,
        requested_by="uid 0 (root)",
        started_at=START + MINUTE,
        finished_at=START + 2 * MINUTE,
        step="prepare",
        error_code="engine",
        error="it said: “no”",
        hint="Look at it.",
        detail={"warnings": ["a", "b"], "rate": 1.5, "nothing": None},
    )

    catalog.add_run(run)

    assert catalog.run(run.run_id) == run


def test_run_id_is_taken_once(catalog: Catalog) -> None:
    catalog.add_run(make_run())

    with pytest.raises(CatalogError, match=r"runs\.run_id"):
        catalog.add_run(make_run())


def test_runs_are_listed_newest_first_and_page_by_page(catalog: Catalog) -> None:
    for i in range(7):
        catalog.add_run(make_run(f"run-{i}", START + (i // 2) * MINUTE))  # some share their time

    pages = [catalog.runs(limit=3)]
    while len(pages[-1]) == 3:
        pages.append(catalog.runs(limit=3, before=pages[-1][-1].run_id))

    assert [run.run_id for page in pages for run in page] == [f"run-{i}" for i in reversed(range(7))]


def test_runs_are_filtered_by_server_and_status(catalog: Catalog) -> None:
    catalog.add_run(make_run("run-1", server="oempro", status=RunStatus.SUCCESS))
    catalog.add_run(make_run("run-2", server="other", status=RunStatus.SUCCESS))
    catalog.add_run(make_run("run-3", server="oempro", status=RunStatus.FAILED))

    found = catalog.runs(server="oempro", status=RunStatus.SUCCESS)

    assert [run.run_id for run in found] == ["run-1"]


def test_page_before_a_run_that_is_none_is_refused(catalog: Catalog) -> None:
    with pytest.raises(NotFoundError):
        catalog.runs(before="absent")


def test_unfinished_runs_are_those_queued_or_running_oldest_first(catalog: Catalog) -> None:
    for i, status in enumerate(reversed(RunStatus)):
        catalog.add_run(make_run(f"run-{i}-{status}", START + i * MINUTE, status=status))

    assert [run.status for run in catalog.unfinished_runs()] == [RunStatus.RUNNING, RunStatus.QUEUED]


def test_update_changes_what_it_names_and_nothing_else(catalog: Catalog) -> None:
    catalog.add_run(make_run())

    updated = catalog.update_run("run-1", status=RunStatus.RUNNING, started_at=START + MINUTE, detail={"pid": 7})

    assert updated == replace(make_run(), status=RunStatus.RUNNING, started_at=START + MINUTE, detail={"pid": 7})
    assert catalog.run("run-1") == updated


def test_update_of_nothing_returns_the_run(catalog: Catalog) -> None:
    catalog.add_run(make_run())

    assert catalog.update_run("run-1") == make_run()


@pytest.mark.parametrize("name", ["run_id", "colour"])
def test_update_refuses_what_cannot_change(catalog: Catalog, name: str) -> None:
    catalog.add_run(make_run())

    with pytest.raises(TypeError, match=name):
        catalog.update_run("run-1", **{name: "x"})


def test_update_of_a_run_that_is_none_is_refused(catalog: Catalog) -> None:
    with pytest.raises(NotFoundError):
        catalog.update_run("absent", step="prepare")


def test_steps_come_back_by_position(catalog: Catalog) -> None:
    catalog.add_run(make_run())
    second = make_step(position=2, name="backup", detail={"bytes": 5})
    first = make_step(position=1)
    catalog.add_step(second)
    catalog.add_step(first)

    assert catalog.steps("run-1") == [first, second]


def test_finished_step_says_when_and_how(catalog: Catalog) -> None:
    catalog.add_run(make_run())
    catalog.add_step(make_step())

    catalog.finish_step("run-1", 1, RunStatus.FAILED, START + MINUTE, {"error": "no space"})

    assert catalog.steps("run-1") == [
        replace(make_step(), status=RunStatus.FAILED, finished_at=START + MINUTE, detail={"error": "no space"})
    ]


def test_step_of_no_run_is_refused(catalog: Catalog) -> None:
    with pytest.raises(CatalogError, match="FOREIGN KEY"):
        catalog.add_step(make_step())


def test_finishing_a_step_that_is_none_is_refused(catalog: Catalog) -> None:
    catalog.add_run(make_run())

    with pytest.raises(NotFoundError, match="no step 4"):
        catalog.finish_step("run-1", 4, RunStatus.SUCCESS, START, {})
