"""A journal that cannot be read keeps off what might meet an unfinished restore, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.backup import Operation, RunStatus
from octeth_backupd.errors import PreflightError
from octeth_backupd.pipeline.restore.obstacles import unresolved_restore
from octeth_backupd.pipeline.restore.unreadable import backups_blocked, require_readable, unreadable_warnings
from tests.fakes.runs import a_run

if TYPE_CHECKING:
    from octeth_backupd.pipeline.parts import Parts
    from tests.fakes.bench import Bench

RUN = "20261122-120000-abcdef"


@pytest.fixture
def parts(bench: Bench) -> Parts:
    """Return parts with one journal that is no JSON."""
    parts = bench.parts()
    parts.journals.directory.mkdir()
    parts.journals.path(RUN).write_text("{")
    return parts


def known(bench: Bench, status: RunStatus, *, server: str = "oempro") -> None:
    bench.catalog.add_run(replace(a_run(), run_id=RUN, server=server, operation=Operation.RESTORE, status=status))


@pytest.mark.parametrize("status", [RunStatus.INTERRUPTED, RunStatus.FAILED, RunStatus.RUNNING])
def test_the_server_of_its_run_has_neither_backups_nor_restores(bench: Bench, parts: Parts, status: RunStatus) -> None:
    known(bench, status)

    assert RUN in backups_blocked(parts, "oempro")
    [refusal] = unresolved_restore(parts, "oempro", run_id="another")
    assert refusal.code == "unreadable_journal"
    assert f"mv {parts.journals.path(RUN)}" in refusal.hint
    with pytest.raises(PreflightError, match=RUN):
        require_readable(parts, "oempro")
    [warning] = unreadable_warnings(parts)
    assert "backups and restores of oempro are refused" in warning


def test_other_servers_are_not_concerned(bench: Bench, parts: Parts) -> None:
    known(bench, RunStatus.INTERRUPTED, server="shop")

    assert backups_blocked(parts, "oempro") == ""
    assert unresolved_restore(parts, "oempro", run_id="another") == ()
    require_readable(parts, "oempro")


def test_one_of_a_run_that_nobody_knows_keeps_every_restore_off_and_no_backup(parts: Parts) -> None:
    assert [each.code for each in unresolved_restore(parts, "oempro", run_id="another")] == ["unreadable_journal"]
    assert backups_blocked(parts, "oempro") == ""
    [warning] = unreadable_warnings(parts)
    assert "restores of all servers are refused" in warning


def test_one_of_a_restore_that_had_succeeded_keeps_nothing_off(bench: Bench, parts: Parts) -> None:
    known(bench, RunStatus.SUCCESS)

    assert unresolved_restore(parts, "oempro", run_id="another") == ()
    assert backups_blocked(parts, "oempro") == ""
    [warning] = unreadable_warnings(parts)
    assert "safety copy" in warning


def test_one_that_was_moved_away_as_advised_is_not_spoken_of(parts: Parts) -> None:
    path = parts.journals.path(RUN)
    path.rename(f"{path}.unreadable")

    assert unreadable_warnings(parts) == ()
    assert parts.journals.ids() == frozenset()
