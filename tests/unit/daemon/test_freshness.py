"""Freshness, asked of the catalog."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.daemon.freshness import freshness_of
from octeth_backupd.domain.backup import CopyState, Operation, RunStatus
from octeth_backupd.domain.freshness import Requirements, Verdict
from octeth_backupd.errors import InvalidRequestError
from tests.fakes.catalog_values import make_backup, make_run
from tests.fakes.installation import INSTALLATION

if TYPE_CHECKING:
    from tests.fakes.bench import Bench


def test_the_newest_backup_of_the_catalog_is_judged(bench: Bench) -> None:
    backup = make_backup(taken_at=bench.clock.now(), installation_id=INSTALLATION)
    bench.catalog.add_backup(backup)

    [found] = freshness_of(["oempro"], Requirements(), parts=bench.parts(), clock=bench.clock)

    assert found.backup is not None
    assert (found.verdict, found.backup.backup_id, found.age_seconds) == (Verdict.OK, backup.backup_id, 0.0)


def test_the_last_backup_run_counts_and_not_what_the_daemon_did_since(bench: Bench) -> None:
    bench.catalog.add_backup(make_backup(taken_at=bench.clock.now(), installation_id=INSTALLATION))
    now = bench.clock.now()
    bench.catalog.add_run(make_run("run-1", now, status=RunStatus.FAILED, error="no space"))
    bench.catalog.add_run(make_run("run-2", now, status=RunStatus.SKIPPED))
    bench.catalog.add_run(make_run("run-3", now, status=RunStatus.SUCCESS, operation=Operation.UPLOAD))

    [found] = freshness_of(["oempro"], Requirements(), parts=bench.parts(), clock=bench.clock)

    assert (found.verdict, found.problems) == (Verdict.WARNING, ("the last backup run failed: no space",))


@pytest.mark.parametrize("status", [RunStatus.FAILED, RunStatus.INTERRUPTED])
def test_a_cancelled_run_takes_no_warning_of_the_run_before_it_away(bench: Bench, status: RunStatus) -> None:
    now = bench.clock.now()
    bench.catalog.add_backup(make_backup(taken_at=now, installation_id=INSTALLATION))
    bench.catalog.add_run(make_run("run-1", now, status=status, error="no space"))
    bench.catalog.add_run(make_run("run-2", now, status=RunStatus.CANCELLED))

    [found] = freshness_of(["oempro"], Requirements(), parts=bench.parts(), clock=bench.clock)

    assert found.verdict is Verdict.WARNING


def test_what_lies_only_where_nothing_is_configured_any_more_is_no_backup(bench: Bench) -> None:
    there = {"old-s3": CopyState.PRESENT}
    bench.catalog.add_backup(make_backup(taken_at=bench.clock.now(), installation_id=INSTALLATION, copies=there))

    [found] = freshness_of(["oempro"], Requirements(), parts=bench.parts(), clock=bench.clock)

    assert (found.verdict, found.backup) == (Verdict.CRITICAL, None)


def test_a_run_that_is_dated_in_the_future_hides_no_failure(bench: Bench) -> None:
    now = bench.clock.now()
    bench.catalog.add_backup(make_backup(taken_at=now, installation_id=INSTALLATION))
    bench.catalog.add_run(make_run("run-1", now, status=RunStatus.FAILED, error="no space"))
    bench.catalog.add_run(make_run("run-2", now + timedelta(days=1000), status=RunStatus.SUCCESS))

    [found] = freshness_of(["oempro"], Requirements(), parts=bench.parts(), clock=bench.clock)

    assert found.problems == ("the last backup run failed: no space",)


def test_a_storage_that_is_not_configured_is_no_answer(bench: Bench) -> None:
    with pytest.raises(InvalidRequestError, match="no storage 'tape'"):
        freshness_of(["oempro"], Requirements(storage="tape"), parts=bench.parts(), clock=bench.clock)
